// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_operations.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/runtime/attention_mask.h"
#include "engine/weights/weight_format.h"
#include "kernels/cuda/ops/attention_tiles.h"
#include "kernels/cuda/ops/elementwise.h"

namespace hone {
namespace {

using cuda::KernelId;
using cuda::PlaneType;

std::uint16_t code(PlaneType type) {
    return static_cast<std::uint16_t>(type);
}

std::uint16_t code(cuda::KvPlane type) {
    return static_cast<std::uint16_t>(type);
}

}  // namespace

CudaOperations::CudaOperations(const Model& model, const CudaModel& weights, CudaKvBlocks* blocks,
                               Activations& activations, CudaWorkspace& workspace,
                               CudaMemory& memory, Pass& pass, std::int64_t slice,
                               Products& products, const AttentionMask& mask,
                               const CudaPages& pages, const Progress& progress)
    : Operations(activations, pass, slice),
      model_(model),
      weights_(weights),
      blocks_(blocks),
      workspace_(workspace),
      device_(memory.device()),
      products_(products),
      mask_(mask),
      pages_(pages),
      progress_(progress),
      multiply_(weights, workspace, memory.device(), products),
      tables_(pass, mask) {
    tables_.upload(device_, workspace_.tables);
    if (blocks_ != nullptr)
        blocks_->upload_table();
    else
        place_transient();
    if (mask_.kind == AttentionMask::Kind::pages) reserve_pages();
}

// The next layer's keys and values replace the last one's.
void CudaOperations::place_transient() {
    const TransientBlocks blocks = transient_blocks(model_.config, pass_);
    const CudaNeeds needs = transient_needs(model_.config, pass_);
    transient_positions_ = blocks.positions;
    workspace_.transient.require(needs.transient);
    std::vector<std::byte*> table;
    for (std::size_t s = 0; s < pass_.segments.size(); ++s)
        table.push_back(workspace_.transient.data() + static_cast<std::int64_t>(s) * blocks.bytes);
    workspace_.transient_table.require(needs.transient_table);
    device_.upload(workspace_.transient_table.data(), table.data(),
                   std::ssize(table) * static_cast<std::int64_t>(sizeof(std::byte*)));
}

void CudaOperations::reserve_pages() {
    const CudaNeeds needs = page_needs(model_.config, mask_, pages_, pass_.rows);
    workspace_.page_bounds.require(needs.page_bounds);
    workspace_.page_lists.require(needs.page_lists);
}

bool CudaOperations::chooses(std::int64_t layer) const {
    return mask_.kind == AttentionMask::Kind::pages && layer >= mask_.dense_layers;
}

cuda::PageBoundsView CudaOperations::page_view(std::int64_t layer) const {
    const ModelConfig& config = model_.config;
    const std::int64_t pages = ((pages_.positions - 1) >> mask_.page_shift) + 1;
    return {workspace_.page_bounds.data() +
                (layer - mask_.dense_layers) * layer_bounds(config, mask_, pages_),
            pages, config.n_kv_heads, config.head_dim};
}

// The most pages that a row chooses from, its own aside, rounded up so that a graph serves for a
// while; 0 where none chooses.
std::int64_t CudaOperations::longest_choice(Rows rows) const {
    std::int64_t longest = 0;
    for (const cuda::AttendedRow& row : tables_.attended_here(true).subspan(
             static_cast<std::size_t>(rows.begin), static_cast<std::size_t>(rows.count)))
        if (row.pages > 0)
            longest = std::max<std::int64_t>(longest, (row.end - 1) >> mask_.page_shift);
    constexpr std::int64_t kPages = 64;
    return (longest + kPages - 1) / kPages * kPages;
}

std::int64_t CudaOperations::splits_of(bool choosing, Rows rows) const {
    return attention_rows(model_.config, mask_, kernels::Arithmetic::f32, choosing, pass_, tables_,
                          rows, device_.facts().processors)
        .splits;
}

CudaOperations::Shape CudaOperations::shape() const {
    const bool chooses = mask_.kind == AttentionMask::Kind::pages;
    const Rows all{0, pass_.rows};
    return {pass_.rows, splits_of(false, all), chooses ? splits_of(true, all) : 0,
            chooses ? longest_choice(all) : 0};
}

void CudaOperations::choose_pages(std::int64_t layer, Rows rows) const {
    const std::int64_t longest = longest_choice(rows);
    if (longest == 0) return;
    const ModelConfig& config = model_.config;
    const cuda::ChooseParams params{
        page_view(layer),
        activations_.q.data() + rows.begin * config.n_heads * config.head_dim,
        tables_.attended(true) + rows.begin,
        workspace_.page_lists.data(),
        mask_.keep,
        rows.count,
        config.n_heads,
        longest,
        mask_.page_shift};
    device_.launch({KernelId::choose}, cuda::choose_launch(params), params);
}

cuda::KvBlocksView CudaOperations::view(std::int64_t layer) const {
    if (blocks_ != nullptr) return blocks_->view(layer);
    return {workspace_.transient_table.data(),
            1,
            0,
            cuda::kOneBlock,
            transient_positions_,
            model_.config.n_kv_heads,
            model_.config.head_dim};
}

void CudaOperations::embed(const StoredTensor& embedding) {
    const cuda::Matrix& matrix = weights_.matrix(embedding);
    const cuda::EmbedParams params{matrix, tables_.tokens(), activations_.x.data(), pass_.rows};
    device_.launch({KernelId::embed, code(matrix.type)}, cuda::embed_launch(params), params);
}

void CudaOperations::norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
                          std::int64_t groups) const {
    const cuda::NormParams params{
        x, weights_.vector(*weight), y, rows * groups, weight->cols(), model_.config.norm_eps};
    device_.launch({KernelId::norm}, cuda::norm_launch(params), params);
}

