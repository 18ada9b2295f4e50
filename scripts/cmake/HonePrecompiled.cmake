# Headers that most sources include and that take longest to read, precompiled: once for each kind of target, since libraries are
# position-independent code and programs are not. Sources still include what they use: scripts/lint.sh reads them without.
set(HONE_PRECOMPILED_STANDARD
    <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <filesystem> <fstream> <functional> <map> <memory> <mutex>
    <optional> <random> <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
    <fmt/format.h> <nlohmann/json.hpp>)
set(HONE_PRECOMPILED_WINDOW
    <QAbstractItemView> <QAbstractTableModel> <QApplication> <QBoxLayout> <QCheckBox> <QComboBox> <QFileInfo> <QGridLayout>
    <QHeaderView> <QKeyEvent> <QLabel> <QLineEdit> <QLocale> <QMenu> <QPainter> <QPushButton> <QScrollArea> <QSettings>
    <QSortFilterProxyModel> <QSpinBox> <QStringList> <QStyledItemDelegate> <QTableView> <QTimer> <QToolButton>)

# hone_precompiled_kind(NAME library|program HEADERS header… LINKS target…)
function(hone_precompiled_kind name form)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINKS" ${ARGN})
  set(source ${PROJECT_BINARY_DIR}/precompiled/${name}.cpp)
  if(NOT EXISTS ${source})
    file(WRITE ${source} "int main() { return 0; }\n")
  endif()
  if(form STREQUAL "library")
    add_library(hone_precompiled_${name} STATIC EXCLUDE_FROM_ALL ${source})
  else()
    add_executable(hone_precompiled_${name} EXCLUDE_FROM_ALL ${source})
  endif()
  target_link_libraries(hone_precompiled_${name} PRIVATE hone_options fmt::fmt nlohmann_json::nlohmann_json ${ARG_LINKS})
  target_precompile_headers(hone_precompiled_${name} PRIVATE ${HONE_PRECOMPILED_STANDARD} ${ARG_HEADERS})
endfunction()
hone_precompiled_kind(library library)
hone_precompiled_kind(program program)
if(HONE_TESTS)
  hone_precompiled_kind(test program HEADERS <gtest/gtest.h> <gmock/gmock.h> LINKS GTest::gtest GTest::gmock)
endif()
if(HONE_UI)
  hone_precompiled_kind(window library HEADERS ${HONE_PRECOMPILED_WINDOW} LINKS Qt6::Widgets)
  hone_precompiled_kind(window_program program HEADERS ${HONE_PRECOMPILED_WINDOW} LINKS Qt6::Widgets)
  hone_precompiled_kind(chart library HEADERS ${HONE_PRECOMPILED_WINDOW} <qcustomplot.h>
                        LINKS Qt6::Widgets Qt6::PrintSupport Qt6::Svg QCustomPlotQt6::QCustomPlotQt6)
endif()

# hone_precompiled(NAME KIND): NAME's sources start with KIND's headers, and with what those were compiled for, which GCC holds to be the same.
# Kernels and their tests are left alone: they are compiled for instruction sets and at a level of optimisation of their own, and include little.
function(hone_precompiled name kind)
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${PROJECT_SOURCE_DIR}/(tests/)?(kernels|profiler/cupti)" OR CMAKE_DISABLE_PRECOMPILE_HEADERS)
    return()
  endif()
  target_precompile_headers(${name} REUSE_FROM hone_precompiled_${kind})
  set(links fmt::fmt)
  if(kind MATCHES "^(window|chart)")
    list(APPEND links Qt6::Core Qt6::Gui Qt6::Widgets)
  endif()
  if(kind STREQUAL "chart")
    list(APPEND links Qt6::PrintSupport Qt6::Svg)
  endif()
  foreach(link IN LISTS links)
    target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:${link},INTERFACE_COMPILE_DEFINITIONS>)
  endforeach()
endfunction()
