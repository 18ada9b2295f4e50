// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "kernels/attention/attention.h"
#include "kernels/convert/convert.h"
#include "tests/kernels/stored_rows.h"

namespace hone::kernels {
namespace {

constexpr std::array kKvTypes{KvType::f32, KvType::f16, KvType::i8};
constexpr std::array<const char*, 3> kKvNames{"f32", "f16", "i8"};

// Keys or values of all heads: filled through store_kv, so that the two agree on the layout. Rows have a gap behind them.
struct Cache {
    Cache(KvType kv_type, std::int64_t kv_heads, std::int64_t positions, std::int64_t head_dim,
          std::uint32_t seed, Isa isa)
        : type(kv_type), dim(head_dim), row_stride(head_dim + 4), scale_stride(positions + 3) {
        const std::int64_t element = type == KvType::f32 ? 4 : type == KvType::f16 ? 2 : 1;
        const std::int64_t head_stride = positions * row_stride + 8;
        data.resize(static_cast<std::size_t>(kv_heads * head_stride * element));
        scales.resize(static_cast<std::size_t>(kv_heads * scale_stride));
        for (std::int64_t h = 0; h < kv_heads; ++h) {
            const std::vector<float> rows =
                random_floats(positions * head_dim, seed + static_cast<std::uint32_t>(h));
            store_kv(type, rows.data(), data.data() + h * head_stride * element,
                     scales.data() + h * scale_stride, positions, row_stride, head_dim, isa);
        }
        view = {type,        data.data(), type == KvType::i8 ? scales.data() : nullptr,
                head_stride, row_stride,  scale_stride};
    }
    double value(std::int64_t head, std::int64_t position, std::int64_t i) const {
        const std::int64_t at = head * view.head_stride + position * row_stride + i;
        if (type == KvType::f32) {
            float v = 0;
            std::memcpy(&v, data.data() + 4 * at, 4);
            return v;
        }
        if (type == KvType::f16) {
            std::uint16_t v = 0;
            std::memcpy(&v, data.data() + 2 * at, 2);
            return half_value(v);
        }
        return static_cast<double>(scales[static_cast<std::size_t>(head * scale_stride + position)]) *
               static_cast<std::int8_t>(data[static_cast<std::size_t>(at)]);
    }

    KvType type;
    std::int64_t dim, row_stride, scale_stride;
    std::vector<std::byte> data;
    std::vector<float> scales;
    KvView view{};
};

struct Sizes {
    std::int64_t tokens, n_heads, n_kv_heads, head_dim, positions;
};

bool attends(const MaskRow& mask, std::int64_t p) {
    return p < mask.sinks || (p >= mask.begin && p < mask.end);
}

// The last `tokens` positions are queries; `window` and `sinks` as a window policy gives them.
std::vector<MaskRow> causal(const Sizes& s, std::int64_t window, std::int64_t sinks) {
    std::vector<MaskRow> rows;
    for (std::int64_t t = 0; t < s.tokens; ++t) {
        const std::int64_t end = s.positions - s.tokens + t + 1;
        const std::int64_t begin = std::max<std::int64_t>(0, end - window);
        rows.push_back({std::min(sinks, begin), begin, end});
    }
    return rows;
}

struct Case {
    Case(const Sizes& s, KvType type, Isa isa)
        : sizes(s),
          q(random_floats(s.tokens * (s.n_heads * s.head_dim + 6), 21)),
          keys(type, s.n_kv_heads, s.positions, s.head_dim, 22, isa),
          values(type, s.n_kv_heads, s.positions, s.head_dim, 23, isa) {}

    std::vector<float> run(const std::vector<MaskRow>& mask, const Context& context) const {
        const std::int64_t stride = sizes.n_heads * sizes.head_dim;
        std::vector<float> out(static_cast<std::size_t>(sizes.tokens * (stride + 2)), -77.0F);
        attention({q.data(), out.data(), stride + 6, stride + 2, keys.view, values.view, mask.data(),
                   sizes.tokens, sizes.n_heads, sizes.n_kv_heads, sizes.head_dim, scale()},
                  context);
        return out;
    }
    float scale() const { return 1.0F / std::sqrt(static_cast<float>(sizes.head_dim)); }

