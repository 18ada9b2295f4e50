// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <tuple>

#include "engine/runtime/buffer.h"
#include "engine/runtime/device/device_memory.h"
#include "kernels/cuda/ops/matrix.h"

namespace hone {

inline constexpr std::int64_t kPanelBytes = std::int64_t{64}
                                            << 20;  // of weights expanded at a time, at most

// How many of `rows` rows are expanded at a time. In multiples of 64, so that the fp32 results of
// every panel begin at 256 bytes, which the vendor's fastest algorithms want: fewer would leave a
// model of 576 columns with panels of 29,127 rows.
constexpr std::int64_t panel_rows(std::int64_t rows, std::int64_t row_bytes) {
    constexpr std::int64_t kStep = 64;
    return std::min(rows, std::max(kStep, kPanelBytes / row_bytes / kStep * kStep));
}

// What operations need beside the activations: grown to the largest pass so far and kept.
struct DeviceWorkspace {
    explicit DeviceWorkspace(DeviceMemory& memory)
        : tables(memory.space(MemoryClass::activations)),
          bad(memory.space(MemoryClass::activations)),
          parts(memory.space(MemoryClass::workspace)),
          panel(memory.space(MemoryClass::workspace)),
          inputs(memory.space(MemoryClass::workspace)),
          scales(memory.space(MemoryClass::workspace)),
          sums(memory.space(MemoryClass::workspace)),
          transient(memory.space(MemoryClass::activations)),
          transient_table(memory.space(MemoryClass::activations)),
          page_lists(memory.space(MemoryClass::activations)),
          page_bounds(memory.space(MemoryClass::kv_cache)) {}

    Buffer<std::int32_t> tables;      // of PassTables
    Buffer<std::int32_t> bad;         // [rows]
    Buffer<float> parts;              // of attention that is split
    Buffer<std::byte> panel, inputs;  // weights and inputs as a dense product takes them
    Buffer<float> scales;             // of inputs in int8 or FP8
    Buffer<std::int32_t> sums;        // of products in int8; of FP8's the same bytes as fp32
    Buffer<std::byte> transient;      // keys and values of a pass whose sequences have no cache
    Buffer<std::byte*> transient_table;
    Buffer<std::int32_t> page_lists;  // [rows, n_kv_heads, keep]
    Buffer<float> page_bounds;        // of all layers; see DeviceOperations::page_view()

    // Products for which the vendor's library was found to have no algorithm: type, tokens, rows
    // and columns.
    std::set<std::tuple<gpu::PlaneType, std::int64_t, std::int64_t, std::int64_t>> refused;
};

}  // namespace hone
