# Settings shared by every target, the packages, and the function that makes one static library a folder.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

find_program(HONE_CCACHE ccache)
if(HONE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths relative to the source folder let several checkouts share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${HONE_CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
if(HONE_TESTS)
  find_package(GTest REQUIRED)
endif()
if(HONE_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
if(HONE_UI)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets Svg Test PrintSupport)
  find_package(QCustomPlotQt6 REQUIRED)
endif()

add_library(hone_options INTERFACE)
target_include_directories(hone_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(hone_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bug 105651: "const char*" + std::string is said to overlap itself.
  target_compile_options(hone_options INTERFACE -Wno-restrict)
  # The same of strings and vectors that -O3 takes apart: with precompiled headers GCC says it of the library's own lines.
  target_compile_options(hone_options INTERFACE
    "$<$<CONFIG:Release>:-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds;-Wno-maybe-uninitialized>")
endif()
if(HONE_WERROR)
  target_compile_options(hone_options INTERFACE -Werror)
endif()
if(HONE_SANITIZE)
  target_compile_options(hone_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all)
  target_link_options(hone_options INTERFACE -fsanitize=address,undefined)
endif()

if(HONE_FUZZ)
  target_compile_options(hone_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Programs parse what strangers wrote: addresses are not fixed, nothing on the stack or heap runs, what the loader has filled in stays as it is,
# and a release checks copies and stack frames where the compiler can. tests/cmake reads the programs for it.
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
target_link_options(hone_options INTERFACE LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
set(HONE_RELEASE_CHECKS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
if(NOT HONE_SANITIZE)
  target_compile_options(hone_options INTERFACE $<$<CONFIG:Release>:$<$<COMPILE_LANGUAGE:CXX>:${HONE_RELEASE_CHECKS}>>)
endif()

include(HonePrecompiled)

# hone_library(NAME SOURCES file… [LINKS target…]): the static library of one folder. LINKS are public: the
# architecture test reads them against the dependency table.
function(hone_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC hone_options ${ARG_LINKS})
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/ui")
    # Pages and charts name their gaps and widths alike: each source is compiled by itself.
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/ui/charts$")
    hone_precompiled(${name} chart)
  elseif(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/ui")
    hone_precompiled(${name} window)
  else()
    hone_precompiled(${name} library)
  endif()
endfunction()

# Emulated kernels switch fibers all the time, which AddressSanitizer makes many times slower.
if(HONE_SANITIZE)
  set(HONE_TEST_TIMEOUT 2400)
else()
  set(HONE_TEST_TIMEOUT 600)
endif()

# Where each test program reports its cases: scripts/count_tests.py reads them.
set(HONE_TEST_RESULTS ${PROJECT_BINARY_DIR}/test-results)
file(MAKE_DIRECTORY ${HONE_TEST_RESULTS})

# hone_test(NAME SOURCES file… LINKS target…): one GoogleTest program and one ctest entry.
function(hone_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} hone_test_paths GTest::gtest_main GTest::gmock)
  hone_precompiled(${name} test)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1 --gtest_output=xml:${HONE_TEST_RESULTS}/${name}.xml)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${HONE_TEST_TIMEOUT})
endfunction()

# hone_ui_test(NAME SOURCES file… LINKS target…): one Qt Test program, run without a display.
function(hone_ui_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES AUTOMOC ON)
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} hone_test_paths Qt6::Widgets Qt6::Test)
  hone_precompiled(${name} window_program)
  add_test(NAME ${name} COMMAND ${name} -o ${HONE_TEST_RESULTS}/${name}.xml,junitxml -o -,txt)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${HONE_TEST_TIMEOUT} ENVIRONMENT
                       "QT_QPA_PLATFORM=offscreen;XDG_RUNTIME_DIR=/tmp;DBUS_SESSION_BUS_ADDRESS=disabled:")
endfunction()
