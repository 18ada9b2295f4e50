// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/formats/checkpoint.h"

namespace hone {

// A published model's shape: what speed and memory depend on.
struct SyntheticShape : ModelShape {
    std::string_view name;    // "tiny", "smollm2-135m", "llama-3-8b", …
    std::string_view family;  // a row of families()
    double rope_theta;
    DType type;  // of the matrices
};

// One of Llama's family, whose heads are rotated whole.
constexpr SyntheticShape llama_shape(std::string_view name, ModelShape shape, double rope_theta,
                                     DType type) {
    shape.rotary_dim = shape.head_dim;
    return {shape, name, "llama", rope_theta, type};
}

std::span<const SyntheticShape> synthetic_shapes();

// A checkpoint of that shape with seeded random weights (normal, standard deviation 0.02) and a
// byte tokeniser (tokenizer.ggml.model "hone-bytes": 256 byte tokens, then control tokens, then
// unused ids). Throws Error listing the known names.
Checkpoint make_synthetic(std::string_view shape, bool weights, std::uint64_t seed = 1);
// The same of a shape that is not in the list.
Checkpoint make_synthetic(const SyntheticShape& shape, bool weights, std::uint64_t seed = 1);

}  // namespace hone
