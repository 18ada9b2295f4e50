// SPDX-License-Identifier: Apache-2.0
// The runtime on a CUDA device against the same on the CPU: over the emulation, and on a real
// device where there is one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "engine/core/error.h"
#include "engine/formats/synthetic.h"
#include "engine/runtime/cuda/cuda_model.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "engine/runtime/cuda/decode_bucket.h"
#include "engine/runtime/cuda/recently_used.h"
#include "engine/runtime/generation.h"
#include "engine/runtime/operation_cost.h"
#include "engine/runtime/runtime.h"
#include "engine/weights/sparse.h"
#include "engine/weights/weight_format.h"
#include "kernels/cuda/emulation/emulated_plugin.h"
#include "profiler/trace/kernel_table.h"
#include "profiler/trace/recorder.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

constexpr std::int64_t kContext = 64;
constexpr int kSequences = 3;

class CudaRuntime : public testing::Test {
public:
    ~CudaRuntime() override { cuda::emulation::limit_memory(0); }

protected:
    cuda::Device device{cuda::tested_plugin(), 0};
    CudaPlace place{device};
    kernels::ThreadPool pool{1};
};

std::vector<TokenId> some_tokens(std::size_t count, std::size_t seed) {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < count; ++i)
        tokens.push_back(static_cast<TokenId>((seed * 71 + i * i * 13 + i * 7) % 256));
    return tokens;
}

// A prompt that is all scored, two shorter ones, then two steps of all three; then one that was
// trimmed.
std::vector<float> all_logits(Runtime& runtime) {
    std::vector<float> all;
    const auto forward = [&](const std::vector<SequenceInput>& batch) {
        const std::span<const float> logits = runtime.forward(batch);
        all.insert(all.end(), logits.begin(), logits.end());
    };
    const std::vector<TokenId> first = some_tokens(40, 1), second = some_tokens(3, 2),
                               third = some_tokens(17, 3);
    forward({{0, first, true}});
    forward({{1, second}, {2, third}});
    for (std::size_t step = 0; step < 5;
         ++step) {  // from the third on captured work is queued again
        const std::vector<TokenId> next = some_tokens(3, 10 + step);
        forward({{0, std::span(next).subspan(0, 1)},
                 {1, std::span(next).subspan(1, 1)},
                 {2, std::span(next).subspan(2, 1)}});
    }
    runtime.trim(0, 21);
    forward({{0, third}});
    return all;
}

void expect_same(const Model& model, const RunConfig& config, kernels::ThreadPool& pool,
                 Place& place, float tolerance) {
    Runtime on_cpu(model, config, pool, kSequences, kContext),
        on_device(model, config, pool, kSequences, kContext, place, {});
    const std::vector<float> expected = all_logits(on_cpu), is = all_logits(on_device);
    ASSERT_EQ(is.size(), expected.size());
    float largest = 0;
    for (std::size_t i = 0; i < is.size(); ++i) {
        ASSERT_TRUE(std::isfinite(is[i])) << i;
        largest = std::max(largest, std::abs(is[i] - expected[i]));
    }
    EXPECT_LE(largest, tolerance);
    EXPECT_EQ(on_device.counters().attended_pairs, on_cpu.counters().attended_pairs);
    EXPECT_EQ(on_device.counters().products_of_type, on_cpu.counters().products_of_type);
    EXPECT_EQ(on_device.counters().non_finite_rows, 0);
}

TEST_F(CudaRuntime, ComputesWhatTheCpuComputes) {
    const std::unique_ptr<Model> model = tiny_model();
    expect_same(*model, {}, pool, place, 1e-4F);
}

TEST_F(CudaRuntime, ComputesWhatTheCpuComputesInEveryFamily) {
    for (const Family* family : families()) {
        SCOPED_TRACE(family->name);
        SyntheticShape shape = synthetic_shapes().front();
        shape.family = family->name;
        const std::unique_ptr<Model> model = load_model(make_synthetic(shape, true));
        expect_same(*model, {}, pool, place, 1e-4F);
    }
}

