// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/pulse.h"
#include "kernels/linear/linear.h"

namespace hone::kernels {
namespace {

constexpr std::int64_t kBlock = 32;
constexpr std::int64_t kSmallProduct =
    1 << 15;  // multiplications below which waking the pool costs more than it saves

const std::byte* row_of(const LinearProblem& problem, std::int64_t row) {
    const auto* const weights = static_cast<const std::byte*>(problem.weights);
    return weights + (is_sparse(problem.type) ? static_cast<std::int64_t>(problem.row_offsets[row])
                                              : row * problem.row_bytes);
}

// Panels of weights expanded and packed once, then multiplied with every token.
void many_tokens(const LinearProblem& problem, const Context& context, const KernelTable& table) {
    const std::int64_t columns = table.panel.columns;
    const std::int64_t depth = std::min<std::int64_t>(table.panel.depth, problem.cols);
    const std::int64_t panels = (problem.rows + columns - 1) / columns;
    context.pool.parallel_for(panels, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
        const auto bytes =
            static_cast<std::size_t>(linear_workspace(problem.cols, problem.tokens, context.isa));
        auto* const rows = reinterpret_cast<float*>(context.workspace.get(thread, bytes));
        float* const panel = rows + columns * problem.cols;
        for (std::int64_t p = begin; p < end; ++p) {
            pulse();  // a chunk of a large model's prompt takes seconds
            const std::int64_t first = p * columns, count = std::min(columns, problem.rows - first);
            for (std::int64_t r = 0; r < count; ++r)
                table.expand_row(problem.type, row_of(problem, first + r), rows + r * problem.cols,
                                 problem.cols);
            for (std::int64_t k = 0; k < problem.cols; k += depth) {
                const std::int64_t part = std::min(depth, problem.cols - k);
                table.pack_panel(rows + k, problem.cols, count, part, panel);
                table.multiply_panel(problem.x + k, problem.cols, problem.tokens, part, panel,
                                     problem.y + first, problem.y_stride, count, k > 0);
            }
        }
    });
}

}  // namespace

std::int64_t linear_workspace(std::int64_t cols, std::int64_t tokens, Isa isa) {
    if (tokens <= kFewTokens && cols % kBlock == 0) return 0;
    const PanelShape panel = kernel_table(isa).panel;
    return panel.columns * (cols + std::min<std::int64_t>(panel.depth, cols)) *
           static_cast<std::int64_t>(sizeof(float));
}

void linear(const LinearProblem& problem, const Context& context) {
    const KernelTable& table = kernel_table(context.isa);
    if (problem.tokens > kFewTokens || problem.cols % kBlock != 0)
        return many_tokens(problem, context, table);
    const std::int64_t work_a_row = problem.cols * problem.tokens;
    const std::int64_t grain =
        std::max<std::int64_t>(16, kSmallProduct / std::max<std::int64_t>(1, work_a_row) / 16 * 16);
    context.pool.parallel_for(problem.rows, grain, [&](std::int64_t begin, std::int64_t end, int) {
        table.few_tokens(problem, begin, end);
    });
}

}  // namespace hone::kernels
