// SPDX-License-Identifier: Apache-2.0
// Planned memory against what the executor of a CUDA device allocates, to the byte.
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "kernels/cuda/emulation/emulated_plugin.h"
#include "tests/kernels/cuda/planned_device.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/runtime/planned_runs.h"

namespace hone {
namespace {

// The executor's allocations do not depend on what is computed: the device that computes nothing
// takes as many cases as there are.
TEST(CudaMemoryPlan, IsWhatADeviceAllocates) {
    cuda::Device device(cuda::planned_plugin(), 0);
    CudaPlace place(device);
    kernels::ThreadPool pool(1);
    for (const auto& [family, model] : planned_models()) {
        for (auto [name, run] : planned_runs()) {
            for (const PlannedLength& length : kPlannedLengths) {
                SCOPED_TRACE(family + ", " + name + ", " + std::to_string(length.prompt));
                RunSizes sizes = sizes_of(run, length);
                Runtime runtime(*model, run, pool, static_cast<int>(sizes.sequences), sizes.context,
                                place, {});
                generate(runtime, length);
                cuda::planned() = {};
                const MemoryByClass planned =
                    place.plan_memory(model->checkpoint, model->config, run, sizes);
                const MemoryByClass is = runtime.peak_memory();
                for (const MemoryClass which : kPlannedClasses)
                    EXPECT_EQ(planned[which], is[which]) << memory_class_id(which);
            }
        }
    }
}

// What is planned fits, and nothing less does.
TEST(CudaMemoryPlan, IsTheLeastThatARunFitsInto) {
    if (&cuda::tested_plugin() != &cuda::emulation::emulated_plugin())
        GTEST_SKIP() << "only the emulation's memory can be limited";
    const std::unique_ptr<Model> model = tiny_model();
    kernels::ThreadPool pool(1);
    RunConfig run;
    run.batch_size = 2;
    const PlannedLength length{20, 3};
    cuda::Device device(cuda::tested_plugin(), 0);
    CudaPlace place(device);
    RunSizes sizes = sizes_of(run, length);
    const std::int64_t needed =
        place.plan_memory(model->checkpoint, model->config, run, sizes).total();
    const auto fits = [&](std::int64_t bytes) {
        cuda::emulation::limit_memory(bytes);
        try {
            Runtime runtime(*model, run, pool, 2, sizes.context, place, {});
            generate(runtime, length);
            return true;
        } catch (const OutOfMemory&) {
            return false;
        }
    };
    EXPECT_TRUE(fits(needed));
    EXPECT_FALSE(fits(needed - 1));
    cuda::emulation::limit_memory(0);
}

}  // namespace
}  // namespace hone
