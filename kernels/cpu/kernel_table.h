// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/attention/attention.h"
#include "kernels/cpu/isa.h"
#include "kernels/linear/linear.h"

namespace hone::kernels {

// Sizes of the blocked products of one instruction set.
struct PanelShape {
    int columns;  // weight rows a packed panel holds
    int depth;    // inputs a packed panel holds
};

// The inner loops, one table an instruction set; the loops around them (threads, panels, workspace)
// are written once. The functions are single-threaded and use no library.
struct KernelTable {
    PanelShape panel;

    void (*expand_row)(WeightType type, const void* row, float* out, std::int64_t cols);
    // Packs `count` ≤ columns rows of `depth` floats each into panel[depth][columns], zero where
    // there is no row.
    void (*pack_panel)(const float* rows, std::int64_t row_stride, std::int64_t count,
                       std::int64_t depth, float* panel);
    // y[tokens, count] (+)= x[tokens, depth] · panel[depth][columns].
    void (*multiply_panel)(const float* x, std::int64_t x_stride, std::int64_t tokens,
                           std::int64_t depth, const float* panel, float* y, std::int64_t y_stride,
                           std::int64_t count, bool accumulate);
    // y[token][row] for rows [begin, end) and at most kFewTokens tokens; cols a multiple of 32.
    void (*few_tokens)(const LinearProblem& problem, std::int64_t begin, std::int64_t end);
    void (*rms_norm)(const float* x, const float* weight, float* y, std::int64_t n, float eps);
    void (*silu_mul)(const float* gate, const float* up, float* y, std::int64_t count);
    void (*add)(float* y, const float* x, std::int64_t count);
    void (*rotate)(float* x, const float* cos_sin, std::int64_t heads, std::int64_t head_dim,
                   std::int64_t rotary_dim);
    void (*rotate_halves)(float* x, const float* cos_sin, std::int64_t heads, std::int64_t head_dim,
                          std::int64_t rotary_dim);
    void (*store_kv_row)(KvType type, const float* source, void* target, float* scale,
                         std::int64_t head_dim);
    // Floats of scratch that attend() needs.
    std::int64_t (*attend_scratch)(const AttentionProblem& problem);
    // Query tokens [begin, end) of one kv head.
    void (*attend)(const AttentionProblem& problem, std::int64_t kv_head, std::int64_t begin,
                   std::int64_t end, float* scratch);
};

inline constexpr std::int64_t kFewTokens = 8;
inline constexpr std::int64_t kQueryBlock = 32;  // query tokens that attend() is called for at most

const KernelTable& kernel_table(Isa isa);

}  // namespace hone::kernels
