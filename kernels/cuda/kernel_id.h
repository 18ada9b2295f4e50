// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hone::cuda {

// The kernels of a plug-in. What `variant` and `width` are stands behind each; both are 0 where
// nothing does.
enum class KernelId : std::uint16_t {
    embed,          // EmbedParams; PlaneType
    norm,           // NormParams
    rope,           // RopeParams
    gate,           // GateParams
    add,            // AddParams
    bias,           // BiasParams
    gather,         // GatherParams
    finite,         // FiniteParams
    product,        // ProductParams; PlaneType, tokens: 1, 2, 4 or 8
    product_tiles,  // ProductTilesParams; PlaneType, tokens of a tile: 32, 64 or 128
    expand,         // ExpandParams<To>; PlaneType, PlaneType of To: f32, f16 or bf16
    quantize,       // QuantizeParams; PlaneType of q: i8 or e4m3
    convert,        // ConvertParams<To>; PlaneType of To: f16 or bf16
    rescale,        // RescaleParams; PlaneType of what was multiplied: i8 or e4m3
    fill,           // FillParams; PlaneType
    fill_halves,    // FillHalvesParams
    remember,       // RememberParams; KvPlane
    attend,         // AttentionParams; KvPlane
    attend_tiles,   // AttentionParams; KvPlane, channels: 64 or 128
    bound,          // BoundParams
    choose,         // ChooseParams
    combine,        // AttentionParams
};

inline constexpr std::uint16_t kKernelIds = static_cast<std::uint16_t>(KernelId::combine) + 1;

struct KernelChoice {
    KernelId id;
    std::uint16_t variant = 0, width = 0;
};

constexpr const char* kernel_name(KernelId id) {
    constexpr const char* kNames[kKernelIds] = {
        "embed",        "norm",    "rope",    "gate",          "add",      "bias",
        "gather",       "finite",  "product", "product_tiles", "expand",   "quantize",
        "convert",      "rescale", "fill",    "fill_halves",   "remember", "attend",
        "attend_tiles", "bound",   "choose",  "combine"};
    return kNames[static_cast<std::uint16_t>(id)];
}

}  // namespace hone::cuda
