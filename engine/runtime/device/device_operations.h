// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "engine/runtime/device/device_kv_cache.h"
#include "engine/runtime/device/device_model.h"
#include "engine/runtime/device/pass_tables.h"
#include "engine/runtime/operations.h"
#include "kernels/cuda/ops/attention.h"
#include "kernels/cuda/ops/pages.h"

namespace hone {

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

// The room that bounds of pages have: of so many sequences and positions.
struct DevicePages {
    std::int64_t sequences = 0, positions = 0;
};

// Operations on a CUDA device: queued on its stream; what the host needs is waited for where it is read.
class DeviceOperations final : public Operations {
public:
    DeviceOperations(const Model& model, const DeviceModel& weights, DeviceKvBlocks* blocks,
                     Activations& activations, DeviceWorkspace& workspace, DeviceMemory& memory, Pass& pass,
                     std::int64_t slice, Products& products, const AttentionMask& mask,
                     const DevicePages& pages, const Progress& progress);

    void embed(const StoredTensor& embedding) override;
    void norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows) const override;
    void linear(const StoredTensor* weight, const float* x, float* y, std::int64_t rows) const override;
    void rotate(float* x, std::int64_t heads, Rows rows) const override;
    void remember(std::int64_t layer) const override;
    void attend(std::int64_t layer, float* out, Rows rows) const override;
    void gate(float* gate, const float* up, std::int64_t rows) const override;
    void add(float* y, const float* x, std::int64_t rows) const override;
    void keep_wanted_rows() override;
    // Leaves which rows hold a NaN or an infinity in the workspace, and returns 0: nothing is waited for.
    std::int64_t logits(float* out) const override;

    // What the kernels' launches depend on, beside where memory lies: passes of the same shape can share a graph.
    struct Shape {
        std::int64_t rows, splits, choosing_splits, longest_choice;
        // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 of a comparison for a pointer
        auto operator<=>(const Shape&) const = default;
    };
    Shape shape() const;

private:
    std::int64_t splits_of(bool choosing, Rows rows) const;
    std::int64_t longest_choice(Rows rows) const;
    void place_transient();
    void reserve_pages();
    std::int64_t floats_of_bounds() const;
    bool chooses(std::int64_t layer) const;
    gpu::PageBoundsView page_view(std::int64_t layer) const;
    void choose_pages(std::int64_t layer, Rows rows) const;
    gpu::KvBlocksView view(std::int64_t layer) const;
    void multiply(const StoredTensor& weight, kernels::Arithmetic arithmetic, const float* x, float* y,
                  std::int64_t rows) const;
    void multiply_few(const gpu::Matrix& matrix, const float* x, float* y, std::int64_t rows) const;
    void multiply_tiles(const gpu::Matrix& matrix, const float* x, float* y, std::int64_t rows) const;
    const gpu::BF16* rounded(const float* x, std::int64_t count) const;
    void multiply_dense(const gpu::Matrix& matrix, gpu::PlaneType type, const float* x, float* y,
                        std::int64_t rows) const;
    void multiply_bytes(const gpu::Matrix& matrix, const float* x, float* y, std::int64_t rows) const;

    const Model& model_;
    const DeviceModel& weights_;
    DeviceKvBlocks* blocks_;  // null where the cache is off
    DeviceWorkspace& workspace_;
    gpu::Device& device_;
    Products& products_;
    const AttentionMask& mask_;
    const DevicePages pages_;
    const Progress& progress_;
    PassTables tables_;
    std::int64_t transient_positions_ = 0;  // of a block, where there is no cache
};

}  // namespace hone
