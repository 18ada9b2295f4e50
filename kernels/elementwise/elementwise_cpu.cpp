// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/kernel_table.h"
#include "kernels/elementwise/elementwise.h"

namespace hone::kernels {
namespace {

constexpr std::int64_t kParallelElements = 1 << 15;  // below, one thread is quicker

std::int64_t grain_of(std::int64_t elements_each) {
    return std::max<std::int64_t>(1, kParallelElements / std::max<std::int64_t>(1, elements_each));
}

}  // namespace

void rms_norm(const float* x, const float* weight, float* y, std::int64_t tokens, std::int64_t n,
              float eps, const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    context.pool.parallel_for(tokens, grain_of(n), [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t t = begin; t < end; ++t)
            table.rms_norm(x + t * n, weight, y + t * n, n, eps);
    });
}

namespace {

// Calls rotate(row, cos_sin) for each token's heads. cos_sin: element `cosine(i)` is pair i's
// cosine, `cosine(i) + sine` its sine.
template <typename Cosine, typename Rotate>
void rope(float* x, const std::int32_t* positions, std::int64_t tokens, std::int64_t row_width,
          std::int64_t pairs, const float* frequencies, std::int64_t sine, const Context& context,
          const Cosine& cosine, const Rotate& rotate) {
    context.pool.parallel_for(
        tokens, grain_of(row_width), [&](std::int64_t begin, std::int64_t end, int thread) {
            auto* const cos_sin = reinterpret_cast<float*>(
                context.workspace.get(thread, static_cast<std::size_t>(rope_workspace(2 * pairs))));
            for (std::int64_t t = begin; t < end; ++t) {
                for (std::int64_t i = 0; i < pairs; ++i) {
                    const float angle = static_cast<float>(positions[t]) * frequencies[i];
                    cos_sin[cosine(i)] = std::cos(angle);
                    cos_sin[cosine(i) + sine] = std::sin(angle);
                }
                rotate(x + t * row_width, cos_sin);
            }
        });
}

}  // namespace

std::int64_t rope_workspace(std::int64_t rotary_dim) {
    return rotary_dim / 2 * 2 * static_cast<std::int64_t>(sizeof(float));
}

void rope_interleaved(float* x, const std::int32_t* positions, std::int64_t tokens,
                      std::int64_t heads, std::int64_t head_dim, std::int64_t rotary_dim,
                      const float* frequencies, const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    rope(
        x, positions, tokens, heads * head_dim, rotary_dim / 2, frequencies, 1, context,
        [](std::int64_t i) { return 2 * i; },
        [&](float* row, const float* cos_sin) {
            table.rotate(row, cos_sin, heads, head_dim, rotary_dim);
        });
}

void rope_halves(float* x, const std::int32_t* positions, std::int64_t tokens, std::int64_t heads,
                 std::int64_t head_dim, std::int64_t rotary_dim, const float* frequencies,
                 const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    rope(
        x, positions, tokens, heads * head_dim, rotary_dim / 2, frequencies, rotary_dim / 2,
        context, [](std::int64_t i) { return i; },
        [&](float* row, const float* cos_sin) {
            table.rotate_halves(row, cos_sin, heads, head_dim, rotary_dim);
        });
}

void silu_mul(const float* gate, const float* up, float* y, std::int64_t count,
              const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    context.pool.parallel_for(count, kParallelElements / 4,
                              [&](std::int64_t begin, std::int64_t end, int) {
                                  table.silu_mul(gate + begin, up + begin, y + begin, end - begin);
                              });
}

void add(float* y, const float* x, std::int64_t count, const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    context.pool.parallel_for(count, kParallelElements,
                              [&](std::int64_t begin, std::int64_t end, int) {
                                  table.add(y + begin, x + begin, end - begin);
                              });
}

void add_bias(float* y, const float* bias, std::int64_t tokens, std::int64_t n,
              const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    context.pool.parallel_for(tokens, grain_of(n), [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t t = begin; t < end; ++t) table.add(y + t * n, bias, n);
    });
}

}  // namespace hone::kernels
