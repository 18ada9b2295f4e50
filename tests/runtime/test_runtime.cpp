// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "engine/core/error.h"
#include "engine/runtime/runtime.h"
#include "engine/weights/sparse.h"
#include "engine/weights/weight_format.h"
#include "tests/runtime/reference_llama.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

constexpr std::int64_t kContext = 96;

const Model& tiny() {
    static const std::unique_ptr<Model> model = tiny_model();
    return *model;
}

std::vector<TokenId> some_tokens(std::size_t count, std::uint32_t seed = 1) {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < count; ++i) {
        seed = seed * 1664525U + 1013904223U;
        tokens.push_back(static_cast<TokenId>(seed >> 24U));
    }
    return tokens;
}

std::vector<float> copy(std::span<const float> values) {
    return {values.begin(), values.end()};
}

std::vector<float> run(Runtime& runtime, int sequence, std::span<const TokenId> tokens,
                       bool all = false) {
    const SequenceInput input{sequence, tokens, all};
    return copy(runtime.forward({&input, 1}));
}

float largest_difference(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size()) return std::numeric_limits<float>::infinity();
    float largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const float difference = std::abs(a[i] - b[i]);
        if (!(difference <= largest)) largest = difference;  // a NaN stays
    }
    return largest;
}

std::span<const float> row(const std::vector<float>& logits, std::int64_t index) {
    const auto n = static_cast<std::size_t>(tiny().config.n_vocab);
    return std::span(logits).subspan(static_cast<std::size_t>(index) * n, n);
}

class RuntimeTest : public ::testing::Test {
protected:
    Runtime make(const RunConfig& config = {}, int sequences = 1, std::int64_t context = kContext) {
        return Runtime(tiny(), config, pool_, sequences, context);
    }
    kernels::ThreadPool pool_{2};
};

TEST_F(RuntimeTest, AgreesWithTheTextbookInDoublePrecision) {
    const std::vector<TokenId> tokens = some_tokens(21);
    for (const AttentionMask& mask :
         {AttentionMask{}, AttentionMask{AttentionMask::Kind::window, 6, 2},
          AttentionMask{AttentionMask::Kind::window, 1, 0}}) {
        RunConfig config;
        config.attention = mask;
        Runtime runtime = make(config);
        const std::vector<float> logits = run(runtime, 0, tokens, true);
        const auto expected = reference_logits(tiny(), tokens, mask);
        ASSERT_EQ(logits.size(), expected.size() * static_cast<std::size_t>(tiny().config.n_vocab));
        double largest = 0;
        for (std::size_t t = 0; t < expected.size(); ++t) {
            for (std::size_t i = 0; i < expected[t].size(); ++i)
                largest = std::max(
                    largest,
                    std::abs(expected[t][i] -
                             static_cast<double>(row(logits, static_cast<std::int64_t>(t))[i])));
        }
        EXPECT_LT(largest, 1e-4) << "window " << mask.window;
    }
}

TEST_F(RuntimeTest, EveryInstructionSetAgreesWithTheTextbook) {
    const std::vector<TokenId> tokens = some_tokens(17);
    const std::vector<double> expected = reference_logits(tiny(), tokens).back();
    for (const kernels::Isa isa : kernels::available_isas()) {
        RunConfig config;
        config.isa = isa;
        Runtime runtime = make(config);
        const std::vector<float> logits = run(runtime, 0, tokens);
        for (std::size_t i = 0; i < expected.size(); ++i)
            ASSERT_NEAR(static_cast<double>(logits[i]), expected[i], 1e-4)
                << kernels::isa_name(isa);
    }
}

// Weights that rounding has changed are compared with the textbook over the same rounded weights.
TEST_F(RuntimeTest, EveryStorageTypeAgreesWithTheTextbookOverTheSameWeights) {
    const std::vector<TokenId> tokens = some_tokens(9);
    for (const DTypeInfo& type : all_dtypes()) {
        const Checkpoint source = tiny_checkpoint();
        if (!std::all_of(source.tensors.begin(), source.tensors.end(),
                         [&](const StoredTensor& tensor) {
                             return tensor.shape.size() != 2 || row_fits(type.type, tensor.cols());
                         }))
            continue;
        const std::unique_ptr<Model> model = load_model(with_matrices(source, type.type));
        const auto expected = reference_logits(*model, tokens);
        Runtime runtime(*model, {}, pool_, 1, kContext);
        const std::vector<float> logits = run(runtime, 0, tokens, true);
        for (std::size_t t = 0; t < tokens.size(); ++t) {
            for (std::size_t i = 0; i < expected[t].size(); ++i)
                ASSERT_NEAR(static_cast<double>(row(logits, static_cast<std::int64_t>(t))[i]),
                            expected[t][i], 1e-4)
                    << type.name;
        }
    }
}

