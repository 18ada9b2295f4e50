// SPDX-License-Identifier: Apache-2.0
// The paged cache and attention over it on a device, emulated, against a plain softmax in double
// precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <numeric>
#include <random>
#include <set>

#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/attention.h"
#include "kernels/cuda/ops/attention_tiles.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/kernels/stored_rows.h"

namespace hone::cuda {
namespace {

struct Shape {
    std::int64_t n_heads, n_kv_heads, head_dim;
    int block_shift;
};

// Keys and values of two sequences, stored by remember_kernel into blocks that lie in any order.
struct Cached {
    Cached(KvPlane kv_type, const Shape& a_shape, std::vector<std::int64_t> a_lengths)
        : type(kv_type),
          shape(a_shape),
          lengths(std::move(a_lengths)),
          width(shape.n_kv_heads * shape.head_dim) {
        const std::int64_t sequences = std::ssize(lengths);
        std::int64_t longest = 0, rows = 0;
        for (const std::int64_t length : lengths)
            longest = std::max(longest, length), rows += length;
        const std::int64_t positions =
            shape.block_shift == kOneBlock ? longest : std::int64_t{1} << shape.block_shift;
        stride = (longest >> shape.block_shift) + 1;
        // Two layers, of which the second is used; blocks lie in any order.
        const std::int64_t layer_bytes =
            kv_block_bytes(type, positions, shape.n_kv_heads, shape.head_dim);
        const std::int64_t blocks = sequences * stride;
        memory = std::make_unique<DeviceArray<std::byte>>(
            static_cast<std::size_t>(2 * layer_bytes * blocks));
        std::vector<std::byte*> pointers;
        for (std::int64_t i = 0; i < blocks; ++i)
            pointers.push_back(memory->data() + 2 * layer_bytes * i);
        std::shuffle(pointers.begin(), pointers.end(), std::mt19937(5));
        table = std::make_unique<DeviceArray<std::byte*>>(pointers);
        view = {table->data(), stride,           layer_bytes,   shape.block_shift,
                positions,     shape.n_kv_heads, shape.head_dim};

        k = kernels::random_floats(rows * width, 11);
        v = kernels::random_floats(rows * width, 12);
        std::vector<std::int32_t> of, at;
        for (std::int64_t s = 0; s < sequences; ++s) {
            first.push_back(std::ssize(of));
            for (std::int64_t p = 0; p < lengths[static_cast<std::size_t>(s)]; ++p) {
                of.push_back(static_cast<std::int32_t>(s));
                at.push_back(static_cast<std::int32_t>(p));
            }
        }
        // Behind them rows that pad a batch, and would replace the first sequence's first position.
        constexpr std::int64_t kPadding = 3;
        of.insert(of.end(), kPadding, kNoSequence);
        at.insert(at.end(), kPadding, 0);
        std::vector<float> padded_k = k, padded_v = v;
        padded_k.insert(padded_k.end(), static_cast<std::size_t>(kPadding * width), 99.0F);
        padded_v.insert(padded_v.end(), static_cast<std::size_t>(kPadding * width), 99.0F);
        const DeviceArray<float> device_k(padded_k), device_v(padded_v);
        const DeviceArray<std::int32_t> device_of(of), device_at(at);
        const RememberParams params{
            view,           device_k.data(), device_v.data(), device_of.data(), device_at.data(),
            rows + kPadding};
        tested_device().launch({KernelId::remember, static_cast<std::uint16_t>(type)},
                               remember_launch(params), params);
    }

    // What the type leaves of an element.
    double element(bool values, std::int64_t sequence, std::int64_t head, std::int64_t position,
                   std::int64_t i) const {
        const float* const row = (values ? v : k).data() +
                                 (first[static_cast<std::size_t>(sequence)] + position) * width +
                                 head * shape.head_dim;
        switch (type) {
            case KvPlane::f32:
                return static_cast<double>(row[i]);
            case KvPlane::f16:
                return static_cast<double>(to_float(to_f16(row[i])));
            case KvPlane::bf16:
                return static_cast<double>(to_float(to_bf16(row[i])));
            case KvPlane::i8:
                break;
        }
        float largest = 0;
        for (std::int64_t j = 0; j < shape.head_dim; ++j)
            largest = std::max(largest, std::abs(row[j]));
        return std::nearbyint(static_cast<double>(row[i]) * 127 / static_cast<double>(largest)) *
               static_cast<double>(largest) / 127;
    }