TEST_F(CudaRuntime, ComputesInPiecesAndFromEveryKindOfCache) {
    const std::unique_ptr<Model> model = tiny_model();
    for (const KvStorage storage : {KvStorage::f32, KvStorage::f16, KvStorage::i8}) {
        for (const KvLayout layout : {KvLayout::contiguous, KvLayout::paged}) {
            SCOPED_TRACE(std::to_string(static_cast<int>(storage)) + " " +
                         std::to_string(static_cast<int>(layout)));
            RunConfig config;
            config.kv_cache = storage;
            config.kv_layout = layout;
            config.prefill_chunk = 7;
            // A value that rounds the other way on one side is a step of int8 apart.
            expect_same(*model, config, pool, place, storage == KvStorage::i8 ? 2e-2F : 1e-3F);
        }
    }
}

TEST(DecodeBuckets, AreFewAndNeverSmaller) {
    const std::vector<std::int64_t> buckets{1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128};
    std::size_t at = 0;
    for (std::int64_t rows = 1; rows <= 128; ++rows) {
        if (rows > buckets[at]) ++at;
        EXPECT_EQ(decode_bucket(rows), buckets[at]) << rows;
    }
}

TEST(DecodeBuckets, OfGraphsThoseAreKeptThatWereUsedLast) {
    RecentlyUsed<int, int> kept(2);
    EXPECT_TRUE(kept.ask(1).second);
    kept.ask(1).first = 10;
    EXPECT_TRUE(kept.ask(2).second);
    EXPECT_FALSE(kept.ask(1).second);
    EXPECT_TRUE(kept.ask(3).second);  // in the place of 2
    EXPECT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept.ask(1).first, 10);
    EXPECT_TRUE(kept.ask(2).second);
    kept.clear();
    EXPECT_EQ(kept.size(), 0U);
}

// Prompts of several lengths, then steps of the first `batches` sequences: logits of the steps
// alone.
std::vector<std::vector<float>> decoded_logits(Runtime& runtime, int sequences,
                                               const std::vector<int>& batches) {
    for (int i = 0; i < sequences; ++i) {
        const auto number = static_cast<std::size_t>(i);
        runtime.forward({{{i, some_tokens(20 - 2 * number, number)}}});
    }
    std::vector<std::vector<float>> all;
    for (std::size_t step = 0; step < batches.size(); ++step) {
        const std::vector<TokenId> next = some_tokens(8, 10 + step);
        std::vector<SequenceInput> batch;
        for (int i = 0; i < batches[step]; ++i)
            batch.push_back({i, std::span(next).subspan(static_cast<std::size_t>(i), 1)});
        const std::span<const float> logits = runtime.forward(batch);
        all.emplace_back(logits.begin(), logits.end());
    }
    return all;
}

// Rows that pad a batch change no bit of the others, and nothing in any cache: neither that of a
// sequence of the batch nor of one that waits.
TEST_F(CudaRuntime, PadsABatchWithRowsThatChangeNothing) {
    constexpr int kMany = 8;
    const std::vector<int> padded{5, 3, 5, 7, 5, 6, 3, 3, 8, 1, 5};
    for (const bool pages : {false, true}) {
        for (const KvLayout layout : {KvLayout::contiguous, KvLayout::paged}) {
            SCOPED_TRACE(testing::Message() << pages << ' ' << static_cast<int>(layout));
            const std::unique_ptr<Model> model = tiny_model();
            RunConfig config;
            config.kv_layout = layout;
            if (pages)
                config.attention = {.kind = AttentionMask::Kind::pages,
                                    .page_shift = 2,
                                    .keep = 3,
                                    .dense_layers = 1};
            Runtime on_cpu(*model, config, pool, kMany, kContext),
                on_device(*model, config, pool, kMany, kContext, place, {});
            const auto expected = decoded_logits(on_cpu, kMany, padded),
                       is = decoded_logits(on_device, kMany, padded);
            for (std::size_t step = 0; step < is.size(); ++step) {
                ASSERT_EQ(is[step].size(), expected[step].size());
                for (std::size_t i = 0; i < is[step].size(); ++i)
                    ASSERT_NEAR(is[step][i], expected[step][i], 1e-4F) << step << ' ' << i;
            }
            EXPECT_EQ(on_device.counters().attended_pairs, on_cpu.counters().attended_pairs);
            EXPECT_EQ(on_device.counters().non_finite_rows, 0);
            // The same kernels, with rows of others in the place of padding.
            Runtime other(*model, config, pool, kMany, kContext, place, {}),
                own(*model, config, pool, kMany, kContext, place, {});
            const auto among_others = decoded_logits(other, kMany, {kMany, kMany, kMany}),
                       among_padding = decoded_logits(own, kMany, {5, 7, 6});
            const auto vocabulary = static_cast<std::size_t>(model->config.n_vocab);
            for (std::size_t step = 0; step < among_padding.size(); ++step) {
                const std::size_t rows =
                    std::min<std::size_t>(5, among_padding[step].size() / vocabulary);
                EXPECT_TRUE(std::equal(
                    among_padding[step].begin(),
                    among_padding[step].begin() + static_cast<std::ptrdiff_t>(rows * vocabulary),
                    among_others[step].begin()))
                    << step;
            }
        }
    }
}

