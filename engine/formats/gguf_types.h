// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hone::gguf {

// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
inline constexpr std::string_view kMagic = "GGUF";
inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::uint64_t kAlignment = 32;

enum class ValueType : std::uint32_t {
    uint8,
    int8,
    uint16,
    int16,
    uint32,
    int32,
    float32,
    boolean,
    string,
    array,
    uint64,
    int64,
    float64
};
inline constexpr std::uint32_t kValueTypes = 13;

// What a reader accepts before it looks further: far above any real model, far below what hurts.
inline constexpr std::uint64_t kMaxString = 16U << 20, kMaxTensors = 1U << 20, kMaxKeys = 65536,
                               kMaxAlignment = 1U << 20, kMaxDimensions = 4,
                               kMaxKey = 65535,  // the specification's
    kMaxTensorName = 63,        // what ggml's 64 bytes hold beside the closing zero
    kMaxElements = 1U << 23,    // of all arrays together
    kMaxMetadata = 256U << 20;  // bytes of all keys and values

// Names of ggml types that exist, for messages: "Q4_K", or "type 99".
std::string ggml_type_name(std::uint32_t type);

}  // namespace hone::gguf