    KvPlane type;
    Shape shape;
    std::vector<std::int64_t> lengths;
    std::int64_t width, stride = 0;
    std::vector<std::int64_t> first;  // row of each sequence's first position
    std::vector<float> k, v;
    std::unique_ptr<DeviceArray<std::byte>> memory;
    std::unique_ptr<DeviceArray<std::byte*>> table;
    KvBlocksView view;
};

std::vector<float> attend(const Cached& cached, const std::vector<float>& q,
                          const std::vector<AttendedRow>& rows,
                          const std::vector<std::int32_t>& lists, std::int64_t list_stride,
                          int page_shift, std::int64_t splits, bool tensor_cores = false) {
    const DeviceArray<float> device_q(q);
    const DeviceArray<AttendedRow> device_rows(rows);
    const DeviceArray<std::int32_t> device_lists(lists);
    DeviceArray<float> out(q.size());
    const Shape& shape = cached.shape;
    const std::int64_t count = std::ssize(rows);
    DeviceArray<float> parts(
        static_cast<std::size_t>(count * shape.n_heads * splits * (shape.head_dim + 2)));
    const AttentionParams params{cached.view,
                                 device_q.data(),
                                 out.data(),
                                 device_rows.data(),
                                 device_lists.data(),
                                 list_stride,
                                 page_shift,
                                 count,
                                 shape.n_heads,
                                 1.0F / std::sqrt(static_cast<float>(shape.head_dim)),
                                 splits,
                                 parts.data()};
    if (tensor_cores)
        tested_device().launch({KernelId::attend_tiles, static_cast<std::uint16_t>(cached.type),
                                static_cast<std::uint16_t>(attention_tile_dim(shape.head_dim))},
                               attention_tiles_launch(params), params);
    else
        tested_device().launch({KernelId::attend, static_cast<std::uint16_t>(cached.type)},
                               attention_launch(params), params);
    if (splits > 1) tested_device().launch({KernelId::combine}, combine_launch(params), params);
    return out.values();
}

double as_bf16(double value) {
    return static_cast<double>(to_float(to_bf16(static_cast<float>(value))));
}

// positions(row, kv head) → what the row attends there. `tensor_cores`: queries, keys, values and
// weights are rounded to bf16, which the reference does with all but the weights; these are off by
// at most one part in 256 each.
template <typename Positions>
void expect_softmax(const Cached& cached, const std::vector<float>& q,
                    const std::vector<AttendedRow>& rows, const std::vector<float>& out,
                    Positions positions, bool tensor_cores = false) {
    const Shape& shape = cached.shape;
    const std::int64_t group = shape.n_heads / shape.n_kv_heads;
    for (std::int64_t row = 0; row < std::ssize(rows); ++row) {
        const std::int64_t sequence = rows[static_cast<std::size_t>(row)].sequence;
        for (std::int64_t head = 0; head < shape.n_heads; ++head) {
            const std::int64_t at = (row * shape.n_heads + head) * shape.head_dim;
            const std::vector<std::int64_t> attended = positions(row, head / group);
            const auto element = [&](bool values, std::int64_t position, std::int64_t i) {
                const double stored = cached.element(values, sequence, head / group, position, i);
                return tensor_cores ? as_bf16(stored) : stored;
            };
            const double scale = 1 / std::sqrt(static_cast<double>(shape.head_dim));
            const auto query = [&](std::int64_t i) {
                const auto value = static_cast<double>(q[static_cast<std::size_t>(at + i)]);
                return tensor_cores ? as_bf16(value * scale / std::numbers::ln2) * std::numbers::ln2
                                    : value * scale;
            };
            std::vector<double> weights;
            for (const std::int64_t position : attended) {
                double score = 0;
                for (std::int64_t i = 0; i < shape.head_dim; ++i)
                    score += query(i) * element(false, position, i);
                weights.push_back(std::exp(score));
            }
            const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
            for (std::int64_t i = 0; i < shape.head_dim; ++i) {
                double sum = 0, magnitude = 0;
                for (std::size_t j = 0; j < attended.size(); ++j) {
                    const double part = weights[j] / total * element(true, attended[j], i);
                    sum += part;
                    magnitude += std::abs(part);
                }
                ASSERT_NEAR(out[static_cast<std::size_t>(at + i)], sum,
                            tensor_cores ? magnitude / 256 + 1e-5 : 2e-5)
                    << "row " << row << ", head " << head << ", channel " << i;
            }
        }
    }
}

std::vector<std::int64_t> attended_by(const AttendedRow& row) {
    std::vector<std::int64_t> positions;
    for (std::int64_t p = 0; p < row.end; ++p) {
        if (p < row.sinks || p >= row.begin) positions.push_back(p);
    }
    return positions;
}

class CudaAttention : public testing::TestWithParam<KvPlane> {};
INSTANTIATE_TEST_SUITE_P(EveryStorage, CudaAttention,
                         testing::Values(KvPlane::f32, KvPlane::f16, KvPlane::bf16, KvPlane::i8));

TEST_P(CudaAttention, IsASoftmaxOverTheCache) {
    for (const Shape& shape :
         {Shape{1, 1, 8, 2}, Shape{6, 2, 40, 4}, Shape{7, 1, 64, 3}, Shape{16, 1, 16, 8},
          Shape{2, 2, 32, kOneBlock}, Shape{2, 1, 132, 4}}) {
        const Cached cached(GetParam(), shape, {75, 33});
        // Prompt rows, a decoded row, and the other sequence's first.
        const std::vector<AttendedRow> rows{{0, 0, 0, 1, 0},
                                            {0, 0, 0, 40, 0},
                                            {0, 0, 0, 75, 0},
                                            {1, 0, 0, 1, 0},
                                            {1, 4, 20, 33, 0}};
        const std::vector<float> q =
            kernels::random_floats(std::ssize(rows) * shape.n_heads * shape.head_dim, 13);
        for (const std::int64_t splits : {1, 2, 4}) {
            SCOPED_TRACE(std::to_string(shape.n_heads) + " heads, " + std::to_string(splits) +
                         " splits");
            const std::vector<float> out = attend(cached, q, rows, {}, 0, 4, splits);
            expect_softmax(cached, q, rows, out, [&](std::int64_t row, std::int64_t) {
                return attended_by(rows[static_cast<std::size_t>(row)]);
            });
        }
    }
}

TEST_P(CudaAttention, AttendsPagesOfAList) {
    const Shape shape{4, 2, 24, 5};
    constexpr int kPageShift = 3;
    const Cached cached(GetParam(), shape, {70});
    // The last page of a list is the query's own: position 69 stands in page 8, 30 in page 3.
    const std::vector<AttendedRow> rows{{0, 0, 0, 70, 3}, {0, 0, 0, 31, 2}};
    const std::vector<std::int32_t> lists{0, 5, 8, /**/ 1, 7, 8, /**/ 2, 3, -1, /**/ 0, 3, -1};
    const std::vector<float> q =
        kernels::random_floats(std::ssize(rows) * shape.n_heads * shape.head_dim, 14);
    for (const std::int64_t splits : {1, 3}) {
        const std::vector<float> out = attend(cached, q, rows, lists, 3, kPageShift, splits);
        expect_softmax(cached, q, rows, out, [&](std::int64_t row, std::int64_t kv_head) {
            const AttendedRow& it = rows[static_cast<std::size_t>(row)];
            std::vector<std::int64_t> positions;
            for (std::int32_t i = 0; i < it.pages; ++i) {
                const std::int64_t page =
                    lists[static_cast<std::size_t>((row * 2 + kv_head) * 3 + i)];
                for (std::int64_t p = page << kPageShift;
                     p < std::min<std::int64_t>((page + 1) << kPageShift, it.end); ++p)
                    positions.push_back(p);
            }
            return positions;
        });
    }
}

// A prompt's rows, each with a mask: whole, or a window with sinks.
void add_prompt(std::vector<AttendedRow>& rows, std::int32_t sequence, std::int32_t first,
                std::int32_t last, std::int32_t window = 0) {
    constexpr std::int32_t kSinks = 3;
    for (std::int32_t position = first; position <= last; ++position) {
        const std::int32_t begin =
            window == 0 || position + 1 - window <= kSinks ? 0 : position + 1 - window;
        rows.push_back({sequence, begin == 0 ? 0 : kSinks, begin, position + 1, 0});
    }
}

void expect_tiles(KvPlane type, const Shape& shape, const std::vector<std::int64_t>& lengths,
                  const std::vector<AttendedRow>& rows) {
    SCOPED_TRACE(std::to_string(shape.n_heads) + " heads of " + std::to_string(shape.head_dim) +
                 " channels");
    const Cached cached(type, shape, lengths);
    const std::vector<float> q =
        kernels::random_floats(std::ssize(rows) * shape.n_heads * shape.head_dim, 17);
    const std::vector<float> out = attend(cached, q, rows, {}, 0, 4, 1, true);
    expect_softmax(
        cached, q, rows, out,
        [&](std::int64_t row, std::int64_t) {
            return attended_by(rows[static_cast<std::size_t>(row)]);
        },
        true);
}

TEST_P(CudaAttention, AttendsPromptsOnTensorCores) {
    std::vector<AttendedRow> prompt;
    add_prompt(prompt, 0, 0, 139);
    expect_tiles(GetParam(), {4, 1, 64, 4}, {140}, prompt);
    // Heads that fill neither a tile nor its channels; the end of one prompt that goes on after the
    // cache, and another's rows in the same tile.
    std::vector<AttendedRow> ends;
    add_prompt(ends, 0, 60, 74);
    add_prompt(ends, 1, 0, 32);
    expect_tiles(GetParam(), {6, 2, 72, 5}, {75, 33}, ends);
    expect_tiles(GetParam(), {3, 1, 8, kOneBlock}, {75, 33}, ends);
    expect_tiles(GetParam(), {2, 2, 128, 3}, {75, 33}, ends);
}

TEST_P(CudaAttention, AttendsWindowsOnTensorCores) {
    std::vector<AttendedRow> rows;
    add_prompt(rows, 0, 0, 149, 20);
    add_prompt(rows, 1, 90, 120, 64);
    expect_tiles(GetParam(), {9, 3, 64, 4}, {150, 121}, rows);
}

TEST(CudaAttentionLaunch, TakesTilesWhereTheyAreFilled) {
    KvBlocksView cache;
    cache.n_kv_heads = 8, cache.head_dim = 128;
    EXPECT_TRUE(attends_in_tiles(cache, 32, 2048, 1));
    EXPECT_TRUE(attends_in_tiles(cache, 32, 32, 2));
    EXPECT_FALSE(attends_in_tiles(cache, 32, 31, 2));
    EXPECT_FALSE(attends_in_tiles(cache, 32, 1, 1));
    cache.head_dim = 132;
    EXPECT_FALSE(attends_in_tiles(cache, 32, 2048, 1));
    EXPECT_EQ(attention_tile_rows(9, 3), 21);
    AttentionParams params{};
    cache.head_dim = 72;
    params.cache = cache, params.rows = 33, params.n_heads = 32;
    const Launch launch = attention_tiles_launch(params);
    EXPECT_EQ(launch.grid.x, 3u);
    EXPECT_EQ(launch.grid.y, 8u);
    EXPECT_EQ(launch.shared_bytes, 2u * 64 * 128 * 2);
    EXPECT_LE(launch.shared_bytes, 48u * 1024);  // no more than a block has unasked
}

TEST(CudaAttentionLaunch, SplitsLongContextsOverTheDevice) {
    EXPECT_EQ(attention_splits(1, 8, 100, 132), 1);
    EXPECT_EQ(attention_splits(1, 8, 8192, 132), 33);
    EXPECT_EQ(attention_splits(1, 8, 1024, 132), 8);
    EXPECT_EQ(attention_splits(64, 8, 8192, 132), 1);
}

// Each number of splits is a graph of its own while a context grows.
TEST(CudaAttentionLaunch, SplitsAreFewNumbersAndNeverShorterThanTwoTiles) {
    for (const std::int64_t n_kv_heads : {1, 3, 8}) {
        std::set<std::int64_t> numbers;
        std::int64_t last = 1;
        for (std::int64_t longest = 1; longest <= 131072; ++longest) {
            const std::int64_t splits = attention_splits(1, n_kv_heads, longest, 132);
            numbers.insert(splits);
            ASSERT_GE(splits, last);
            ASSERT_LE(splits, most_attention_splits(1, n_kv_heads, 132));
            ASSERT_LE((splits - 1) * 2 * std::int64_t{kWarp}, longest);
            last = splits;
        }
        EXPECT_LE(numbers.size(), 15U) << n_kv_heads;
    }
}

}  // namespace
}  // namespace hone::cuda