// Matrices without their zeros give the bits of those with them, the embedding among them, and say
// what they left out.
TEST_F(RuntimeTest, WeightsWithoutZerosGiveTheSameBits) {
    const std::vector<TokenId> tokens = some_tokens(9);
    kernels::Workspace workspace(pool_.size());
    const kernels::Context context{kernels::best_isa(), pool_, workspace};
    for (const DType type : {DType::f32, DType::f16, DType::bf16}) {
        Checkpoint dense = with_matrices(tiny_checkpoint(), type);
        std::vector<std::uint8_t> mask;
        for (StoredTensor& tensor : dense.tensors) {
            if (tensor.shape.size() != 2) continue;
            mask.resize(static_cast<std::size_t>(tensor.cols()));
            for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = i % 5 < 3 ? 1 : 0;
            for (std::int64_t r = 0; r < tensor.rows(); ++r)
                set_zeros(type, const_cast<std::byte*>(tensor.row(r)), mask.data(), tensor.cols());
        }
        Checkpoint sparse = dense;
        for (StoredTensor& tensor : sparse.tensors) {
            if (tensor.shape.size() == 2) tensor = without_zeros(tensor, context, {}).value();
        }
        const std::unique_ptr<Model> with = load_model(std::move(dense)),
                                     without = load_model(std::move(sparse));
        Runtime expected(*with, {}, pool_, 1, kContext), found(*without, {}, pool_, 1, kContext);
        EXPECT_EQ(run(expected, 0, tokens, true), run(found, 0, tokens, true)) << info(type).name;
        EXPECT_EQ(expected.counters().skipped_zeros, 0);
        std::int64_t zeros = 0;
        for (const StoredTensor& tensor : without->checkpoint.tensors) {
            if (tensor.shape.size() == 2) zeros += tensor.zeros;
        }
        if (!without->config.tied_embeddings) zeros -= without->token_embd->zeros;
        EXPECT_EQ(found.counters().skipped_zeros, zeros) << info(type).name;
    }
}

TEST_F(RuntimeTest, CacheOrNoneChunksAndSingleTokensAgree) {
    const std::vector<TokenId> tokens = some_tokens(40);
    Runtime whole = make();
    const std::vector<float> expected = run(whole, 0, tokens, true);
    for (const KvStorage storage : {KvStorage::f32, KvStorage::off}) {
        for (const std::int64_t chunk : {1, 7, 512}) {
            RunConfig config;
            config.kv_cache = storage;
            config.prefill_chunk = chunk;
            Runtime runtime = make(config);
            EXPECT_LT(largest_difference(run(runtime, 0, tokens, true), expected), 1e-3F) << chunk;
            runtime.clear(0);
            for (std::int64_t t = 0; t < 40; ++t) {
                const auto logits =
                    run(runtime, 0, std::span(tokens).subspan(static_cast<std::size_t>(t), 1));
                EXPECT_LT(largest_difference(logits, row(expected, t)), 1e-3F) << "token " << t;
            }
        }
    }
}