    std::vector<double> expected(const MaskRow& mask, std::int64_t token, std::int64_t head) const {
        const std::int64_t kv_head = head / (sizes.n_heads / sizes.n_kv_heads), dim = sizes.head_dim;
        const float* const query = q.data() + token * (sizes.n_heads * dim + 6) + head * dim;
        std::vector<double> scores, sum(static_cast<std::size_t>(dim));
        double most = -1e300, total = 0;
        for (std::int64_t p = 0; p < sizes.positions; ++p) {
            double score = 0;
            for (std::int64_t i = 0; i < dim; ++i)
                score += static_cast<double>(query[i]) * keys.value(kv_head, p, i);
            scores.push_back(attends(mask, p) ? score * static_cast<double>(scale()) : -1e300);
            most = std::max(most, scores.back());
        }
        for (std::int64_t p = 0; p < sizes.positions; ++p) {
            if (!attends(mask, p)) continue;
            const double weight = std::exp(scores[static_cast<std::size_t>(p)] - most);
            total += weight;
            for (std::int64_t i = 0; i < dim; ++i)
                sum[static_cast<std::size_t>(i)] += weight * values.value(kv_head, p, i);
        }
        for (double& v : sum) v /= total;
        return sum;
    }

    Sizes sizes;
    std::vector<float> q;
    Cache keys, values;
};

void check(const Sizes& s, KvType type, Isa isa, std::int64_t window, std::int64_t sinks, Machine& machine) {
    const Case the_case(s, type, isa);
    const std::vector<MaskRow> mask = causal(s, window, sinks);
    const std::vector<float> out = the_case.run(mask, machine.on(isa));
    const std::int64_t stride = s.n_heads * s.head_dim + 2;
    for (std::int64_t t = 0; t < s.tokens; ++t) {
        for (std::int64_t h = 0; h < s.n_heads; ++h) {
            const std::vector<double> expected = the_case.expected(mask[static_cast<std::size_t>(t)], t, h);
            for (std::int64_t i = 0; i < s.head_dim; ++i)
                ASSERT_NEAR(out[static_cast<std::size_t>(t * stride + h * s.head_dim + i)],
                            expected[static_cast<std::size_t>(i)], 4e-6)
                    << kKvNames[static_cast<std::size_t>(type)] << " " << isa_name(isa) << " tokens "
                    << s.tokens << " positions " << s.positions << " window " << window << " token " << t
                    << " head " << h;
        }
        for (std::int64_t i = stride - 2; i < stride; ++i)
            ASSERT_EQ(out[static_cast<std::size_t>(t * stride + i)], -77.0F) << "wrote between rows of out";
    }
}

class Attention : public testing::TestWithParam<Isa> {
protected:
    Machine machine_{2};
};
INSTANTIATE_TEST_SUITE_P(EverySet, Attention,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()));

TEST_P(Attention, AgreesWithTheReference) {
    for (const KvType type : kKvTypes) {
        check({1, 9, 3, 64, 1}, type, GetParam(), 1000, 0, machine_);
        check({1, 9, 3, 64, 131}, type, GetParam(), 1000, 0, machine_);
        check({2, 4, 4, 32, 70}, type, GetParam(), 1000, 0, machine_);
        check({3, 9, 3, 64, 65}, type, GetParam(), 1000, 0, machine_);
        check({33, 6, 2, 64, 33}, type, GetParam(), 1000, 0, machine_);
        check({70, 4, 2, 64, 200}, type, GetParam(), 1000, 0, machine_);
    }
}

TEST_P(Attention, TakesHeadDimensionsThatAreNoMultipleOfAVector) {
    for (const KvType type : kKvTypes) {
        for (const std::int64_t dim : {1, 6, 20, 80, 100}) {
            check({1, 2, 1, dim, 40}, type, GetParam(), 1000, 0, machine_);
            check({20, 2, 1, dim, 40}, type, GetParam(), 1000, 0, machine_);
        }
    }
}

TEST_P(Attention, AttendsWindowsAndSinks) {
    for (const KvType type : kKvTypes) {
        check({1, 6, 2, 32, 300}, type, GetParam(), 100, 4, machine_);
        check({40, 6, 2, 32, 300}, type, GetParam(), 100, 4, machine_);
        check({40, 6, 2, 32, 300}, type, GetParam(), 1, 0, machine_);
        check({40, 6, 2, 32, 40}, type, GetParam(), 7, 3, machine_);
    }
}

// [0, n) may be written as a window, as sinks and a window, or as sinks alone: the bits are the same.
TEST_P(Attention, EqualPositionsGiveEqualBitsWhateverTheMask) {
    for (const KvType type : kKvTypes) {
        for (const Sizes& s : {Sizes{1, 6, 2, 64, 200}, Sizes{3, 6, 2, 64, 200}, Sizes{50, 6, 2, 64, 200}}) {
            const Case the_case(s, type, GetParam());
            const std::vector<MaskRow> dense = causal(s, 1000, 0);
            const std::vector<float> expected = the_case.run(dense, machine_.on(GetParam()));
            EXPECT_EQ(the_case.run(causal(s, s.positions, 4), machine_.on(GetParam())), expected);
            for (const std::int64_t sinks : {1, 4, 64, 100}) {
                std::vector<MaskRow> split = dense, alone = dense;
                for (MaskRow& row : split) row.sinks = row.begin = std::min(sinks, row.end);
                for (MaskRow& row : alone) row = {row.end, row.end, row.end};
                EXPECT_EQ(the_case.run(split, machine_.on(GetParam())), expected) << sinks;
                EXPECT_EQ(the_case.run(alone, machine_.on(GetParam())), expected) << sinks;
            }
        }
    }
}

// What lies in positions that no query attends must not matter, not even NaN.
TEST_P(Attention, NeverReadsWhatNobodyAttends) {
    for (const std::int64_t tokens : {1, 30}) {
        const Sizes s{tokens, 4, 2, 32, 120};
        Case the_case(s, KvType::f32, GetParam());
        std::vector<MaskRow> mask = causal(s, 1000, 0);
        for (MaskRow& row : mask) row.end = 60;
        const std::vector<float> expected = the_case.run(mask, machine_.on(GetParam()));
        for (Cache* cache : {&the_case.keys, &the_case.values}) {
            auto* const data = reinterpret_cast<float*>(cache->data.data());
            for (std::int64_t h = 0; h < 2; ++h) {
                for (std::int64_t p = 60; p < 120; ++p) {
                    for (std::int64_t i = 0; i < 32; ++i)
                        data[h * cache->view.head_stride + p * cache->row_stride + i] = std::nanf("");
                }
            }
        }
        EXPECT_EQ(the_case.run(mask, machine_.on(GetParam())), expected) << tokens;
    }
}

TEST_P(Attention, ThreadsDoNotChangeTheBits) {
    const Case the_case({70, 6, 2, 64, 150}, KvType::f16, GetParam());
    const std::vector<MaskRow> mask = causal(the_case.sizes, 1000, 0);
    Machine one(1), five(5);
    EXPECT_EQ(the_case.run(mask, one.on(GetParam())), the_case.run(mask, five.on(GetParam())));
}

// Scores far beyond e's range in fp32 must not overflow.
TEST_P(Attention, SurvivesLargeScores) {
    for (const std::int64_t tokens : {1, 20}) {
        Case the_case({tokens, 2, 1, 32, 90}, KvType::f32, GetParam());
        for (float& v : the_case.q) v *= 1000.0F;
        const std::vector<MaskRow> mask = causal(the_case.sizes, 1000, 0);
        for (const float v : the_case.run(mask, machine_.on(GetParam()))) ASSERT_TRUE(std::isfinite(v));
    }
}

TEST_P(Attention, StoredRowsAreTheNearestOnes) {
    const std::int64_t rows = 5, dim = 37, stride = 40;
    std::vector<float> source = random_floats(rows * dim, 31);
    std::fill_n(source.begin(), dim, 0.0F);
    std::vector<std::uint16_t> halves(static_cast<std::size_t>(rows * stride), 0x5555U);
    store_kv(KvType::f16, source.data(), halves.data(), nullptr, rows, stride, dim, GetParam());
    std::vector<std::int8_t> bytes(static_cast<std::size_t>(rows * stride), 85);
    std::vector<float> scales(static_cast<std::size_t>(rows));
    store_kv(KvType::i8, source.data(), bytes.data(), scales.data(), rows, stride, dim, GetParam());
    for (std::int64_t r = 0; r < rows; ++r) {
        float absmax = 0;
        for (std::int64_t i = 0; i < dim; ++i)
            absmax = std::max(absmax, std::abs(source[static_cast<std::size_t>(r * dim + i)]));
        const float scale = scales[static_cast<std::size_t>(r)];
        EXPECT_FLOAT_EQ(scale, absmax / 127.0F);
        for (std::int64_t i = 0; i < dim; ++i) {
            const float value = source[static_cast<std::size_t>(r * dim + i)];
            const auto at = static_cast<std::size_t>(r * stride + i);
            EXPECT_EQ(halves[at], f32_to_f16(value));
            EXPECT_NEAR(scale * static_cast<float>(bytes[at]), value, 0.50001F * scale);
        }
        for (std::int64_t i = dim; i < stride; ++i) {
            EXPECT_EQ(halves[static_cast<std::size_t>(r * stride + i)], 0x5555U);
            EXPECT_EQ(bytes[static_cast<std::size_t>(r * stride + i)], 85);
        }
    }
}

}  // namespace
}  // namespace hone::kernels