// The tested device's table, which counts the graphs that are made.
int graphs_made = 0;
int (*make_graph)(cuda::PluginDevice*, cuda::PluginGraph**, cuda::PluginError*) = nullptr;
int counting_end_capture(cuda::PluginDevice* device, cuda::PluginGraph** graph,
                         cuda::PluginError* error) {
    ++graphs_made;
    return make_graph(device, graph, error);
}

TEST_F(CudaRuntime, DecodesBatchesOfABucketInOneGraph) {
    cuda::PluginTable table = cuda::tested_plugin();
    make_graph = std::exchange(table.end_capture, counting_end_capture);
    cuda::Device counting(table, 0);
    CudaPlace there(counting);
    const std::unique_ptr<Model> model = tiny_model();
    Runtime runtime(*model, {}, pool, 8, kContext, there, {});
    graphs_made = 0;
    decoded_logits(runtime, 8, {5, 6, 7, 8, 5, 8});
    EXPECT_EQ(graphs_made, 1);
    // Another with three rows: its first pass allocates nothing any more, its second is captured.
    for (int i = 0; i < 8; ++i) runtime.clear(i);
    decoded_logits(runtime, 8, {3, 4, 6, 4, 7});
    EXPECT_EQ(graphs_made, 2);
}

TEST_F(CudaRuntime, ComputesWithoutACache) {
    const std::unique_ptr<Model> model = tiny_model();
    RunConfig config;
    config.kv_cache = KvStorage::off;
    expect_same(*model, config, pool, place, 1e-4F);
}

TEST_F(CudaRuntime, AttendsWindowsAndSinks) {
    const std::unique_ptr<Model> model = tiny_model();
    RunConfig config;
    config.attention = {.kind = AttentionMask::Kind::window, .window = 6, .sinks = 2};
    expect_same(*model, config, pool, place, 1e-4F);
}

TEST_F(CudaRuntime, ChoosesThePagesThatTheCpuChooses) {
    const std::unique_ptr<Model> model = tiny_model();
    for (const KvStorage storage : {KvStorage::f32, KvStorage::off}) {
        RunConfig config;
        config.kv_cache = storage;
        config.prefill_chunk = 11;  // pages that begin in one pass and end in the next
        config.attention = {
            .kind = AttentionMask::Kind::pages, .page_shift = 2, .keep = 3, .dense_layers = 1};
        expect_same(*model, config, pool, place, 1e-4F);
    }
}

TEST_F(CudaRuntime, MultipliesEveryTypeOfWeights) {
    for (const DTypeInfo& type : all_dtypes()) {
        SCOPED_TRACE(type.id);
        if (!row_fits(type.type, 64)) continue;  // the model's rows
        const std::unique_ptr<Model> model = tiny_model(type.type);
        expect_same(*model, {}, pool, place, 1e-3F);
    }
}

// Rounding inputs to bf16 moves logits by what it moves them on the CPU; sums in another order add
// next to nothing.
TEST_F(CudaRuntime, MultipliesInReducedArithmetic) {
    const auto distance = [&](DType type, kernels::Arithmetic arithmetic) {
        const std::unique_ptr<Model> model = tiny_model(type);
        RunConfig exact, reduced;
        reduced.arithmetic = arithmetic;
        Runtime on_cpu(*model, exact, pool, kSequences, kContext),
            on_device(*model, reduced, pool, kSequences, kContext, place, {});
        const std::vector<float> expected = all_logits(on_cpu), is = all_logits(on_device);
        EXPECT_GT(on_device.counters().reduced_products, 0);
        double difference = 0, size = 0;
        for (std::size_t i = 0; i < is.size(); ++i) {
            difference += std::pow(static_cast<double>(is[i] - expected[i]), 2);
            size += std::pow(static_cast<double>(expected[i]), 2);
        }
        return std::sqrt(difference / size);
    };
    const double bf16 = distance(DType::bf16, kernels::Arithmetic::bf16),
                 int8 = distance(DType::i8_channel, kernels::Arithmetic::i8),
                 fp8 = distance(DType::e4m3_channel, kernels::Arithmetic::e4m3);
    EXPECT_GT(bf16, 0);
    EXPECT_LT(bf16, 0.02);
    for (const DType type : {DType::f16, DType::q8_0, DType::q4_0, DType::q4_1, DType::i8_channel,
                             DType::i4_g32, DType::e4m3_channel}) {
        SCOPED_TRACE(info(type).id);
        EXPECT_LT(distance(type, kernels::Arithmetic::bf16), 0.03);
    }
    EXPECT_GT(int8, 0);
    EXPECT_LT(int8, 0.1);
    EXPECT_GT(fp8, 0);
    EXPECT_LT(fp8, 0.2);
}

