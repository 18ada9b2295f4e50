// SPDX-License-Identifier: Apache-2.0
// The plug-in itself, as far as a machine without a driver can tell: it loads, has this version,
// and says why there is no device.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "kernels/cuda/device.h"
#include "kernels/cuda/emulation/emulated_plugin.h"
#include "kernels/cuda/plugin/sticky.h"

namespace hone::cuda {
namespace {

TEST(CudaPlugin, LoadsAndSaysWhatDevicesThereAre) {
    // On a GPU the plug-in may have been carried there with the program.
    const std::filesystem::path path = std::getenv("HONE_TEST_CUDA") != nullptr
                                           ? plugin_path()
                                           : std::filesystem::path(HONE_CUDA_PLUGIN_FILE);
    if (path.empty()) GTEST_SKIP() << "built without a CUDA toolkit";
    const PluginLoad& plugin = load_plugin(path);
    ASSERT_NE(plugin.table, nullptr) << plugin.problem;
    EXPECT_EQ(plugin.table->version, kPluginVersion);
    const DeviceList list = list_devices(plugin);
    EXPECT_EQ(list.devices.empty(), !list.problem.empty()) << list.problem;
    for (const DeviceFacts& facts : list.devices) EXPECT_GE(facts.major, 7) << facts.name;
}

TEST(CudaPlugin, SaysWhyItCannotBeLoaded) {
    const std::filesystem::path absent = std::filesystem::path(testing::TempDir()) / "absent.so";
    EXPECT_NE(load_plugin(absent).problem.find("absent.so is not there"), std::string::npos);
    const std::filesystem::path text = std::filesystem::path(testing::TempDir()) / "text.so";
    std::ofstream(text) << "no library";
    const PluginLoad& load = load_plugin(text);
    EXPECT_EQ(load.table, nullptr);
    EXPECT_NE(load.problem.find("text.so"), std::string::npos) << load.problem;
    EXPECT_EQ(list_devices(load).problem, load.problem);
}

TEST(CudaPlugin, ListsTheEmulatedDevice) {
    PluginLoad load;
    load.table = &emulation::emulated_plugin();
    const DeviceList list = list_devices(load);
    ASSERT_EQ(list.devices.size(), 1u);
    EXPECT_STREQ(list.devices[0].name, "Emulated device");
    EXPECT_TRUE(list.problem.empty());
}

TEST(CudaErrors, ThirteenLoseTheContext) {
    EXPECT_TRUE(std::is_sorted(kStickyErrors.begin(), kStickyErrors.end()));
    for (const std::int32_t code : kStickyErrors) EXPECT_TRUE(is_sticky(code)) << code;
    constexpr std::int32_t kOutOfMemory = 2, kInvalidValue = 1, kNoDevice = 100, kUnknown = 999;
    for (const std::int32_t code : {0, kInvalidValue, kOutOfMemory, kNoDevice, kUnknown})
        EXPECT_FALSE(is_sticky(code)) << code;
}

}  // namespace
}  // namespace hone::cuda
