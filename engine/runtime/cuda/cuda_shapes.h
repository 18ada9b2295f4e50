// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "engine/runtime/cuda/cuda_workspace.h"
#include "engine/runtime/cuda/pass_tables.h"
#include "engine/runtime/shape_operations.h"
#include "kernels/cuda/ops/attention.h"

namespace hone {

// What CudaOperations take beside the activations, each said once: by these they allocate, and by
// these CudaShapeOperations, which compute nothing, tell it beforehand. All counts are elements
// of CudaWorkspace's buffers.

// The room that bounds of pages have: of so many sequences and positions.
struct CudaPages {
    std::int64_t sequences = 0, positions = 0;
};
// Floats of one layer's bounds: those of every page that a sequence has room for.
std::int64_t layer_bounds(const ModelConfig& model, const AttentionMask& mask,
                          const CudaPages& pages);
// Bounds of all layers that choose pages, and the lists of the pages that a pass's rows choose.
CudaNeeds page_needs(const ModelConfig& model, const AttentionMask& mask, const CudaPages& pages,
                     std::int64_t rows);

// Keys and values of a pass whose sequences have no cache: one block a sequence, as long as the
// longest, of one layer at a time.
struct TransientBlocks {
    std::int64_t positions = 0, bytes = 0;  // of a block
};
TransientBlocks transient_blocks(const ModelConfig& model, const Pass& pass);
CudaNeeds transient_needs(const ModelConfig& model, const Pass& pass);

// How rows are attended: in tiles on tensor cores, or in so many parts of their positions, which
// are joined afterwards.
struct AttentionRows {
    bool in_tiles;
    std::int64_t splits;
};
AttentionRows attention_rows(const ModelConfig& model, const AttentionMask& mask,
                             kernels::Arithmetic arithmetic, bool choosing, const Pass& pass,
                             const PassTables& tables, Rows rows, std::int64_t processors);
// At once for the longest context: memory that grows with it would make every graph useless as
// often as it does.
CudaNeeds attention_needs(const ModelConfig& model, const AttentionRows& attended,
                          std::int64_t rows, std::int64_t processors);

// Rows that are kept go through the panel's memory: a row's new place may be another's old one.
CudaNeeds gather_needs(std::int64_t kept, std::int64_t width);

// Grows `needs` to what a pass takes, walking the graph.
class CudaShapeOperations final : public ShapeOperations {
public:
    // `processors`: the device's. `needs` must outlive it.
    CudaShapeOperations(const ModelConfig& model, const BoundWeights& weights, const RunConfig& run,
                        AddressedActivations& memory, Pass& pass, std::int64_t slice,
                        const CudaPages& pages, std::int64_t processors, CudaNeeds& needs);

    // A device adds a product where it belongs: the scratch stays untouched.
    void linear_add(const StoredTensor* weight, const float* x, float* scratch, float* y,
                    std::int64_t rows) const override;
    void attend(std::int64_t layer, float* out, Rows rows) const override;
    void keep_wanted_rows() override;
    std::int64_t logits(float* out) const override;

private:
    void multiplies(const StoredTensor& weight, kernels::Arithmetic arithmetic,
                    std::int64_t rows) const override;

    PassTables tables_;
    const std::int64_t processors_;
    CudaNeeds& needs_;
};

ActivationWidths cuda_activation_widths(const ModelConfig& model, const BoundWeights& weights,
                                        const RunConfig& run);

// The larger of each, and its bytes by class.
void grow(CudaNeeds& needs, const CudaNeeds& to);
MemoryByClass bytes_of(const CudaNeeds& needs);

}  // namespace hone
