// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
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

// Keys or values of all heads: filled through store_kv, so that the two agree on the layout. Rows
// have a gap behind them.
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
        return static_cast<double>(
                   scales[static_cast<std::size_t>(head * scale_stride + position)]) *
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

    std::vector<float> run(const std::vector<MaskRow>& mask, const Context& context,
                           const PageSelection& pages = {}, float* mass = nullptr) const {
        const std::int64_t stride = sizes.n_heads * sizes.head_dim;
        std::vector<float> out(static_cast<std::size_t>(sizes.tokens * (stride + 2)), -77.0F);
        attention(
            {q.data(), out.data(), stride + 6, stride + 2, keys.view, values.view, mask.data(),
             sizes.tokens, sizes.n_heads, sizes.n_kv_heads, sizes.head_dim, scale(), pages, mass},
            context);
        return out;
    }
    float scale() const { return 1.0F / std::sqrt(static_cast<float>(sizes.head_dim)); }

    std::vector<double> expected(const MaskRow& mask, std::int64_t token, std::int64_t head) const {
        return expected_of([&mask](std::int64_t p) { return attends(mask, p); }, token, head);
    }
    template <typename Attends>
    std::vector<double> expected_of(const Attends& attended, std::int64_t token, std::int64_t head,
                                    std::int64_t everything = 0, double* mass = nullptr) const {
        const std::int64_t kv_head = head / (sizes.n_heads / sizes.n_kv_heads),
                           dim = sizes.head_dim;
        const float* const query = q.data() + token * (sizes.n_heads * dim + 6) + head * dim;
        std::vector<double> scores, sum(static_cast<std::size_t>(dim));
        double most = -1e300, total = 0;
        for (std::int64_t p = 0; p < sizes.positions; ++p) {
            double score = 0;
            for (std::int64_t i = 0; i < dim; ++i)
                score += static_cast<double>(query[i]) * keys.value(kv_head, p, i);
            scores.push_back(score * static_cast<double>(scale()));
            if (attended(p)) most = std::max(most, scores.back());
        }
        double all = 0;
        for (std::int64_t p = 0; p < sizes.positions; ++p) {
            const double weight = std::exp(scores[static_cast<std::size_t>(p)] - most);
            if (p < everything) all += weight;
            if (!attended(p)) continue;
            total += weight;
            for (std::int64_t i = 0; i < dim; ++i)
                sum[static_cast<std::size_t>(i)] += weight * values.value(kv_head, p, i);
        }
        if (mass != nullptr) *mass = total / all;
        for (double& v : sum) v /= total;
        return sum;
    }

    Sizes sizes;
    std::vector<float> q;
    Cache keys, values;
};

