// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cpu/context.h"

namespace hone::kernels {

// y[tokens, n] = x · w / sqrt(mean(x²) + eps), row by row (RMSNorm, arXiv 1910.07467). y may be x.
void rms_norm(const float* x, const float* weight, float* y, std::int64_t tokens, std::int64_t n,
              float eps, const Context& context);

// Rotary embedding in place (arXiv 2104.09864), interleaved pairs (2i, 2i+1) as GGUF llama files
// store q and k. x: [tokens, heads, head_dim]; pair i of the first `rotary_dim` of each head turns
// by position·frequencies[i], in fp32. positions: [tokens]; frequencies: [rotary_dim/2], radians a
// position.
void rope_interleaved(float* x, const std::int32_t* positions, std::int64_t tokens,
                      std::int64_t heads, std::int64_t head_dim, std::int64_t rotary_dim,
                      const float* frequencies, const Context& context);

// The same of pairs (i, i + rotary_dim/2), as Hugging Face stores q and k.
void rope_halves(float* x, const std::int32_t* positions, std::int64_t tokens, std::int64_t heads,
                 std::int64_t head_dim, std::int64_t rotary_dim, const float* frequencies,
                 const Context& context);
// Bytes of workspace a thread that either takes.
std::int64_t rope_workspace(std::int64_t rotary_dim);

// y[i] = silu(gate[i]) · up[i]; y may be gate.
void silu_mul(const float* gate, const float* up, float* y, std::int64_t count,
              const Context& context);

// y[i] += x[i].
void add(float* y, const float* x, std::int64_t count, const Context& context);

// y[tokens, n] += bias[n], row by row.
void add_bias(float* y, const float* bias, std::int64_t tokens, std::int64_t n,
              const Context& context);

}  // namespace hone::kernels