// Quantised weights are expanded for the vendor's library from 256 tokens, and multiplied as they
// are up to 255: the same bf16 either way, summed in another order.
TEST_F(CudaRuntime, MultipliesLongPromptsAsItDoesShorterOnes) {
    constexpr std::size_t kLong = 256;
    const std::unique_ptr<Model> model = tiny_model(DType::i4_g64);
    RunConfig config;
    config.arithmetic = kernels::Arithmetic::bf16;
    config.reduced_output = true;
    Runtime runtime(*model, config, pool, 1, kLong, place, {});
    const std::vector<TokenId> tokens = some_tokens(kLong, 1);
    const auto logits = [&](std::size_t count) {
        runtime.clear(0);
        const std::span<const float> all =
            runtime.forward({{{0, std::span(tokens).first(count), true}}});
        return std::vector<float>(all.begin(), all.end());
    };
    const std::vector<float> expanded = logits(kLong), stored = logits(kLong - 1);
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < stored.size(); ++i) {
        difference += std::pow(static_cast<double>(expanded[i] - stored[i]), 2);
        size += std::pow(static_cast<double>(stored[i]), 2);
    }
    EXPECT_LT(std::sqrt(difference / size), 0.01);
    EXPECT_GT(size, 0);
}

// Zeroes two of any four weights of each matrix; with `sparse`, they are then left out.
std::unique_ptr<Model> two_of_four_model(kernels::ThreadPool& pool, bool sparse) {
    Checkpoint checkpoint = tiny_model(DType::bf16)->checkpoint;
    kernels::Workspace workspace(1);
    const kernels::Context context{kernels::Isa::baseline, pool, workspace};
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() != 2) continue;
        std::shared_ptr<std::byte[]> data(new std::byte[tensor.data.size()]);
        std::copy(tensor.data.begin(), tensor.data.end(), data.get());
        for (std::size_t i = 0; i < tensor.data.size() / 2; ++i)
            if ((i / 4 + i) % 4 < 2) data[2 * i] = data[2 * i + 1] = std::byte{0};
        tensor.data = {data.get(), tensor.data.size()};
        tensor.owner = data;
        if (sparse) tensor = without_zeros(tensor, context, {}).value();
    }
    return load_model(std::move(checkpoint));
}

TEST_F(CudaRuntime, LeavesTheZerosOfTwoOfFourOut) {
    const std::unique_ptr<Model> dense = two_of_four_model(pool, false),
                                 sparse = two_of_four_model(pool, true);
    for (const kernels::Arithmetic arithmetic :
         {kernels::Arithmetic::f32, kernels::Arithmetic::bf16}) {
        RunConfig config;
        config.arithmetic = arithmetic;
        Runtime with_zeros(*dense, config, pool, kSequences, kContext, place, {}),
            without(*sparse, config, pool, kSequences, kContext, place, {});
        const std::vector<float> expected = all_logits(with_zeros), is = all_logits(without);
        for (std::size_t i = 0; i < is.size(); ++i) ASSERT_NEAR(is[i], expected[i], 2e-4F) << i;
        EXPECT_EQ(with_zeros.counters().skipped_zeros, 0);
        EXPECT_GT(without.counters().skipped_zeros, 0);
        const auto weights = [](const Runtime& of) {
            return static_cast<double>(of.memory()[MemoryClass::weights]);
        };
        EXPECT_NEAR(weights(without) / weights(with_zeros), 9.0 / 16, 0.03);
    }
}

