// SPDX-License-Identifier: Apache-2.0
#include "kernels/linear/reduced.h"

#include <algorithm>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/pulse.h"
#include "kernels/linear/reduced_kernels.h"

namespace hone::kernels {
namespace {

constexpr std::int64_t kSmallProduct = 1 << 15;  // as in linear_cpu.cpp
constexpr std::int64_t kAlignment = 64;

std::int64_t rounded_up(std::int64_t value, std::int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

const ReducedKernels* kernels_for(Arithmetic arithmetic, Isa isa) {
    switch (arithmetic) {
        case Arithmetic::f32:
        case Arithmetic::e4m3:
            return nullptr;
        case Arithmetic::bf16:
            return isa == Isa::avx512 && __builtin_cpu_supports("avx512bf16") ? &kBf16Avx512
                                                                              : nullptr;
        case Arithmetic::i8:
            if (isa == Isa::avx512 && __builtin_cpu_supports("avx512vnni")) return &kInt8Vnni;
            return isa >= Isa::avx2 ? &kInt8Avx2 : nullptr;
    }
    return nullptr;
}

struct InputLayout {
    std::int64_t stride, blocks, scales_at, sums_at, bytes;

    InputLayout(const ReducedKernels& kernels, std::int64_t tokens, std::int64_t cols) {
        const std::int64_t padded = rounded_up(cols, kReducedPad);
        stride = padded * kernels.value_bytes;
        blocks = padded / kReducedBlock;
        scales_at = rounded_up(tokens * stride, kAlignment);
        sums_at =
            scales_at + rounded_up(tokens * static_cast<std::int64_t>(sizeof(float)), kAlignment);
        bytes = sums_at + tokens * blocks * static_cast<std::int64_t>(sizeof(std::int32_t));
    }
};

ReducedInput reduce(const LinearProblem& problem, const ReducedKernels& kernels, std::byte* memory,
                    const Context& context) {
    const InputLayout layout(kernels, problem.tokens, problem.cols);
    const ReducedInput input{
        memory, layout.stride, reinterpret_cast<float*>(memory + layout.scales_at),
        reinterpret_cast<std::int32_t*>(memory + layout.sums_at), layout.blocks};
    const std::int64_t grain = std::max<std::int64_t>(1, kSmallProduct / problem.cols);
    context.pool.parallel_for(
        problem.tokens, grain, [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t token = begin; token < end; ++token)
                kernels.reduce_row(problem.x + token * problem.cols, problem.cols, token, input);
        });
    return input;
}

std::int64_t row_scratch(std::int64_t cols) {
    return rounded_up(cols * static_cast<std::int64_t>(sizeof(float)), kAlignment);
}

}  // namespace

std::string_view arithmetic_name(Arithmetic arithmetic) {
    switch (arithmetic) {
        case Arithmetic::bf16:
            return "bf16";
        case Arithmetic::i8:
            return "int8";
        case Arithmetic::e4m3:
            return "fp8";
        case Arithmetic::f32:
            break;
    }
    return "fp32";
}

bool has_arithmetic(Arithmetic arithmetic, Isa isa) {
    return arithmetic == Arithmetic::f32 || kernels_for(arithmetic, isa) != nullptr;
}

std::string_view arithmetic_unit(Arithmetic arithmetic, Isa isa) {
    if (arithmetic == Arithmetic::f32) return isa_name(isa);
    const ReducedKernels* const kernels = kernels_for(arithmetic, isa);
    if (kernels == &kInt8Vnni) return "VNNI";
    if (kernels == &kInt8Avx2) return "AVX2";
    return kernels == &kBf16Avx512 ? "AVX-512 BF16" : "";
}

bool multiplies(Arithmetic arithmetic, WeightType type) {
    if (arithmetic == Arithmetic::i8) return info(type).int8 != Int8Scale::none;
    if (arithmetic == Arithmetic::e4m3) return info(type).e4m3;
    return !is_sparse(type);
}

std::int64_t reduced_input_bytes(Arithmetic arithmetic, std::int64_t tokens, std::int64_t cols,
                                 Isa isa) {
    const ReducedKernels* const kernels = kernels_for(arithmetic, isa);
    return kernels == nullptr ? 0 : InputLayout(*kernels, tokens, cols).bytes;
}

std::int64_t reduced_workspace(Arithmetic arithmetic, std::int64_t cols, std::int64_t tokens,
                               Isa isa) {
    const ReducedKernels* const kernels = kernels_for(arithmetic, isa);
    if (kernels == nullptr) return 0;
    return row_scratch(cols) + (tokens <= kFewTokens ? 0 : kernels->panel_bytes(cols));
}

void linear_reduced(const LinearProblem& problem, Arithmetic arithmetic, std::byte* input_memory,
                    const Context& context) {
    const ReducedKernels& kernels = *kernels_for(arithmetic, context.isa);
    const ReducedInput input = reduce(problem, kernels, input_memory, context);
    const ExpandRow expand = kernel_table(context.isa).expand_row;
    const auto scratch = static_cast<std::size_t>(
        reduced_workspace(arithmetic, problem.cols, problem.tokens, context.isa));
    if (problem.tokens <= kFewTokens) {
        const std::int64_t work_a_row = std::max<std::int64_t>(1, problem.cols * problem.tokens);
        const std::int64_t grain = std::max<std::int64_t>(16, kSmallProduct / work_a_row / 16 * 16);
        context.pool.parallel_for(
            problem.rows, grain, [&](std::int64_t begin, std::int64_t end, int thread) {
                auto* const row = reinterpret_cast<float*>(context.workspace.get(thread, scratch));
                kernels.few_tokens(problem, input, begin, end, expand, row);
            });
        return;
    }
    const std::int64_t panels = (problem.rows + kernels.columns - 1) / kernels.columns;
    context.pool.parallel_for(panels, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
        std::byte* const memory = context.workspace.get(thread, scratch);
        std::byte* const panel = memory + row_scratch(problem.cols);
        for (std::int64_t p = begin; p < end; ++p) {
            pulse();
            const std::int64_t first = p * kernels.columns;
            const std::int64_t count =
                std::min<std::int64_t>(kernels.columns, problem.rows - first);
            kernels.pack_panel(problem, first, count, expand, reinterpret_cast<float*>(memory),
                               panel);
            kernels.multiply_panel(problem, input, first, count, panel);
        }
    });
}

}  // namespace hone::kernels