TEST_F(RuntimeTest, ABatchOfDifferentLengthsAgreesWithEachAlone) {
    const std::vector<std::size_t> lengths{1, 30, 7, 12};
    for (const KvStorage storage : {KvStorage::f32, KvStorage::off}) {
        RunConfig config;
        config.kv_cache = storage;
        config.batch_size = 4;
        config.prefill_chunk = 16;  // a pass ends within a sequence, and holds parts of two
        Runtime together = make(config, 4);
        Runtime alone = make({}, 1);
        std::vector<std::vector<TokenId>> prompts;
        for (std::size_t i = 0; i < lengths.size(); ++i)
            prompts.push_back(some_tokens(lengths[i], static_cast<std::uint32_t>(i)));
        for (int step = 0; step < 3; ++step) {
            std::vector<SequenceInput> batch;
            for (int s = 3; s >= 0; --s) {  // the order of slots is free
                const auto& prompt = prompts[static_cast<std::size_t>(s)];
                batch.push_back({s, step == 0 ? std::span(prompt) : std::span(prompt).last(1),
                                 s == 2 && step == 0});
            }
            const std::vector<float> logits = copy(together.forward(batch));
            std::int64_t at = 0;
            for (const SequenceInput& input : batch) {
                auto& prompt = prompts[static_cast<std::size_t>(input.sequence)];
                alone.clear(0);
                const std::vector<float> expected = run(alone, 0, prompt, true);
                const auto length = static_cast<std::int64_t>(prompt.size());
                for (std::int64_t t = input.all_logits ? 0 : length - 1; t < length; ++t, ++at)
                    EXPECT_LT(largest_difference(row(logits, at), row(expected, t)), 1e-3F)
                        << "sequence " << input.sequence << " step " << step;
                EXPECT_EQ(together.length(input.sequence), length);
                prompt.push_back(static_cast<TokenId>(step + 10));
            }
            EXPECT_EQ(at * tiny().config.n_vocab, std::ssize(logits));
        }
    }
}

TEST_F(RuntimeTest, AWindowAtLeastAsLongAsTheSequenceIsDenseToTheBit) {
    const std::vector<TokenId> tokens = some_tokens(40);
    RunConfig dense;
    dense.prefill_chunk = 16;
    RunConfig wide = dense;
    wide.attention = {AttentionMask::Kind::window, 41, 0};
    RunConfig meeting = dense;  // sinks and window meet
    meeting.attention = {AttentionMask::Kind::window, 20, 21};
    RunConfig narrow = dense;
    narrow.attention = {AttentionMask::Kind::window, 20, 4};
    const auto logits = [&](const RunConfig& config) {
        Runtime runtime = make(config);
        std::vector<float> all = run(runtime, 0, tokens, true);
        const std::vector<float> next = run(runtime, 0, std::vector<TokenId>{3});
        all.insert(all.end(), next.begin(), next.end());
        return all;
    };
    EXPECT_EQ(logits(dense), logits(wide));
    EXPECT_EQ(logits(dense), logits(meeting));
    EXPECT_NE(logits(dense), logits(narrow));
}

TEST_F(RuntimeTest, APagedCacheComputesTheBitsOfAContiguousOne) {
    const std::vector<TokenId> tokens = some_tokens(70);
    for (const KvStorage storage : {KvStorage::f32, KvStorage::f16, KvStorage::i8}) {
        for (const int shift : {4, 7}) {
            RunConfig config;
            config.kv_cache = storage;
            Runtime contiguous = make(config, 2);
            config.kv_layout = KvLayout::paged;
            config.kv_block_shift = shift;
            Runtime paged = make(config, 2);
            for (const int sequence : {0, 1, 0}) {  // the third takes over what the first gave back
                paged.clear(sequence);
                contiguous.clear(sequence);
                const auto rest = std::span(tokens).subspan(static_cast<std::size_t>(sequence) * 5);
                EXPECT_EQ(run(paged, sequence, rest.first(60), true),
                          run(contiguous, sequence, rest.first(60), true));
                EXPECT_EQ(run(paged, sequence, rest.subspan(60, 1)),
                          run(contiguous, sequence, rest.subspan(60, 1)));
            }
            EXPECT_GT(paged.counters().kv_blocks, 0);
            EXPECT_GT(paged.memory()[MemoryClass::kv_cache], 0);
        }
    }
}

