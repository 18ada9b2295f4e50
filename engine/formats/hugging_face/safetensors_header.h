// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/core/dtype.h"

namespace hone::hf {

// A tensor of a safetensors file: https://github.com/huggingface/safetensors#format
struct SafetensorsEntry {
    std::string name;
    DType type = DType::f32;
    std::vector<std::int64_t>
        shape;  // outermost first; at most 4 dimensions, none for a single number
    std::uint64_t begin = 0, bytes = 0;  // from the file's start; inside the file
};

struct SafetensorsHeader {
    std::vector<SafetensorsEntry> tensors;  // in the order of their data
    std::map<std::string, std::string> metadata;
};

inline constexpr std::uint64_t kMaxSafetensorsHeader =
    100'000'000;  // the reference implementation's limit

// The header of a whole file. Throws Error naming `path`, field, found and expected for whatever
// the format forbids: a length beyond the file or the limit, no JSON, a key twice, a type other
// than F32, F16 and BF16, offsets that do not match the shape, overlap, leave a gap, or do not end
// with the file.
SafetensorsHeader read_safetensors_header(std::span<const std::byte> file, const std::string& path);

// The safetensors name of a floating type: "F32", "F16", "BF16".
std::string safetensors_type(DType type);

}  // namespace hone::hf