TEST_F(CudaRuntime, RefusesZerosLeftOutInOtherPatterns) {
    Checkpoint checkpoint = two_of_four_model(pool, true)->checkpoint;
    StoredTensor& first =
        *std::find_if(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                      [](const StoredTensor& tensor) { return info(tensor.type).sparse; });
    std::shared_ptr<std::byte[]> data(new std::byte[first.data.size()]);
    std::copy(first.data.begin(), first.data.end(), data.get());
    data[static_cast<std::size_t>(first.row(0) - first.data.data())] |=
        std::byte{7};  // three of the first four
    first.data = {data.get(), first.data.size()};
    first.owner = data;
    EXPECT_FALSE(has_cuda_form(first));
    const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
    EXPECT_THROW(Runtime(*model, {}, pool, kSequences, kContext, place, {}), Error);
}

TEST_F(CudaRuntime, AccountsForWhatItHolds) {
    const std::unique_ptr<Model> model = tiny_model();
    const std::int64_t free_before = device.free_bytes();
    {
        Runtime runtime(*model, {}, pool, kSequences, kContext, place, {});
        const std::int64_t weights = runtime.memory()[MemoryClass::weights];
        EXPECT_GE(weights, model->checkpoint.bytes());
        all_logits(runtime);
        const MemoryByClass held = runtime.memory();
        EXPECT_EQ(held[MemoryClass::weights], weights);
        EXPECT_LE(held.total(),
                  free_before - device.free_bytes());  // a GPU's allocations are rounded up
        // Keys and values of every sequence's context, each layer's rounded up to 256 bytes.
        const ModelConfig& config = model->config;
        const std::int64_t layer = 2 * config.n_kv_heads * kContext * config.head_dim * 4;
        EXPECT_GE(held[MemoryClass::kv_cache], kSequences * config.n_layers * layer);
        EXPECT_LE(held[MemoryClass::kv_cache], kSequences * config.n_layers * (layer + 256) + 1024);
        EXPECT_GE(runtime.peak_memory().total(), held.total());
    }
    EXPECT_EQ(device.free_bytes(), free_before) << "all was given back";
}

TEST_F(CudaRuntime, SaysWhatDoesNotFit) {
    if (&cuda::tested_plugin() != &cuda::emulation::emulated_plugin())
        GTEST_SKIP() << "only the emulation's memory can be limited";
    const std::unique_ptr<Model> model = tiny_model();
    cuda::emulation::limit_memory(100'000);
    try {
        Runtime runtime(*model, {}, pool, kSequences, kContext, place, {});
        all_logits(runtime);
        FAIL() << "it fitted";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().field, "device memory");
        EXPECT_NE(std::string(error.what()).find("do not fit"), std::string::npos) << error.what();
    }
}

// As many sequences as the device holds, and where it holds fewer than were admitted, the last one
// waits again: none fails.
TEST_F(CudaRuntime, AdaptiveBatchesFailNobodyWhereTheDeviceIsFull) {
    if (&cuda::tested_plugin() != &cuda::emulation::emulated_plugin())
        GTEST_SKIP() << "only the emulation's memory can be limited";
    const std::unique_ptr<Model> model = tiny_model();
    constexpr std::int64_t kTokens = 6, kLong = 1024;
    std::vector<std::vector<TokenId>> prompts;
    for (std::size_t i = 0; i < 6; ++i) prompts.push_back(some_tokens(20 + i, i));
    const auto generate = [&](const RunConfig& config, const MemoryRoom& room) {
        Runtime runtime(*model, config, pool, static_cast<int>(config.batch_size), kLong, place,
                        {});
        Sampler sampler(0, 1);
        return run_generation(runtime, prompts, kTokens, sampler, {}, room);
    };
    const auto held_by_one = [&](const RunConfig& config) {
        Runtime runtime(*model, config, pool, 1, kLong, place, {});
        Sampler sampler(0, 1);
        run_generation(runtime, {prompts.data() + 5, 1}, kTokens, sampler, {});
        return runtime.memory();
    };
    for (const KvLayout layout : {KvLayout::contiguous, KvLayout::paged}) {
        SCOPED_TRACE(static_cast<int>(layout));
        RunConfig alone, adaptive;
        alone.kv_layout = layout;
        adaptive = alone;
        adaptive.batching = RunConfig::Batching::adaptive;
        adaptive.batch_size = 4;
        const auto expected = generate(alone, {}).tokens;
        const MemoryByClass one = held_by_one(alone);
        // Where nothing is said of the room, the device has to refuse.
        cuda::emulation::limit_memory(one.total() + one[MemoryClass::kv_cache] / 2);
        const GenerationTimings blind = generate(adaptive, {});
        EXPECT_EQ(blind.tokens, expected);
        if (layout ==
            KvLayout::contiguous) {  // a block is as long as the context, however short the prompt
            EXPECT_GT(blind.backed_off, 0);
            EXPECT_EQ(blind.largest_batch, 1);
        }
        const GenerationTimings seen = generate(adaptive, [this] { return device.free_bytes(); });
        EXPECT_EQ(seen.tokens, expected);
        EXPECT_EQ(seen.backed_off, 0);
        EXPECT_EQ(seen.largest_batch, 1);
        cuda::emulation::limit_memory(0);
    }
}