void check(const Sizes& s, KvType type, Isa isa, std::int64_t window, std::int64_t sinks,
           Machine& machine) {
    const Case the_case(s, type, isa);
    const std::vector<MaskRow> mask = causal(s, window, sinks);
    const std::vector<float> out = the_case.run(mask, machine.on(isa));
    const std::int64_t stride = s.n_heads * s.head_dim + 2;
    for (std::int64_t t = 0; t < s.tokens; ++t) {
        for (std::int64_t h = 0; h < s.n_heads; ++h) {
            const std::vector<double> expected =
                the_case.expected(mask[static_cast<std::size_t>(t)], t, h);
            for (std::int64_t i = 0; i < s.head_dim; ++i)
                ASSERT_NEAR(out[static_cast<std::size_t>(t * stride + h * s.head_dim + i)],
                            expected[static_cast<std::size_t>(i)], 4e-6)
                    << kKvNames[static_cast<std::size_t>(type)] << " " << isa_name(isa)
                    << " tokens " << s.tokens << " positions " << s.positions << " window "
                    << window << " token " << t << " head " << h;
        }
        for (std::int64_t i = stride - 2; i < stride; ++i)
            ASSERT_EQ(out[static_cast<std::size_t>(t * stride + i)], -77.0F)
                << "wrote between rows of out";
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

// [0, n) may be written as a window, as sinks and a window, or as sinks alone: the bits are the
// same.
TEST_P(Attention, EqualPositionsGiveEqualBitsWhateverTheMask) {
    for (const KvType type : kKvTypes) {
        for (const Sizes& s :
             {Sizes{1, 6, 2, 64, 200}, Sizes{3, 6, 2, 64, 200}, Sizes{50, 6, 2, 64, 200}}) {
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
                        data[h * cache->view.head_stride + p * cache->row_stride + i] =
                            std::nanf("");
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
        for (const float v : the_case.run(mask, machine_.on(GetParam())))
            ASSERT_TRUE(std::isfinite(v));
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

// Pages
// -------------------------------------------------------------------------------------------------

// [pages][n_kv_heads][2][head_dim]: the smallest and largest key of every channel.
std::vector<float> bounds_of(const Case& the_case, std::int64_t page) {
    const Sizes& s = the_case.sizes;
    std::vector<float> bounds;
    for (std::int64_t first = 0; first < s.positions; first += page) {
        for (std::int64_t head = 0; head < s.n_kv_heads; ++head) {
            std::vector<float> low(static_cast<std::size_t>(s.head_dim), 1e30F),
                high(low.size(), -1e30F);
            for (std::int64_t p = first; p < std::min(first + page, s.positions); ++p) {
                for (std::int64_t i = 0; i < s.head_dim; ++i) {
                    const auto at = static_cast<std::size_t>(i);
                    const auto value = static_cast<float>(the_case.keys.value(head, p, i));
                    low[at] = std::min(low[at], value);
                    high[at] = std::max(high[at], value);
                }
            }
            bounds.insert(bounds.end(), low.begin(), low.end());
            bounds.insert(bounds.end(), high.begin(), high.end());
        }
    }
    return bounds;
}

// The pages that a query attends, by sorting.
std::vector<bool> chosen_pages(const Case& the_case, const std::vector<float>& bounds,
                               std::int64_t token, std::int64_t kv_head, std::int64_t pages,
                               std::int64_t keep) {
    const Sizes& s = the_case.sizes;
    const std::int64_t group = s.n_heads / s.n_kv_heads;
    std::vector<std::pair<double, std::int64_t>> ranked;
    for (std::int64_t page = 0; page + 1 < pages; ++page) {
        double best = -1e300;
        for (std::int64_t g = 0; g < group; ++g) {
            const float* const query = the_case.q.data() + token * (s.n_heads * s.head_dim + 6) +
                                       (kv_head * group + g) * s.head_dim;
            const float* const low =
                bounds.data() + (page * s.n_kv_heads + kv_head) * 2 * s.head_dim;
            double bound = 0;
            for (std::int64_t i = 0; i < s.head_dim; ++i)
                bound += std::max(
                    static_cast<double>(query[i]) * static_cast<double>(low[i]),
                    static_cast<double>(query[i]) * static_cast<double>(low[s.head_dim + i]));
            best = std::max(best, bound);
        }
        ranked.emplace_back(-best, page);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<bool> chosen(static_cast<std::size_t>(pages));
    chosen.back() = true;
    for (std::int64_t i = 0; i + 1 < keep && i < std::ssize(ranked); ++i)
        chosen[static_cast<std::size_t>(ranked[static_cast<std::size_t>(i)].second)] = true;
    return chosen;
}

TEST_P(Attention, AttendsThePagesThatPromiseMost) {
    constexpr std::int64_t kPage = 16;
    for (const Sizes& s :
         {Sizes{1, 6, 2, 32, 150}, Sizes{20, 6, 2, 20, 144}, Sizes{40, 4, 4, 32, 150}}) {
        for (const std::int64_t keep : {1, 3, 6}) {
            const Case the_case(s, KvType::f32, GetParam());
            const std::vector<float> bounds = bounds_of(the_case, kPage);
            const std::vector<MaskRow> mask = causal(s, 1000, 0);
            std::vector<float> mass(static_cast<std::size_t>(s.tokens * s.n_heads));
            const std::vector<float> out =
                the_case.run(mask, machine_.on(GetParam()), {bounds.data(), 4, keep}, mass.data());
            for (std::int64_t t = 0; t < s.tokens; ++t) {
                const std::int64_t end = mask[static_cast<std::size_t>(t)].end;
                for (std::int64_t h = 0; h < s.n_heads; ++h) {
                    const auto chosen =
                        chosen_pages(the_case, bounds, t, h / (s.n_heads / s.n_kv_heads),
                                     (end + kPage - 1) / kPage, keep);
                    const auto attended = [&](std::int64_t p) {
                        return p < end && chosen[static_cast<std::size_t>(p / kPage)];
                    };
                    double kept = 0;
                    const std::vector<double> expected =
                        the_case.expected_of(attended, t, h, end, &kept);
                    for (std::int64_t i = 0; i < s.head_dim; ++i)
                        ASSERT_NEAR(out[static_cast<std::size_t>(t * (s.n_heads * s.head_dim + 2) +
                                                                 h * s.head_dim + i)],
                                    expected[static_cast<std::size_t>(i)], 4e-6)
                            << "keep " << keep << " token " << t << " head " << h;
                    ASSERT_NEAR(mass[static_cast<std::size_t>(t * s.n_heads + h)], kept, 1e-5);
                }
            }
        }
    }
}

TEST_P(Attention, AsManyPagesAsThereAreIsDense) {
    for (const std::int64_t tokens : {1, 30}) {
        const Case the_case({tokens, 6, 2, 32, 150}, KvType::f16, GetParam());
        const std::vector<float> bounds = bounds_of(the_case, 16);
        const std::vector<MaskRow> mask = causal(the_case.sizes, 1000, 0);
        EXPECT_EQ(the_case.run(mask, machine_.on(GetParam()), {bounds.data(), 4, 10}),
                  the_case.run(mask, machine_.on(GetParam())));
    }
}

TEST_P(Attention, MeasuresTheMassInAWindow) {
    const Case the_case({12, 4, 2, 32, 90}, KvType::i8, GetParam());
    const std::vector<MaskRow> mask = causal(the_case.sizes, 20, 3);
    std::vector<float> mass(12 * 4);
    the_case.run(mask, machine_.on(GetParam()), {}, mass.data());
    for (std::int64_t t = 0; t < 12; ++t) {
        for (std::int64_t h = 0; h < 4; ++h) {
            const MaskRow& row = mask[static_cast<std::size_t>(t)];
            double kept = 0;
            the_case.expected_of([&row](std::int64_t p) { return attends(row, p); }, t, h, row.end,
                                 &kept);
            ASSERT_NEAR(mass[static_cast<std::size_t>(t * 4 + h)], kept, 1e-5);
        }
    }
}

// The same rows, scattered over blocks that lie anywhere, give the same bits.
TEST_P(Attention, BlocksGiveTheBitsOfContiguousRows) {
    constexpr std::int64_t kBlock = 32, kPositions = 150, kHeads = 2, kDim = 20;
    for (const KvType type : kKvTypes) {
        const std::int64_t element = type == KvType::f32 ? 4 : type == KvType::f16 ? 2 : 1;
        const std::int64_t data_bytes = kHeads * kBlock * kDim * element;
        for (const std::int64_t tokens : {1, 30}) {
            Case the_case({tokens, 6, kHeads, kDim, kPositions}, type, GetParam());
            const std::vector<MaskRow> mask = causal(the_case.sizes, 1000, 0);
            const std::vector<float> expected = the_case.run(mask, machine_.on(GetParam()));
            std::vector<std::vector<float>> memory;  // floats, so that scales are aligned
            std::vector<std::vector<const std::byte*>> tables(2);
            std::size_t side = 0;
            for (Cache* cache : {&the_case.keys, &the_case.values}) {
                const KvView from = cache->view;
                for (std::int64_t first = 0; first < kPositions; first += kBlock) {
                    std::vector<float>& block = memory.emplace_back(
                        static_cast<std::size_t>(data_bytes / 4 + 2 + kHeads * kBlock));
                    auto* const bytes = reinterpret_cast<std::byte*>(block.data());
                    float* const scales = block.data() + data_bytes / 4 + 1;
                    for (std::int64_t h = 0; h < kHeads; ++h) {
                        for (std::int64_t p = first; p < std::min(first + kBlock, kPositions);
                             ++p) {
                            std::memcpy(bytes + (h * kBlock + p - first) * kDim * element,
                                        static_cast<const std::byte*>(from.data) +
                                            (h * from.head_stride + p * from.row_stride) * element,
                                        static_cast<std::size_t>(kDim * element));
                            if (from.scales != nullptr)
                                scales[h * kBlock + p - first] =
                                    from.scales[h * from.scale_head_stride + p];
                        }
                    }
                    tables[side].push_back(bytes);
                }
                cache->view = {type,
                               nullptr,
                               nullptr,
                               kBlock * kDim,
                               kDim,
                               kBlock,
                               tables[side].data(),
                               5,
                               0,
                               (data_bytes / 4 + 1) * 4};
                ++side;
            }
            EXPECT_EQ(the_case.run(mask, machine_.on(GetParam())), expected)
                << kKvNames[static_cast<std::size_t>(type)] << " tokens " << tokens;
        }
    }
}

}  // namespace
}  // namespace hone::kernels