TEST_F(RuntimeTest, PagesChosenByTheQueryAgreeWithAndWithoutACache) {
    const std::vector<TokenId> tokens = some_tokens(80);
    RunConfig config;
    config.attention.kind = AttentionMask::Kind::pages;
    config.attention.page_shift = 4;
    config.attention.keep = 2;
    config.attention.dense_layers = 1;
    Runtime whole = make(config);
    const std::vector<float> expected = run(whole, 0, tokens, true);
    EXPECT_LT(whole.counters().attended_pairs, whole.counters().dense_pairs);
    for (const KvStorage storage : {KvStorage::f32, KvStorage::off}) {
        config.kv_cache = storage;
        Runtime runtime = make(config);
        EXPECT_LT(largest_difference(run(runtime, 0, std::span(tokens).first(50), true),
                                     std::span(expected).first(
                                         50 * static_cast<std::size_t>(tiny().config.n_vocab))),
                  1e-3F);
        for (std::int64_t t = 50; t < 80; ++t) {
            const auto logits =
                run(runtime, 0, std::span(tokens).subspan(static_cast<std::size_t>(t), 1));
            EXPECT_LT(largest_difference(logits, row(expected, t)), 1e-3F) << "token " << t;
        }
    }
    config.kv_cache = KvStorage::f32;
    config.attention.keep = 5;  // all that there are
    Runtime all = make(config), dense = make();
    EXPECT_LT(largest_difference(run(all, 0, tokens, true), run(dense, 0, tokens, true)), 1e-3F);
    EXPECT_EQ(all.counters().attended_pairs, all.counters().dense_pairs);
}

TEST_F(RuntimeTest, MeasuresTheMassThatSparseAttentionKeeps) {
    const std::vector<TokenId> tokens = some_tokens(80);
    RunConfig window, pages;
    window.attention.kind = AttentionMask::Kind::window;
    window.attention.window = 16;
    window.attention.sinks = 4;
    pages.attention.kind = AttentionMask::Kind::pages;
    pages.attention.keep = 2;
    for (const RunConfig& config : {window, pages}) {
        Runtime plain = make(config), measured = make(config);
        measured.measure_attention_mass(true);
        EXPECT_EQ(run(measured, 0, tokens, true), run(plain, 0, tokens, true))
            << "measuring changes nothing";
        const Runtime::Counters& counters = measured.counters();
        ASSERT_GT(counters.attention_mass_rows, 0);
        const double share =
            counters.attention_mass / static_cast<double>(counters.attention_mass_rows);
        EXPECT_GT(share, 0.1);
        EXPECT_LT(share, 1.0);
        EXPECT_EQ(plain.counters().attention_mass_rows, 0);
    }
}

TEST_F(RuntimeTest, ProductsInLessThanFp32StayNearAndAreCounted) {
    const std::vector<TokenId> tokens = some_tokens(20);
    const std::unique_ptr<Model> model = tiny_model(DType::i8_channel);
    for (const kernels::Arithmetic arithmetic :
         {kernels::Arithmetic::i8, kernels::Arithmetic::bf16}) {
        for (const kernels::Isa isa : kernels::available_isas()) {
            RunConfig config;
            config.isa = isa;
            Runtime plain(*model, config, pool_, 1, kContext);
            config.arithmetic = arithmetic;
            Runtime reduced(*model, config, pool_, 1, kContext);
            const std::vector<float> expected = run(plain, 0, tokens, true),
                                     found = run(reduced, 0, tokens, true);
            if (!kernels::has_arithmetic(arithmetic, isa)) {  // a fallback shows as not engaged
                EXPECT_EQ(reduced.counters().reduced_products, 0);
                EXPECT_EQ(found, expected);
                continue;
            }
            EXPECT_EQ(reduced.counters().reduced_products, 7 * model->config.n_layers);
            float scale = 0;
            for (const float logit : expected) scale = std::max(scale, std::abs(logit));
            EXPECT_LT(largest_difference(found, expected), 0.1F * scale);
            EXPECT_GT(largest_difference(found, expected), 0.0F);
        }
    }
}

TEST_F(RuntimeTest, ReducedCachesStayNear) {
    const std::vector<TokenId> tokens = some_tokens(40);
    Runtime full = make();
    const std::vector<float> expected = run(full, 0, tokens, true);
    float largest_logit = 0;
    for (const float logit : expected) largest_logit = std::max(largest_logit, std::abs(logit));
    for (const auto& [storage, bound] :
         {std::pair{KvStorage::f16, 1e-3F}, std::pair{KvStorage::i8, 2e-2F}}) {
        RunConfig config;
        config.kv_cache = storage;
        Runtime runtime = make(config);
        const float difference = largest_difference(run(runtime, 0, tokens, true), expected);
        EXPECT_LT(difference, bound * largest_logit);
        EXPECT_GT(difference, 0) << "the storage did not engage";
    }
}