TEST_F(CudaRuntime, TakesABlockOfTheWholeContextForASequence) {
    const std::unique_ptr<Model> model = tiny_model();
    RunConfig paged;
    paged.kv_layout = KvLayout::paged;
    Runtime contiguous(*model, {}, pool, 1, 1024, place, {}),
        blocks(*model, paged, pool, 1, 1024, place, {});
    EXPECT_EQ(contiguous.sequence_bytes(1), contiguous.sequence_bytes(1024));
    EXPECT_EQ(blocks.sequence_bytes(1) * 64, blocks.sequence_bytes(1024));
}

struct RecordedLogits {
    std::vector<float> logits;
    profiler::Trace trace;
};

RecordedLogits traced(const Model& model, kernels::ThreadPool& pool, cuda::Device& device) {
    CudaPlace place(device);
    Runtime runtime(model, {}, pool, kSequences, kContext, place, {});
    profiler::TraceRecorder recorder(100'000);
    RecordedLogits run;
    device.begin_trace();
    runtime.trace(&recorder);
    run.logits = all_logits(runtime);
    runtime.trace(nullptr);
    profiler::CudaRecording recording;
    device.end_trace(recording);
    runtime.describe(recording);
    run.trace = recorder.take(recording);
    return run;
}

TEST_F(CudaRuntime, TracesEveryKernelWithLayerOperationAndPhase) {
    const std::unique_ptr<Model> model = tiny_model();
    Runtime plain(*model, {}, pool, kSequences, kContext, place, {});
    const std::vector<float> expected = all_logits(plain);
    const RecordedLogits run = traced(*model, pool, device);
    EXPECT_EQ(run.logits, expected);  // not a bit differs
    const profiler::CudaTraceFacts& facts = run.trace.device;
    if (facts.source == "CUDA events") GTEST_SKIP() << "needs CUPTI: " << facts.problem;
    EXPECT_EQ(facts.kernels, facts.launches);
    EXPECT_GE(facts.attributed_time, facts.kernel_time * 99 / 100);
    EXPECT_EQ(facts.lost_records, 0);
    EXPECT_EQ(facts.unknown_times, 0);
    // Every layer and every operation of a forward pass, in both phases.
    const std::int64_t layers = model->config.n_layers;
    for (const auto phase : {profiler::TracePhase::prefill, profiler::TracePhase::decode}) {
        const auto groups = profiler::group_events(run.trace, profiler::GroupBy::layer,
                                                   {.begin = 0, .layer = {}, .phase = phase});
        EXPECT_EQ(std::ssize(groups), layers + 1);  // and what lies outside of the layers
        const auto operations = profiler::group_events(run.trace, profiler::GroupBy::operation,
                                                       {.begin = 0, .layer = {}, .phase = phase});
        EXPECT_EQ(operations.size(), 7U);  // gates and sums are their products' kernels
    }
    // Costs are those of the three rows, not of the four that a batch of three is padded to.
    for (const profiler::TraceEvent& event : run.trace.events) {
        if (event.phase != profiler::TracePhase::decode ||
            event.operation != profiler::Operation::embed)
            continue;
        EXPECT_EQ(event.bytes, embed_cost(*model->token_embd, kSequences).bytes);
    }
    // Decoding ran as a graph from the third step on; the attended positions still grow by one a
    // step.
    std::vector<std::int64_t> attended;
    for (const profiler::TraceEvent& event : run.trace.events)
        if (event.phase == profiler::TracePhase::decode && event.layer == 0 && event.bytes > 0 &&
            event.operation == profiler::Operation::attention)
            attended.push_back(event.bytes);
    ASSERT_EQ(attended.size(), 5U);
    for (std::size_t i = 1; i < attended.size(); ++i)
        EXPECT_EQ(attended[i] - attended[i - 1], attended[1] - attended[0]) << i;
    EXPECT_GT(attended[1], attended[0]);
    // The account of memory, and what the profiler saw of it.
    ASSERT_FALSE(run.trace.memory.empty());
    const profiler::MemoryLine& seen = run.trace.memory.back();
    EXPECT_EQ(seen.name, facts.source);
    std::int64_t held = 0;
    for (const profiler::MemoryLine& line : run.trace.memory)
        if (&line != &seen) held += line.moments.back().bytes;
    EXPECT_NEAR(static_cast<double>(seen.moments.back().bytes), static_cast<double>(held),
                0.01 * static_cast<double>(held));
}

// After the trace, in a pass of its own: every operation of both phases, and not a bit of the
// logits differs.
TEST_F(CudaRuntime, CountsTheHardwareOperationByOperation) {
    const std::unique_ptr<Model> model = tiny_model();
    Runtime plain(*model, {}, pool, kSequences, kContext, place, {});
    const std::vector<float> expected = all_logits(plain);
    Runtime runtime(*model, {}, pool, kSequences, kContext, place, {});
    profiler::TraceRecorder traced(100'000), counting(100'000);
    profiler::CudaRecording recording;
    device.begin_trace();
    EXPECT_FALSE(device.begin_counters()) << "each would be in the other's figures";
    EXPECT_NE(device.end_counters().problem.find("while a trace is recorded"), std::string::npos);
    runtime.trace(&traced);
    all_logits(runtime);
    runtime.trace(nullptr);
    device.end_trace(recording);
    if (!device.begin_counters()) GTEST_SKIP() << device.end_counters().problem;
    Runtime counted(*model, {}, pool, kSequences, kContext, place, {});
    counted.trace(&counting);
    EXPECT_EQ(all_logits(counted), expected);
    counted.trace(nullptr);
    const cuda::Device::Counters counters = device.end_counters();
    EXPECT_EQ(counters.problem, "");
    EXPECT_FALSE(counters.source.empty());
    recording.counted = counting.take_counted(counters.counted);
    recording.counters_source = counters.source;
    const profiler::Trace trace = traced.take(recording);
    if (trace.device.kernels == 0) GTEST_SKIP() << "needs kernels: " << trace.device.problem;
    for (const auto by : {profiler::GroupBy::operation, profiler::GroupBy::layer})
        for (const profiler::KernelGroup& group : profiler::group_events(trace, by)) {
            EXPECT_TRUE(group.counted()) << group.name << ' ' << group.layer;
            EXPECT_GT(group.counted_bytes, 0) << group.name;
        }
}

TEST_F(CudaRuntime, GoesOnWithoutCountersThatAreRefused) {
    if (&cuda::tested_plugin() != &cuda::emulation::emulated_plugin())
        GTEST_SKIP() << "needs the emulated device, which can be told to refuse";
    setenv("HONE_EMULATED_COUNTERS_REFUSED", "only for administrators", 1);
    EXPECT_FALSE(device.begin_counters());
    unsetenv("HONE_EMULATED_COUNTERS_REFUSED");
    const cuda::Device::Counters counters = device.end_counters();
    EXPECT_EQ(counters.problem, "only for administrators");
    EXPECT_TRUE(counters.counted.empty());
}

TEST_F(CudaRuntime, TracesOperationsByEventsWhereKernelsAreNotSeen) {
    if (&cuda::tested_plugin() != &cuda::emulation::emulated_plugin())
        GTEST_SKIP() << "needs the emulated device, which can be told to trace by events";
    const std::unique_ptr<Model> model = tiny_model();
    Runtime plain(*model, {}, pool, kSequences, kContext, place, {});
    const std::vector<float> expected = all_logits(plain);
    cuda::emulation::trace_kernels(false);
    const RecordedLogits run = traced(*model, pool, device);
    cuda::emulation::trace_kernels(true);
    EXPECT_EQ(run.logits, expected);
    EXPECT_FALSE(run.trace.device.problem.empty());
    EXPECT_EQ(run.trace.device.kernels, 0);
    const auto groups = profiler::group_events(run.trace, profiler::GroupBy::layer);
    EXPECT_EQ(std::ssize(groups), model->config.n_layers + 1);
    EXPECT_EQ(run.trace.device.attributed_time, run.trace.device.kernel_time);
}

}  // namespace
}  // namespace hone
