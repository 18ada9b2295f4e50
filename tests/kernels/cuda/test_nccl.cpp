// SPDX-License-Identifier: Apache-2.0
// NCCL as the plug-in finds it: a library that answers as it is told, none at all, and the plug-in
// itself where it was built.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "kernels/cuda/device.h"
#include "kernels/cuda/emulation/emulated_plugin.h"
#include "kernels/cuda/plugin/nccl.h"
#include "profiler/cupti/library_search.h"

namespace hone::cuda {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Nccl : public testing::Test {
public:
    ~Nccl() override {
        for (const char* const name :
             {"HONE_NCCL_LIBRARY", "FAKE_NCCL_VERSION", "FAKE_NCCL_STATUS"})
            unsetenv(name);
    }

protected:
    Nccl() { set("HONE_NCCL_LIBRARY", HONE_FAKE_NCCL); }
    static void set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
    static LibraryFacts found() {
        LibraryFacts facts;
        find_nccl("", facts);
        return facts;
    }
};

TEST_F(Nccl, SaysItsVersionInBothForms) {
    EXPECT_STREQ(found().version, "2.28.9");
    EXPECT_STREQ(found().problem, "");
    set("FAKE_NCCL_VERSION", "2804");
    EXPECT_STREQ(found().version, "2.8.4");
}

TEST_F(Nccl, SaysWhyThereIsNone) {
    set("HONE_NCCL_LIBRARY", "/nowhere/libnccl.so.2");
    EXPECT_THAT(found().problem, HasSubstr("cannot be loaded (/nowhere/libnccl.so.2"));
    EXPECT_STREQ(found().version, "");
    set("HONE_NCCL_LIBRARY", "libm.so.6");
    EXPECT_THAT(found().problem, HasSubstr("does not say its version"));
    set("HONE_NCCL_LIBRARY", HONE_FAKE_NCCL);
    set("FAKE_NCCL_STATUS", "3");
    EXPECT_THAT(found().problem, HasSubstr("does not say its version"));
}

TEST_F(Nccl, IsSoughtBesideTheToolkitsLibrariesAndInThePackageBesideThem) {
    for (const char* const name :
         {"HONE_NCCL_LIBRARY", "HONE_CUPTI_LIBRARY", "CUDA_HOME", "CUDA_PATH"})
        unsetenv(name);
    EXPECT_THAT(profiler::library_candidates("HONE_CUPTI_LIBRARY", "libcupti.so.13", ""),
                ElementsAre("libcupti.so.13", "/usr/local/cuda/lib64/libcupti.so.13"));
    std::string problem;
    EXPECT_NE(profiler::open_library({"/nowhere/libnccl.so.2", HONE_FAKE_NCCL}, problem), nullptr);
}

TEST_F(Nccl, IsAskedForThroughThePlugin) {
    PluginLoad load;
    EXPECT_STREQ(find_nccl(load).problem, "") << "without a plug-in there is nothing to say";
    load.table = &emulation::emulated_plugin();
    EXPECT_STREQ(find_nccl(load).problem, "the emulated device has no NCCL");
    const std::filesystem::path path = HONE_CUDA_PLUGIN_FILE;
    if (path.empty()) GTEST_SKIP() << "built without a CUDA toolkit";
    EXPECT_STREQ(find_nccl(load_plugin(path)).version, "2.28.9") << load_plugin(path).problem;
}

}  // namespace
}  // namespace hone::cuda