TEST_F(RuntimeTest, TrimmingGoesBackAndClearingStartsAnew) {
    const std::vector<TokenId> tokens = some_tokens(20);
    for (const KvStorage storage : {KvStorage::f32, KvStorage::i8, KvStorage::off}) {
        RunConfig config;
        config.kv_cache = storage;
        Runtime runtime = make(config);
        run(runtime, 0, std::span(tokens).first(12));
        const std::vector<float> first = run(runtime, 0, std::span(tokens).subspan(12));
        runtime.trim(0, 12);
        EXPECT_EQ(runtime.length(0), 12);
        run(runtime, 0, some_tokens(5, 9));
        runtime.trim(0, 12);
        EXPECT_EQ(run(runtime, 0, std::span(tokens).subspan(12)), first);
        runtime.clear(0);
        EXPECT_EQ(runtime.length(0), 0);
        run(runtime, 0, std::span(tokens).first(12));
        EXPECT_EQ(run(runtime, 0, std::span(tokens).subspan(12)), first);
    }
}

TEST_F(RuntimeTest, TwoRuntimesShareAModel) {
    const std::vector<TokenId> tokens = some_tokens(10);
    kernels::ThreadPool other_pool(1);
    Runtime a = make();
    Runtime b(tiny(), {}, other_pool, 1, kContext);
    const std::vector<float> first = run(a, 0, tokens);
    run(b, 0, some_tokens(10, 5));
    b.clear(0);
    EXPECT_LT(largest_difference(run(b, 0, tokens), first), 1e-4F);
    a.clear(0);
    EXPECT_EQ(run(a, 0, tokens), first);
}

TEST_F(RuntimeTest, TheNumberOfThreadsChangesNothingThatMatters) {
    const std::vector<TokenId> tokens = some_tokens(33);
    Runtime two = make();
    const std::vector<float> expected = run(two, 0, tokens, true);
    for (const int threads : {1, 3, 5}) {
        kernels::ThreadPool pool(threads);
        Runtime runtime(tiny(), {}, pool, 1, kContext);
        EXPECT_LT(largest_difference(run(runtime, 0, tokens, true), expected), 1e-4F);
    }
}

