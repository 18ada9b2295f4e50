// SPDX-License-Identifier: Apache-2.0
// Planned memory against what the processor's executor allocates, to the byte.
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/runtime/cpu_place.h"
#include "engine/runtime/cpu_shapes.h"
#include "engine/runtime/memory_plan.h"
#include "tests/runtime/planned_runs.h"

namespace hone {
namespace {

// Arithmetic that this machine has not, runs as fp32: the plan says so, too.
TEST(MemoryPlan, IsWhatAProcessorAllocates) {
    kernels::ThreadPool pool(1);
    for (const auto& [family, model] : planned_models()) {
        for (const auto& [name, run] : planned_runs()) {
            for (const PlannedLength& length : kPlannedLengths) {
                SCOPED_TRACE(family + ", " + name + ", " + std::to_string(length.prompt));
                const RunSizes sizes = sizes_of(run, length);
                Runtime runtime(*model, run, pool, static_cast<int>(sizes.sequences),
                                sizes.context);
                generate(runtime, length);
                const MemoryByClass planned =
                    CpuPlace().plan_memory(model->checkpoint, model->config, run, sizes);
                const MemoryByClass is = runtime.memory();
                for (const MemoryClass which : kPlannedClasses)
                    EXPECT_EQ(planned[which], is[which]) << memory_class_id(which);
            }
        }
    }
}

TEST(MemoryPlan, IsTheMostThatSeveralThreadsAllocate) {
    kernels::ThreadPool pool(3);
    const auto models = planned_models();
    for (const auto& [name, run] : planned_runs()) {
        SCOPED_TRACE(name);
        RunSizes sizes = sizes_of(run, {150, 20});
        sizes.threads = pool.size();
        const Model& model = *models.at("int8 rows");
        Runtime runtime(model, run, pool, static_cast<int>(sizes.sequences), sizes.context);
        generate(runtime, {150, 20});
        const MemoryByClass planned =
            CpuPlace().plan_memory(model.checkpoint, model.config, run, sizes);
        const MemoryByClass is = runtime.memory();
        EXPECT_LE(is[MemoryClass::workspace], planned[MemoryClass::workspace]);
        EXPECT_EQ(is.total() - is[MemoryClass::workspace],
                  planned.total() - planned[MemoryClass::workspace]);
    }
}

// How many run together is learned while it runs; all that may is the plan.
TEST(MemoryPlan, IsTheMostThatAnAdaptiveBatchAllocates) {
    kernels::ThreadPool pool(1);
    const std::unique_ptr<Model> model = tiny_model();
    RunConfig run;
    run.batching = RunConfig::Batching::adaptive;
    run.batch_size = 4;
    const RunSizes sizes = sizes_of(run, {30, 40});
    Runtime runtime(*model, run, pool, 4, sizes.context);
    EXPECT_GT(generate(runtime, {30, 40}).largest_batch, 1);
    const MemoryByClass planned =
        CpuPlace().plan_memory(model->checkpoint, model->config, run, sizes);
    const MemoryByClass is = runtime.memory();
    for (const MemoryClass which : kPlannedClasses)
        EXPECT_LE(is[which], planned[which]) << memory_class_id(which);
}

// A window's logits are wanted many at once.
TEST(MemoryPlan, CountsAWindowThatIsScored) {
    kernels::ThreadPool pool(1);
    const std::unique_ptr<Model> model = tiny_model();
    for (const KvStorage storage : {KvStorage::f32, KvStorage::off}) {
        RunConfig run;
        run.kv_cache = storage;
        RunSizes sizes = sizes_of(run, {9, 4});
        sizes.context = sizes.window = 100;
        sizes.scored_together = storage == KvStorage::off ? 100 : 30;
        Runtime runtime(*model, run, pool, 1, sizes.context);
        generate(runtime, {9, 4});
        runtime.clear(0);
        const std::vector<TokenId> tokens(100, 65);
        const auto first = static_cast<std::size_t>(100 - sizes.scored_together);
        const SequenceInput unscored{0, std::span(tokens).first(first)},
            scored{0, std::span(tokens).subspan(first), true};
        if (first > 0) runtime.forward({&unscored, 1});
        runtime.forward({&scored, 1});
        const MemoryByClass planned =
            CpuPlace().plan_memory(model->checkpoint, model->config, run, sizes);
        const MemoryByClass is = runtime.memory();
        for (const MemoryClass which : kPlannedClasses) {
            EXPECT_GE(planned[which], is[which]) << memory_class_id(which);
            EXPECT_LE(planned[which], is[which] * 11 / 10) << memory_class_id(which);
        }
    }
}

TEST(MemoryPlan, NeedsNoData) {
    const std::unique_ptr<Model> model = tiny_model();
    Checkpoint shapes = model->checkpoint;
    for (StoredTensor& tensor : shapes.tensors) tensor.data = {};
    const RunSizes sizes = sizes_of({}, {150, 20});
    EXPECT_EQ(CpuPlace().plan_memory(shapes, model->config, {}, sizes).bytes,
              CpuPlace().plan_memory(model->checkpoint, model->config, {}, sizes).bytes);
}

// The widths come from walks of one and two rows; buffers are as large as longer passes use them.
TEST(ActivationWidths, AreThoseOfEveryPass) {
    const std::vector<TokenId> tokens(7);
    for (const auto& [family, model] : planned_models()) {
        SCOPED_TRACE(family);
        const RunConfig run;
        const ActivationWidths widths = cpu_activation_widths(model->config, *model, run);
        AddressedActivations memory;
        Pass pass;
        pass.add(tokens, 0, 7, nullptr, nullptr);
        CpuShapeOperations operations(model->config, *model, run, memory, pass, 3);
        walk_graph(model->config, *model, run, operations);
        for (std::size_t i = 0; i < kGraphBuffers; ++i) {
            const std::int64_t rows = 7 * widths.graph[i].row + 3 * widths.graph[i].slice_row;
            EXPECT_EQ(memory.used()[i], rows) << i;
            EXPECT_GT(rows, 0) << i;
        }
    }
}

TEST(AddressedActivations, RefuseMemoryThatNoBufferOfTheGraphHas) {
    AddressedActivations memory;
    const float elsewhere = 0;
    EXPECT_THROW(memory.use(&elsewhere, 1), Error);
    EXPECT_THROW(memory.use(memory.activations().mass.data(), 1), Error);
    memory.use(memory.activations().up.at(5), 3);
    EXPECT_EQ(memory.used()[7], 8);
}

}  // namespace
}  // namespace hone