void CudaOperations::linear(const StoredTensor* weight, const float* x, float* y,
                            std::int64_t rows) const {
    const std::array<ProductOf, 1> one{{{weight, y}}};
    linears(one, x, rows);
}

void CudaOperations::linears(std::span<const ProductOf> products, const float* x,
                             std::int64_t rows) const {
    progress_.check();
    multiply_.multiply(products, products_.arithmetic, x, rows, false);
}

void CudaOperations::linear_add(const StoredTensor* weight, const float* x, float*, float* y,
                                std::int64_t rows) const {
    progress_.check();
    const std::array<ProductOf, 1> one{{{weight, y}}};
    multiply_.multiply(one, products_.arithmetic, x, rows, true);
}

void CudaOperations::gated(ProductOf gate, ProductOf up, const float* x, std::int64_t rows) const {
    progress_.check();
    multiply_.gated(gate, up, products_.arithmetic, x, rows);
}

void CudaOperations::rotate(float* q, float* k, Rows rows) const {
    const ModelConfig& config = model_.config;
    const cuda::RopeParams params{q,
                                  k,
                                  tables_.positions() + rows.begin,
                                  weights_.rope_frequencies(),
                                  rows.count,
                                  config.n_heads,
                                  config.n_kv_heads,
                                  config.head_dim,
                                  config.rotary_dim,
                                  config.family->rotation == Rotation::halves ? 1 : 0};
    device_.launch({KernelId::rope}, cuda::rope_launch(params), params);
}

void CudaOperations::remember(std::int64_t layer) const {
    const cuda::RememberParams params{view(layer),           activations_.k.data(),
                                      activations_.v.data(), tables_.sequences(),
                                      tables_.positions(),   pass_.rows};
    const cuda::KvPlane type = blocks_ != nullptr ? blocks_->type() : cuda::KvPlane::f32;
    device_.launch({KernelId::remember, code(type)}, cuda::remember_launch(params), params);
    if (!chooses(layer)) return;
    const cuda::BoundParams bound{page_view(layer), activations_.k.data(), tables_.page_runs(),
                                  tables_.page_run_count()};
    device_.launch({KernelId::bound}, cuda::bound_launch(bound), bound);
}

