// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "engine/core/error.h"
#include "engine/runtime/kv_cache.h"
#include "kernels/convert/convert.h"

namespace hone {
namespace {

ModelConfig shape() {
    ModelConfig config;
    config.n_layers = 2;
    config.n_heads = 6;
    config.n_kv_heads = 3;
    config.head_dim = 8;
    return config;
}

float key_value(std::int64_t layer, std::int64_t position, std::int64_t head, std::int64_t i) {
    return std::sin(static_cast<float>(1000 * layer + 100 * position + 10 * head + i));
}

float read(const kernels::KvView& view, std::int64_t head, std::int64_t position, std::int64_t i) {
    const std::int64_t at = head * view.head_stride + position * view.row_stride + i;
    if (view.type == kernels::KvType::f32) return static_cast<const float*>(view.data)[at];
    if (view.type == kernels::KvType::f16)
        return kernels::f16_to_f32(static_cast<const std::uint16_t*>(view.data)[at]);
    return static_cast<float>(static_cast<const std::int8_t*>(view.data)[at]) *
           view.scales[head * view.scale_head_stride + position];
}

class KvCacheOf : public ::testing::TestWithParam<KvStorage> {
protected:
    // Appends `tokens` positions; values are the keys negated.
    void append(CpuKvCache& cache, std::int64_t tokens) {
        cache.reserve(cache.length() + tokens);
        for (std::int64_t layer = 0; layer < config_.n_layers; ++layer) {
            std::vector<float> k, v;
            for (std::int64_t t = 0; t < tokens; ++t) {
                for (std::int64_t head = 0; head < config_.n_kv_heads; ++head) {
                    for (std::int64_t i = 0; i < config_.head_dim; ++i) {
                        k.push_back(key_value(layer, cache.length() + t, head, i));
                        v.push_back(-k.back());
                    }
                }
            }
            cache.append(layer, k.data(), v.data(), tokens, context_);
        }
        cache.advance(tokens);
    }

    void expect_holds(const CpuKvCache& cache, std::int64_t length) const {
        // Half an ulp of f16 near 1; half a step of i8 at absmax 1.
        const float bound = GetParam() == KvStorage::f32   ? 0
                            : GetParam() == KvStorage::f16 ? 2.5e-4F
                                                           : 0.5F / 127 + 1e-6F;
        ASSERT_EQ(cache.length(), length);
        for (std::int64_t layer = 0; layer < config_.n_layers; ++layer) {
            for (std::int64_t p = 0; p < length; ++p) {
                for (std::int64_t head = 0; head < config_.n_kv_heads; ++head) {
                    for (std::int64_t i = 0; i < config_.head_dim; ++i) {
                        const float expected = key_value(layer, p, head, i);
                        ASSERT_NEAR(read(cache.keys(layer), head, p, i), expected, bound)
                            << layer << ' ' << p;
                        ASSERT_NEAR(read(cache.values(layer), head, p, i), -expected, bound)
                            << layer << ' ' << p;
                    }
                }
            }
        }
    }

    ModelConfig config_ = shape();
    kernels::ThreadPool pool_{2};
    kernels::Workspace workspace_{2};
    kernels::Context context_{kernels::best_isa(), pool_, workspace_};
};

TEST_P(KvCacheOf, KeepsWhatWasAppendedWhileItGrows) {
    const auto cache = make_contiguous_kv_cache(config_, GetParam(), 1000);
    EXPECT_EQ(cache->bytes(), 0);
    for (const std::int64_t tokens : {3, 1, 59, 1, 1, 700, 1}) append(*cache, tokens);
    expect_holds(*cache, 766);
}

TEST_P(KvCacheOf, ForgetsWhatIsTrimmedAndGoesOnFromThere) {
    const auto cache = make_contiguous_kv_cache(config_, GetParam(), 200);
    append(*cache, 100);
    cache->trim(40);
    expect_holds(*cache, 40);
    cache->trim(60);
    EXPECT_EQ(cache->length(), 40) << "trimming never lengthens";
    append(*cache, 50);
    expect_holds(*cache, 90);
    cache->clear();
    EXPECT_EQ(cache->length(), 0);
    append(*cache, 5);
    expect_holds(*cache, 5);
}

TEST_P(KvCacheOf, RowsThatWereNotAdvancedOverLeaveNoTrace) {
    const auto cache = make_contiguous_kv_cache(config_, GetParam(), 200);
    append(*cache, 10);
    const std::vector<float> other(static_cast<std::size_t>(config_.n_kv_heads * config_.head_dim),
                                   9.0F);
    cache->reserve(11);
    cache->append(0, other.data(), other.data(), 1, context_);
    expect_holds(*cache, 10);
    append(*cache, 1);
    expect_holds(*cache, 11);
}

TEST_P(KvCacheOf, BytesAreThoseOfItsCapacity) {
    const auto cache = make_contiguous_kv_cache(config_, GetParam(), 640);
    append(*cache, 640);
    EXPECT_EQ(cache->bytes(), contiguous_kv_bytes(config_, GetParam(), 640));
    const std::int64_t row = GetParam() == KvStorage::f32   ? 32
                             : GetParam() == KvStorage::f16 ? 16
                                                            : 8 + 4;
    EXPECT_EQ(cache->bytes(), row * 2 * 2 * 3 * 640);
}

// Beyond its range a key would be infinite, and silence or drown all others without a word.
TEST_P(KvCacheOf, RefusesWhatItCannotHold) {
    const auto count = static_cast<std::size_t>(config_.n_kv_heads * config_.head_dim);
    const auto paged = make_paged_kv_cache(std::make_shared<KvBlocks>(config_, GetParam(), 4));
    const auto contiguous = make_contiguous_kv_cache(config_, GetParam(), 200);
    for (CpuKvCache* cache : {contiguous.get(), paged.get()}) {
        cache->reserve(1);
        for (const float value : {65504.0F, -65519.0F, 65520.0F, -1e6F, INFINITY, std::nanf("")}) {
            std::vector<float> good(count, 1.0F), bad = good;
            bad[count - 1] = value;
            const bool held =
                GetParam() == KvStorage::f32 ||
                (std::isfinite(value) && (GetParam() == KvStorage::i8 || std::abs(value) < 65520));
            for (const auto& [k, v] : {std::pair(&bad, &good), std::pair(&good, &bad)}) {
                if (held) {
                    EXPECT_NO_THROW(cache->append(1, k->data(), v->data(), 1, context_)) << value;
                    continue;
                }
                try {
                    cache->append(1, k->data(), v->data(), 1, context_);
                    FAIL() << value;
                } catch (const Error& error) {
                    EXPECT_NE(error.details().field.find(k == &bad ? "keys of layer 1"
                                                                   : "values of layer 1"),
                              std::string::npos);
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Storage, KvCacheOf,
                         ::testing::Values(KvStorage::f32, KvStorage::f16, KvStorage::i8));

TEST(KvCache, CapacityGrowsByHalfAndEndsAtTheContext) {
    EXPECT_EQ(next_kv_capacity(0, 1, 4096), 64);
    EXPECT_EQ(next_kv_capacity(0, 512, 4096), 512);
    EXPECT_EQ(next_kv_capacity(512, 513, 4096), 768);
    EXPECT_EQ(next_kv_capacity(512, 400, 4096), 512);
    EXPECT_EQ(next_kv_capacity(512, 513, 640), 640);
    EXPECT_EQ(next_kv_capacity(0, 5, 5), 5);
}

}  // namespace
}  // namespace hone
