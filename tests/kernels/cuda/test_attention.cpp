// SPDX-License-Identifier: Apache-2.0
// The paged cache and attention over it on a device, emulated, against a plain softmax in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>

#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/attention.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/kernels/stored_rows.h"

namespace hone::gpu {
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
        for (const std::int64_t length : lengths) longest = std::max(longest, length), rows += length;
        const std::int64_t positions =
            shape.block_shift == kOneBlock ? longest : std::int64_t{1} << shape.block_shift;
        stride = (longest >> shape.block_shift) + 1;
        // Two layers, of which the second is used; blocks lie in any order.
        const std::int64_t layer_bytes = kv_block_bytes(type, positions, shape.n_kv_heads, shape.head_dim);
        const std::int64_t blocks = sequences * stride;
        memory = std::make_unique<DeviceArray<std::byte>>(static_cast<std::size_t>(2 * layer_bytes * blocks));
        std::vector<std::byte*> pointers;
        for (std::int64_t i = 0; i < blocks; ++i) pointers.push_back(memory->data() + 2 * layer_bytes * i);
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
        const DeviceArray<float> device_k(k), device_v(v);
        const DeviceArray<std::int32_t> device_of(of), device_at(at);
        const RememberParams params{
            view, device_k.data(), device_v.data(), device_of.data(), device_at.data(), rows};
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
        for (std::int64_t j = 0; j < shape.head_dim; ++j) largest = std::max(largest, std::abs(row[j]));
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
                          const std::vector<AttendedRow>& rows, const std::vector<std::int32_t>& lists,
                          std::int64_t list_stride, int page_shift, std::int64_t splits) {
    const DeviceArray<float> device_q(q);
    const DeviceArray<AttendedRow> device_rows(rows);
    const DeviceArray<std::int32_t> device_lists(lists);
    DeviceArray<float> out(q.size());
    const Shape& shape = cached.shape;
    const std::int64_t count = std::ssize(rows);
    DeviceArray<float> parts(static_cast<std::size_t>(count * shape.n_heads * splits * (shape.head_dim + 2)));
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
    tested_device().launch({KernelId::attend, static_cast<std::uint16_t>(cached.type)},
                           attention_launch(params), params);
    if (splits > 1) tested_device().launch({KernelId::combine}, combine_launch(params), params);
    return out.values();
}

// positions(row, kv head) → what the row attends there.
template <typename Positions>
void expect_softmax(const Cached& cached, const std::vector<float>& q, const std::vector<AttendedRow>& rows,
                    const std::vector<float>& out, Positions positions) {
    const Shape& shape = cached.shape;
    const std::int64_t group = shape.n_heads / shape.n_kv_heads;
    for (std::int64_t row = 0; row < std::ssize(rows); ++row) {
        const std::int64_t sequence = rows[static_cast<std::size_t>(row)].sequence;
        for (std::int64_t head = 0; head < shape.n_heads; ++head) {
            const std::int64_t at = (row * shape.n_heads + head) * shape.head_dim;
            const std::vector<std::int64_t> attended = positions(row, head / group);
            std::vector<double> weights;
            for (const std::int64_t position : attended) {
                double score = 0;
                for (std::int64_t i = 0; i < shape.head_dim; ++i)
                    score += static_cast<double>(q[static_cast<std::size_t>(at + i)]) *
                             cached.element(false, sequence, head / group, position, i);
                weights.push_back(std::exp(score / std::sqrt(static_cast<double>(shape.head_dim))));
            }
            const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
            for (std::int64_t i = 0; i < shape.head_dim; ++i) {
                double sum = 0;
                for (std::size_t j = 0; j < attended.size(); ++j)
                    sum += weights[j] / total * cached.element(true, sequence, head / group, attended[j], i);
                ASSERT_NEAR(out[static_cast<std::size_t>(at + i)], sum, 2e-5)
                    << "row " << row << ", head " << head << ", channel " << i;
            }
        }
    }
}

class CudaAttention : public testing::TestWithParam<KvPlane> {};
INSTANTIATE_TEST_SUITE_P(EveryStorage, CudaAttention,
                         testing::Values(KvPlane::f32, KvPlane::f16, KvPlane::bf16, KvPlane::i8));

TEST_P(CudaAttention, IsASoftmaxOverTheCache) {
    for (const Shape& shape : {Shape{1, 1, 8, 2}, Shape{6, 2, 40, 4}, Shape{7, 1, 64, 3}, Shape{16, 1, 16, 8},
                               Shape{2, 2, 32, kOneBlock}}) {
        const Cached cached(GetParam(), shape, {75, 33});
        // Prompt rows, a decoded row, and the other sequence's first.
        const std::vector<AttendedRow> rows{
            {0, 0, 0, 1, 0}, {0, 0, 0, 40, 0}, {0, 0, 0, 75, 0}, {1, 0, 0, 1, 0}, {1, 4, 20, 33, 0}};
        const std::vector<float> q =
            kernels::random_floats(std::ssize(rows) * shape.n_heads * shape.head_dim, 13);
        for (const std::int64_t splits : {1, 2, 4}) {
            SCOPED_TRACE(std::to_string(shape.n_heads) + " heads, " + std::to_string(splits) + " splits");
            const std::vector<float> out = attend(cached, q, rows, {}, 0, 4, splits);
            expect_softmax(cached, q, rows, out, [&](std::int64_t row, std::int64_t) {
                const AttendedRow& it = rows[static_cast<std::size_t>(row)];
                std::vector<std::int64_t> positions;
                for (std::int64_t p = 0; p < it.end; ++p) {
                    if (p < it.sinks || p >= it.begin) positions.push_back(p);
                }
                return positions;
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
                const std::int64_t page = lists[static_cast<std::size_t>((row * 2 + kv_head) * 3 + i)];
                for (std::int64_t p = page << kPageShift;
                     p < std::min<std::int64_t>((page + 1) << kPageShift, it.end); ++p)
                    positions.push_back(p);
            }
            return positions;
        });
    }
}

TEST(CudaAttentionLaunch, SplitsLongContextsOverTheDevice) {
    EXPECT_EQ(attention_splits(1, 8, 100, 132), 1);
    EXPECT_EQ(attention_splits(1, 8, 8192, 132), 33);
    EXPECT_EQ(attention_splits(1, 8, 1024, 132), 8);
    EXPECT_EQ(attention_splits(64, 8, 8192, 132), 1);
}

}  // namespace
}  // namespace hone::gpu