std::string message_of(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

TEST_F(RuntimeTest, RefusesWhatItHasNoRoomFor) {
    const std::string too_long = message_of([&] { make({}, 1, tiny().config.context_length + 1); });
    EXPECT_NE(too_long.find(std::to_string(tiny().config.context_length)), std::string::npos)
        << too_long;

    Runtime runtime = make({}, 2, 16);
    run(runtime, 0, some_tokens(10));
    const std::string overflow = message_of([&] { run(runtime, 0, some_tokens(7)); });
    for (const char* number : {"10", "7", "17", "16"})
        EXPECT_NE(overflow.find(number), std::string::npos) << overflow;
    EXPECT_EQ(runtime.length(0), 10);
    run(runtime, 0, some_tokens(6));
    EXPECT_EQ(runtime.length(0), 16);

    EXPECT_FALSE(message_of([&] { runtime.forward({}); }).empty());
    EXPECT_FALSE(message_of([&] { run(runtime, 2, some_tokens(1)); }).empty());
    EXPECT_FALSE(message_of([&] { run(runtime, -1, some_tokens(1)); }).empty());
    EXPECT_FALSE(message_of([&] { run(runtime, 1, {}); }).empty());
    EXPECT_FALSE(message_of([&] { run(runtime, 1, std::vector<TokenId>{-1}); }).empty());
    const auto outside = static_cast<TokenId>(tiny().config.n_vocab);
    EXPECT_FALSE(message_of([&] { run(runtime, 1, std::vector<TokenId>{outside}); }).empty());
    const std::vector<TokenId> one{1};
    const std::vector<SequenceInput> twice{{1, one}, {1, one}};
    EXPECT_FALSE(message_of([&] { runtime.forward(twice); }).empty());
}

TEST_F(RuntimeTest, RefusesAConfigurationThatMakesNoSense) {
    const auto refused = [&](auto change) {
        RunConfig config;
        change(config);
        return !message_of([&] { make(config, 2); }).empty();
    };
    EXPECT_FALSE(refused([](RunConfig&) {}));
    EXPECT_TRUE(refused([](RunConfig& c) { c.batch_size = 0; }));
    EXPECT_TRUE(refused([](RunConfig& c) { c.batch_size = 3; }));
    EXPECT_TRUE(refused([](RunConfig& c) { c.prefill_chunk = 0; }));
    EXPECT_TRUE(refused([](RunConfig& c) { c.attention = {AttentionMask::Kind::window, 0, 4}; }));
    EXPECT_TRUE(refused([](RunConfig& c) { c.attention = {AttentionMask::Kind::window, 4, -1}; }));
}

TEST_F(RuntimeTest, ACancelledPassLeavesTheSequenceAsItWas) {
    const std::vector<TokenId> tokens = some_tokens(12);
    for (const KvStorage storage : {KvStorage::f32, KvStorage::off}) {
        RunConfig config;
        config.kv_cache = storage;
        Runtime runtime = make(config);
        run(runtime, 0, std::span(tokens).first(8));
        std::stop_source stop;
        stop.request_stop();
        const SequenceInput more{0, std::span(tokens).subspan(8), false};
        EXPECT_THROW(runtime.forward({&more, 1}, Progress{{}, stop.get_token()}), Cancelled);
        EXPECT_EQ(runtime.length(0), 8);
        Runtime fresh = make(config);
        run(fresh, 0, std::span(tokens).first(8));
        EXPECT_EQ(run(runtime, 0, std::span(tokens).subspan(8)),
                  run(fresh, 0, std::span(tokens).subspan(8)));
    }
}

TEST_F(RuntimeTest, CountersShowWhatEngaged) {
    const ModelConfig& shape = tiny().config;
    const std::int64_t per_pair = shape.n_layers * shape.n_heads;
    const std::vector<TokenId> tokens = some_tokens(10);
    const auto after = [&](const RunConfig& config) {
        Runtime runtime = make(config);
        run(runtime, 0, tokens);
        run(runtime, 0, std::vector<TokenId>{1});
        return runtime.counters();
    };
    const Runtime::Counters dense = after({});
    EXPECT_EQ(dense.forward_tokens, 11);
    EXPECT_EQ(dense.attended_pairs, 66 * per_pair);
    EXPECT_EQ(dense.dense_pairs, 66 * per_pair);
    EXPECT_EQ(dense.recomputed_tokens, 0);
    EXPECT_EQ(dense.batched_tokens, 0);
    EXPECT_EQ(dense.non_finite_rows, 0);

    RunConfig windowed;
    windowed.attention = {AttentionMask::Kind::window, 3, 1};
    EXPECT_EQ(after(windowed).attended_pairs, (1 + 2 + 3 + 8 * 4) * per_pair);
    EXPECT_EQ(after(windowed).dense_pairs, 66 * per_pair);

    RunConfig off;
    off.kv_cache = KvStorage::off;
    EXPECT_EQ(after(off).recomputed_tokens, 10);
    EXPECT_EQ(after(off).attended_pairs, (55 + 66) * per_pair);
    EXPECT_EQ(after(off).dense_pairs, 66 * per_pair);
    EXPECT_EQ(after(off).forward_tokens, 11);

    RunConfig batched;
    batched.batch_size = 2;
    Runtime runtime = make(batched, 2);
    const std::vector<TokenId> one{1};
    const std::vector<SequenceInput> prefill{{0, tokens}, {1, one}};
    const std::vector<SequenceInput> decode{{0, one}, {1, one}};
    runtime.forward(prefill);
    EXPECT_EQ(runtime.counters().batched_tokens, 0);
    runtime.forward(decode);
    EXPECT_EQ(runtime.counters().batched_tokens, 2);
}

TEST_F(RuntimeTest, CountsOutputsThatAreNotFinite) {
    Checkpoint checkpoint = tiny_checkpoint();
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.name != "blk.0.ffn_down.weight") continue;
        auto values = std::make_shared<std::vector<float>>(expand_tensor(tensor));
        (*values)[5] = std::numeric_limits<float>::quiet_NaN();
        tensor.data = std::as_bytes(std::span(*values));
        tensor.owner = values;
    }
    const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
    Runtime runtime(*model, {}, pool_, 1, kContext);
    run(runtime, 0, some_tokens(6), true);
    EXPECT_EQ(runtime.counters().non_finite_rows, 6);
}

}  // namespace
}  // namespace hone
