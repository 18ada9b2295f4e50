// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_shapes.h"

#include <algorithm>
#include <array>

#include "engine/runtime/cuda/product_path.h"
#include "kernels/cuda/ops/attention_tiles.h"
#include "kernels/cuda/ops/pack.h"

namespace hone {
namespace {

std::int64_t pages_of(const AttentionMask& mask, const CudaPages& pages) {
    return ((pages.positions - 1) >> mask.page_shift) + 1;
}

std::int64_t sequences_in(const Pass& pass, Rows rows) {
    return pass.padding + std::count_if(pass.segments.begin(), pass.segments.end(),
                                        [rows](const Segment& segment) {
                                            return segment.row < rows.begin + rows.count &&
                                                   segment.row + segment.rows > rows.begin;
                                        });
}

}  // namespace

std::int64_t layer_bounds(const ModelConfig& model, const AttentionMask& mask,
                          const CudaPages& pages) {
    return pages.sequences * pages_of(mask, pages) * model.n_kv_heads * 2 * model.head_dim;
}

CudaNeeds page_needs(const ModelConfig& model, const AttentionMask& mask, const CudaPages& pages,
                     std::int64_t rows) {
    if (mask.kind != AttentionMask::Kind::pages) return {};
    const std::int64_t layers = std::max<std::int64_t>(0, model.n_layers - mask.dense_layers);
    return {.page_lists = rows * model.n_kv_heads * mask.keep,
            .page_bounds = layers * layer_bounds(model, mask, pages)};
}

TransientBlocks transient_blocks(const ModelConfig& model, const Pass& pass) {
    TransientBlocks blocks;
    for (const Segment& segment : pass.segments)
        blocks.positions = std::max(blocks.positions, segment.rows);
    blocks.bytes = cuda::kv_block_bytes(cuda::KvPlane::f32, blocks.positions, model.n_kv_heads,
                                        model.head_dim);
    return blocks;
}

CudaNeeds transient_needs(const ModelConfig& model, const Pass& pass) {
    const std::int64_t sequences = std::ssize(pass.segments);
    return {.transient = transient_blocks(model, pass).bytes * sequences,
            .transient_table = sequences};
}

AttentionRows attention_rows(const ModelConfig& model, const AttentionMask& mask,
                             kernels::Arithmetic arithmetic, bool choosing, const Pass& pass,
                             const PassTables& tables, Rows rows, std::int64_t processors) {
    // Arithmetic in fewer bits than fp32 is what tensor cores have.
    cuda::KvBlocksView heads;
    heads.n_kv_heads = model.n_kv_heads;
    heads.head_dim = model.head_dim;
    if (!choosing && arithmetic != kernels::Arithmetic::f32 &&
        cuda::attends_in_tiles(heads, model.n_heads, rows.count, sequences_in(pass, rows)))
        return {true, 1};
    std::int64_t longest = 0;
    for (const cuda::AttendedRow& row : tables.attended_here(choosing).subspan(
             static_cast<std::size_t>(rows.begin), static_cast<std::size_t>(rows.count)))
        longest = std::max(longest, cuda::attended_count(row, mask.page_shift));
    return {false, cuda::attention_splits(rows.count, model.n_kv_heads, longest, processors)};
}

CudaNeeds attention_needs(const ModelConfig& model, const AttentionRows& attended,
                          std::int64_t rows, std::int64_t processors) {
    if (attended.splits <= 1) return {};
    return {.parts = rows * model.n_heads * (model.head_dim + 2) *
                     cuda::most_attention_splits(rows, model.n_kv_heads, processors)};
}

CudaNeeds gather_needs(std::int64_t kept, std::int64_t width) {
    return {.panel = kept * width * static_cast<std::int64_t>(sizeof(float))};
}

CudaShapeOperations::CudaShapeOperations(const ModelConfig& model, const BoundWeights& weights,
                                         const RunConfig& run, AddressedActivations& memory,
                                         Pass& pass, std::int64_t slice, const CudaPages& pages,
                                         std::int64_t processors, CudaNeeds& needs)
    : ShapeOperations(model, weights, run, memory, pass, slice),
      tables_(pass, run.attention),
      processors_(processors),
      needs_(needs) {
    grow(needs_, {.tables = tables_.words()});
    grow(needs_, page_needs(model, run.attention, pages, pass.rows));
    if (run.kv_cache == KvStorage::off) grow(needs_, transient_needs(model, pass));
}

void CudaShapeOperations::linear_add(const StoredTensor* weight, const float* x, float*, float* y,
                                     std::int64_t rows) const {
    linear(weight, x, y, rows);
}

void CudaShapeOperations::attend(std::int64_t layer, float* out, Rows rows) const {
    ShapeOperations::attend(layer, out, rows);
    const bool choosing =
        run_.attention.kind == AttentionMask::Kind::pages && layer >= run_.attention.dense_layers;
    const AttentionRows attended = attention_rows(model_, run_.attention, run_.arithmetic, choosing,
                                                  pass_, tables_, rows, processors_);
    grow(needs_, attention_needs(model_, attended, rows.count, processors_));
}

void CudaShapeOperations::multiplies(const StoredTensor& weight, kernels::Arithmetic arithmetic,
                                     std::int64_t rows) const {
    const auto packing = cuda::packing_of(weight.type, weight.cols());
    if (!packing) return;  // CudaModel refuses it
    const cuda::Matrix matrix = cuda::matrix_of(*packing, weight.rows(), weight.cols(), {});
    const ProductMemory memory = product_memory(
        matrix, product_path(matrix, arithmetic, rows, takes_bytes(matrix, arithmetic, rows)),
        rows);
    grow(needs_, {.panel = memory.panel,
                  .inputs = memory.inputs,
                  .scales = memory.scales,
                  .sums = memory.sums});
}

void CudaShapeOperations::keep_wanted_rows() {
    const std::int64_t kept = pass_.wanted();
    if (kept == pass_.rows) return;
    grow(needs_, gather_needs(kept, std::max(model_.n_embd, model_.n_heads * model_.head_dim)));
    tables_.keep_wanted();
    ShapeOperations::keep_wanted_rows();
}

std::int64_t CudaShapeOperations::logits(float* out) const {
    grow(needs_, {.bad = pass_.rows});
    return ShapeOperations::logits(out);
}

ActivationWidths cuda_activation_widths(const ModelConfig& model, const BoundWeights& weights,
                                        const RunConfig& run) {
    return activation_widths([&](AddressedActivations& memory, Pass& pass) {
        CudaNeeds needs;
        CudaShapeOperations operations(model, weights, run, memory, pass, 1,
                                       {std::ssize(pass.segments), pass.rows}, 1, needs);
        walk_graph(model, weights, run, operations);
    });
}

void grow(CudaNeeds& needs, const CudaNeeds& to) {
    constexpr std::array kAll{
        &CudaNeeds::tables,     &CudaNeeds::bad,        &CudaNeeds::parts,
        &CudaNeeds::panel,      &CudaNeeds::inputs,     &CudaNeeds::scales,
        &CudaNeeds::sums,       &CudaNeeds::transient,  &CudaNeeds::transient_table,
        &CudaNeeds::page_lists, &CudaNeeds::page_bounds};
    static_assert(sizeof(CudaNeeds) == kAll.size() * sizeof(std::int64_t));
    for (const auto which : kAll) needs.*which = std::max(needs.*which, to.*which);
}

MemoryByClass bytes_of(const CudaNeeds& needs) {
    constexpr std::int64_t kWord = 4, kPointer = sizeof(std::byte*);
    MemoryByClass bytes;
    bytes[MemoryClass::activations] = (needs.tables + needs.bad + needs.page_lists) * kWord +
                                      needs.transient + needs.transient_table * kPointer;
    bytes[MemoryClass::workspace] =
        (needs.parts + needs.scales + needs.sums) * kWord + needs.panel + needs.inputs;
    bytes[MemoryClass::kv_cache] = needs.page_bounds * kWord;
    return bytes;
}

}  // namespace hone
