// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace hone::cuda {

// After these a device's context is lost, and the process with it (CUDA Runtime API, "Error
// handling": errors that leave the process in an inconsistent state). By number, so that what
// follows from them is tested without CUDA; the plug-in holds the numbers against the toolkit's.
inline constexpr std::array<std::int32_t, 13> kStickyErrors{
    214,  // ECC uncorrectable
    220,  // NVLink uncorrectable
    226,  // contained
    700,  // illegal address
    702,  // launch timeout
    710,  // assert
    714,  // hardware stack error
    715,  // illegal instruction
    716,  // misaligned address
    717,  // invalid address space
    718,  // invalid program counter
    719,  // launch failure
    721,  // tensor memory leak
};

constexpr bool is_sticky(std::int32_t code) {
    return std::find(kStickyErrors.begin(), kStickyErrors.end(), code) != kStickyErrors.end();
}

}  // namespace hone::cuda
