// SPDX-License-Identifier: Apache-2.0
// What the graph says it would cost, against what a traced run of the same passes records.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <utility>

#include "engine/formats/synthetic.h"
#include "engine/runtime/cost_operations.h"
#include "engine/runtime/graph.h"
#include "engine/runtime/runtime.h"
#include "profiler/trace/recorder.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

using profiler::Operation;

// Bytes, FLOPs and how many, by operation.
using Sums = std::map<Operation, std::array<std::int64_t, 3>>;

void add(Sums& sums, Operation operation, std::int64_t bytes, std::int64_t flops) {
    auto& sum = sums[operation];
    sum[0] += bytes;
    sum[1] += flops;
    sum[2] += 1;
}

const std::vector<TokenId> kPrompt{1, 5, 9, 30, 31, 32, 7, 11, 12, 13}, kNext{4};

Sums recorded(const Model& model, const RunConfig& run) {
    kernels::ThreadPool pool(2);
    Runtime runtime(model, run, pool, 1, 32);
    profiler::TraceRecorder recorder(10'000);
    runtime.trace(&recorder);
    for (const std::vector<TokenId>* tokens : {&kPrompt, &kNext}) {
        const SequenceInput input{0, *tokens};
        runtime.forward({&input, 1});
    }
    Sums sums;
    for (const profiler::TraceEvent& event : recorder.take().events)
        if (event.bytes > 0)  // without a cache there is nothing to remember
            add(sums, event.operation, event.bytes, event.flops);
    return sums;
}

Sums foreseen(const Checkpoint& checkpoint, const RunConfig& run) {
    const ModelConfig config = read_config(checkpoint);
    const BoundWeights weights = bind_weights(checkpoint, config.n_layers);
    Activations nothing({});
    std::vector<TokenId> all = kPrompt;
    all.insert(all.end(), kNext.begin(), kNext.end());
    Sums sums;
    const CostOperations::Sink sink = [&](const CostedOperation& operation) {
        add(sums, operation.kind, operation.cost.bytes, operation.cost.flops);
    };
    for (const bool prompt : {true, false}) {
        Pass pass;
        if (prompt)
            pass.add(kPrompt, 0, 1, nullptr, nullptr);
        else if (run.kv_cache == KvStorage::off)
            pass.add(all, 0, 1, nullptr, nullptr);
        else
            pass.add(kNext, std::ssize(kPrompt), 1, nullptr, nullptr);
        CostOperations operations(config, weights, run, nothing, pass, sink);
        operations.embed(*weights.token_embd);
        for (std::int64_t layer = 0; layer < config.n_layers; ++layer)
            decoder_layer(config, weights, operations, layer);
        EXPECT_EQ(operations.logits(nullptr), 0);
    }
    EXPECT_EQ(nothing.bytes(), 0);
    return sums;
}

std::map<std::string, RunConfig> runs() {
    std::map<std::string, RunConfig> all;
    all["baseline"] = {};
    all["fp16 cache"].kv_cache = KvStorage::f16;
    all["int8 cache"].kv_cache = KvStorage::i8;
    all["paged cache"].kv_layout = KvLayout::paged;
    all["no cache"].kv_cache = KvStorage::off;
    RunConfig& window = all["window"];
    window.attention.kind = AttentionMask::Kind::window;
    window.attention.window = 3;
    window.attention.sinks = 1;
    RunConfig& pages = all["pages"];
    pages.attention.kind = AttentionMask::Kind::pages;
    pages.attention.page_shift = 1;
    pages.attention.keep = 2;
    pages.attention.dense_layers = 1;
    return all;
}

TEST(CostOperations, TellWhatARunRecords) {
    const std::unique_ptr<Model> model = tiny_model();
    for (const auto& [name, run] : runs())
        EXPECT_EQ(foreseen(model->checkpoint, run), recorded(*model, run)) << name;
}

// As predictions do: shapes alone.
TEST(CostOperations, NeedNoData) {
    const std::unique_ptr<Model> model = tiny_model();
    Checkpoint shapes = model->checkpoint;
    for (StoredTensor& tensor : shapes.tensors)
        if (tensor.place.role != Role::rope_factors) tensor.data = {};
    EXPECT_EQ(foreseen(shapes, {}), foreseen(model->checkpoint, {}));
}

TEST(CostOperations, CountTheBoundsThatChoosingPagesLooksAt) {
    const Checkpoint tiny = make_synthetic("tiny", false);
    const ModelConfig config = read_config(tiny);
    const BoundWeights weights = bind_weights(tiny, config.n_layers);
    RunConfig run = runs().at("pages");
    Activations nothing({});
    std::map<std::int64_t, std::int64_t> bounds;  // by layer
    for (std::int64_t layer = 0; layer < config.n_layers; ++layer) {
        Pass pass;
        pass.add(kNext, 9, 1, nullptr, nullptr);
        const CostOperations::Sink sink = [&](const CostedOperation& operation) {
            if (operation.kind == Operation::attention) bounds[layer] += operation.page_bounds;
        };
        CostOperations operations(config, weights, run, nothing, pass, sink);
        decoder_layer(config, weights, operations, layer);
    }
    EXPECT_EQ(bounds, (std::map<std::int64_t, std::int64_t>{{0, 0}, {1, 4}}))
        << "pages of two before position 9";
}

}  // namespace
}  // namespace hone
