// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/runtime/buffer.h"
#include "engine/runtime/device/device_memory.h"

namespace hone {

inline constexpr std::int64_t kPanelBytes = std::int64_t{64} << 20;  // of weights expanded at a time, at most

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
};

}  // namespace hone