void CudaOperations::attend(std::int64_t layer, float* out, Rows rows) const {
    const ModelConfig& config = model_.config;
    const bool choosing = chooses(layer);
    if (choosing) choose_pages(layer, rows);
    const std::int64_t processors = device_.facts().processors;
    const auto [in_tiles, splits] = attention_rows(config, mask_, products_.arithmetic, choosing,
                                                   pass_, tables_, rows, processors);
    workspace_.parts.require(
        attention_needs(config, {in_tiles, splits}, rows.count, processors).parts);
    const cuda::AttentionParams params{
        view(layer),
        activations_.q.data() + rows.begin * config.n_heads * config.head_dim,
        out,
        tables_.attended(choosing) + rows.begin,
        choosing ? workspace_.page_lists.data() : nullptr,
        choosing ? mask_.keep : 0,
        mask_.page_shift,
        rows.count,
        config.n_heads,
        1.0F / std::sqrt(static_cast<float>(config.head_dim)),
        splits,
        workspace_.parts.data()};
    const cuda::KvPlane type = blocks_ != nullptr ? blocks_->type() : cuda::KvPlane::f32;
    if (in_tiles) {
        const auto dim = static_cast<std::uint16_t>(cuda::attention_tile_dim(config.head_dim));
        return device_.launch({KernelId::attend_tiles, code(type), dim},
                              cuda::attention_tiles_launch(params), params);
    }
    device_.launch({KernelId::attend, code(type)}, cuda::attention_launch(params), params);
    if (splits > 1) device_.launch({KernelId::combine}, cuda::combine_launch(params), params);
}

void CudaOperations::gate(float* gate, const float* up, std::int64_t rows) const {
    const cuda::GateParams params{gate, up, rows * model_.config.n_ff};
    device_.launch({KernelId::gate}, cuda::flat_launch(params.count), params);
}

void CudaOperations::add(float* y, const float* x, std::int64_t rows) const {
    const cuda::AddParams params{y, x, rows * model_.config.n_embd};
    device_.launch({KernelId::add}, cuda::flat_launch(params.count), params);
}

void CudaOperations::add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const {
    const cuda::BiasParams params{y, weights_.vector(*bias), rows * bias->cols(), bias->cols()};
    device_.launch({KernelId::bias}, cuda::flat_launch(params.count), params);
}

void CudaOperations::keep_wanted_rows() {
    const std::int64_t kept = pass_.wanted();
    if (kept == pass_.rows) return;
    const std::int64_t q_width = model_.config.n_heads * model_.config.head_dim;
    const auto gather = [&](Buffer<float>& buffer, std::int64_t width) {
        if (kept == 0) return;
        workspace_.panel.require(gather_needs(kept, width).panel);
        auto* const rows = reinterpret_cast<float*>(workspace_.panel.data());
        const cuda::GatherParams params{buffer.data(), tables_.wanted(), rows, kept, width};
        device_.launch({KernelId::gather}, cuda::gather_launch(params), params);
        device_.copy(buffer.data(), rows, kept * width * static_cast<std::int64_t>(sizeof(float)));
    };
    gather(activations_.x, model_.config.n_embd);
    gather(activations_.q, q_width);
    tables_.keep_wanted();
    std::int64_t next = 0;
    for (Segment& segment : pass_.segments) {
        segment.row = next;
        segment.rows = segment.wanted;
        next += segment.wanted;
    }
    pass_.rows = kept;
}

std::int64_t CudaOperations::logits(float* out) const {
    const ModelConfig& config = model_.config;
    workspace_.bad.require(pass_.rows);
    for_each_slice([&](Rows rows) {
        float* const normed = activations_.a.data();
        norm(model_.output_norm, activations_.x.data() + rows.begin * config.n_embd, normed,
             rows.count, 1);
        const cuda::FiniteParams finite{normed, workspace_.bad.data() + rows.begin, rows.count,
                                        config.n_embd};
        device_.launch({KernelId::finite}, cuda::finite_launch(finite), finite);
        const std::array<ProductOf, 1> one{{{model_.output, out + rows.begin * config.n_vocab}}};
        multiply_.multiply(
            one, products_.reduced_output ? products_.arithmetic : kernels::Arithmetic::f32, normed,
            rows.count, false);
    });
    return 0;
}

}  // namespace hone
