// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/runtime/runtime.h"
#include "profiler/trace/recorder.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

using profiler::Operation;
using profiler::TraceEvent;

constexpr std::int64_t kPrompt = 7;

class TraceTest : public ::testing::Test {
protected:
    // A prompt and a decode step; the logits of both.
    std::vector<float> run(const RunConfig& config, profiler::TraceRecorder* recorder) {
        Runtime runtime(*model_, config, pool_, 1, 32);
        runtime.trace(recorder);
        std::vector<float> logits;
        const std::vector<TokenId> prompt{1, 5, 9, 30, 31, 32, 7}, next{4};
        for (const std::vector<TokenId>* tokens : {&prompt, &next}) {
            const SequenceInput input{0, *tokens};
            const auto now = runtime.forward({&input, 1});
            logits.insert(logits.end(), now.begin(), now.end());
        }
        return logits;
    }
    profiler::Trace trace(const RunConfig& config = {}) {
        profiler::TraceRecorder recorder(10'000);
        run(config, &recorder);
        return recorder.take();
    }
    static std::vector<TraceEvent> decode_of(const profiler::Trace& trace) {
        std::vector<TraceEvent> events;
        for (const TraceEvent& event : trace.events)
            if (event.phase == profiler::TracePhase::decode) events.push_back(event);
        return events;
    }

    std::unique_ptr<Model> model_ = tiny_model();
    kernels::ThreadPool pool_{2};
};

TEST_F(TraceTest, ChangesNoBit) {
    profiler::TraceRecorder recorder(10'000);
    EXPECT_EQ(run({}, &recorder), run({}, nullptr));
    profiler::TraceRecorder full(3);
    EXPECT_EQ(run({}, &full), run({}, nullptr));
    EXPECT_GT(full.take().dropped, 0);
}

TEST_F(TraceTest, EveryLayerHasEveryOperation) {
    const profiler::Trace all = trace();
    EXPECT_EQ(all.dropped, 0);
    std::map<std::int32_t, std::map<Operation, int>> counts;
    for (const TraceEvent& event : decode_of(all)) ++counts[event.layer][event.operation];
    ASSERT_EQ(std::ssize(counts), model_->config.n_layers + 1);
    const std::map<Operation, int> outside{
        {Operation::embed, 1}, {Operation::norm, 1}, {Operation::logits, 1}};
    const std::map<Operation, int> inside{{Operation::norm, 2},      {Operation::linear, 7},
                                          {Operation::rope, 2},      {Operation::remember, 1},
                                          {Operation::attention, 1}, {Operation::gate, 1},
                                          {Operation::add, 2}};
    for (const auto& [layer, found] : counts)
        EXPECT_EQ(found, layer < 0 ? outside : inside) << layer;
}

TEST_F(TraceTest, SaysWhatComputedEachOperationAndWhatItRead) {
    RunConfig config;
    config.isa = kernels::Isa::baseline;
    config.kv_cache = KvStorage::i8;
    const profiler::Trace all = trace(config);
    const std::string isa(kernels::isa_name(config.isa)), type(info(model_->output->type).name);
    std::string output = model_->output->name;
    output.erase(output.rfind(".weight"));
    EXPECT_EQ(all.kernel_of(output), isa + " " + type + " product");
    EXPECT_EQ(all.kernel_of("attention"), isa + " attention, int8 keys and values");
    for (const std::string& name : all.names) EXPECT_TRUE(all.kernels.contains(name)) << name;
    // Fewer kernels than names: seven matrices of a layer are one kernel's.
    std::set<std::string> kernels;
    for (const auto& [name, kernel] : all.kernels) kernels.insert(kernel);
    EXPECT_LT(kernels.size(), all.names.size());
}

TEST_F(TraceTest, EventsFollowEachOther) {
    std::int64_t end = 0;
    for (const TraceEvent& event : trace().events) {
        EXPECT_GE(event.start, end);
        EXPECT_GE(event.duration, 0);
        end = event.start + event.duration;
    }
}

TEST_F(TraceTest, ADecodeStepReadsEveryMatrixOnce) {
    std::int64_t matrices = 0, elements = 0, read = 0, flops = 0;
    for (const StoredTensor& tensor : model_->checkpoint.tensors) {
        if (tensor.shape.size() != 2) continue;
        const bool only_embeds =
            &tensor == model_->token_embd && model_->output != model_->token_embd;
        if (only_embeds) continue;
        matrices += std::ssize(tensor.data);
        elements += tensor.elements();
    }
    for (const TraceEvent& event : decode_of(trace())) {
        if (event.operation != Operation::linear && event.operation != Operation::logits) continue;
        read += event.bytes;
        flops += event.flops;
    }
    EXPECT_EQ(read, matrices);
    EXPECT_EQ(flops, 2 * elements);
}

TEST_F(TraceTest, AttentionReadsWhatTheMaskLetsThrough) {
    const ModelConfig& config = model_->config;
    const std::int64_t row = 2 * config.n_kv_heads * config.head_dim;
    const auto read = [&](const RunConfig& run_config) {
        std::set<std::int64_t> bytes;
        for (const TraceEvent& event : decode_of(trace(run_config)))
            if (event.operation == Operation::attention) bytes.insert(event.bytes);
        return bytes;
    };
    RunConfig run_config;
    EXPECT_EQ(read(run_config), std::set{(kPrompt + 1) * row * 4});
    run_config.kv_cache = KvStorage::f16;
    EXPECT_EQ(read(run_config), std::set{(kPrompt + 1) * row * 2});
    run_config.attention = {AttentionMask::Kind::window, 3, 1};
    EXPECT_EQ(read(run_config), std::set{4 * row * 2});
    for (const TraceEvent& event : trace().events) {
        if (event.operation == Operation::attention &&
            event.phase == profiler::TracePhase::prefill && event.layer == 0) {
            EXPECT_EQ(event.bytes, kPrompt * row * 4);
            EXPECT_EQ(event.flops,
                      4 * kPrompt * (kPrompt + 1) / 2 * config.n_heads * config.head_dim);
        }
    }
}

}  // namespace
}  // namespace hone
