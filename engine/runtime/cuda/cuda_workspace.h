// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <tuple>

#include "engine/runtime/buffer.h"
#include "engine/runtime/cuda/cuda_memory.h"
#include "engine/runtime/cuda/product_path.h"
#include "kernels/cuda/ops/matrix.h"

namespace hone {

// What operations take of each of CudaWorkspace's buffers, in elements.
struct CudaNeeds {
    std::int64_t tables = 0, bad = 0, parts = 0, panel = 0, inputs = 0, scales = 0, sums = 0,
                 transient = 0, transient_table = 0, page_lists = 0, page_bounds = 0;
};

// What operations need beside the activations: grown to the largest pass so far and kept.
struct CudaWorkspace {
    explicit CudaWorkspace(CudaMemory& memory)
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
    Buffer<float> page_bounds;        // of all layers; see CudaOperations::page_view()

    void require(const ProductMemory& product) {
        panel.require(product.panel);
        inputs.require(product.inputs);
        scales.require(product.scales);
        sums.require(product.sums);
    }

    // Products for which the vendor's library was found to have no algorithm: type, tokens, rows
    // and columns.
    std::set<std::tuple<cuda::PlaneType, std::int64_t, std::int64_t, std::int64_t>> refused;
};

}  // namespace hone
