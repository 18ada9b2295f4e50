// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/attention/attention.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/pulse.h"

namespace hone::kernels {

std::int64_t attention_workspace(const AttentionProblem& problem, Isa isa) {
    return kernel_table(isa).attend_scratch(problem) * static_cast<std::int64_t>(sizeof(float));
}

void attention(const AttentionProblem& problem, const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    const std::int64_t blocks = (problem.tokens + kQueryBlock - 1) / kQueryBlock;
    const auto scratch = static_cast<std::size_t>(attention_workspace(problem, context.isa));
    context.pool.parallel_for(
        blocks * problem.n_kv_heads, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
            auto* const memory = reinterpret_cast<float*>(context.workspace.get(thread, scratch));
            for (std::int64_t unit = begin; unit < end; ++unit) {
                pulse();
                const std::int64_t first = unit / problem.n_kv_heads * kQueryBlock;
                table.attend(problem, unit % problem.n_kv_heads, first,
                             std::min(first + kQueryBlock, problem.tokens), memory);
            }
        });
}

void store_kv(KvType type, const float* source, void* target, float* scales, std::int64_t rows,
              std::int64_t row_stride, std::int64_t head_dim, Isa isa) {
    const KernelTable& table = kernel_table(isa);
    const std::int64_t element = type == KvType::f32 ? 4 : type == KvType::f16 ? 2 : 1;
    for (std::int64_t r = 0; r < rows; ++r)
        table.store_kv_row(type, source + r * head_dim,
                           static_cast<std::byte*>(target) + r * row_stride * element,
                           scales == nullptr ? nullptr : scales + r, head_dim);
}

}  // namespace hone::kernels
