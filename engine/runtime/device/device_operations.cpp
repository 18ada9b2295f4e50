// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/device/device_operations.h"

#include <algorithm>
#include <cmath>

#include "engine/runtime/attention_mask.h"
#include "engine/weights/weight_format.h"
#include "kernels/cuda/ops/elementwise.h"
#include "kernels/cuda/ops/product.h"
#include "kernels/cuda/ops/product_tiles.h"

namespace hone {
namespace {

using gpu::KernelId;
using gpu::PlaneType;

constexpr std::int64_t kFewRows = 16;  // from more on a product is the vendor's library's
constexpr std::int64_t kPanelBytes = std::int64_t{64} << 20;  // of weights expanded at a time

std::uint16_t code(PlaneType type) {
    return static_cast<std::uint16_t>(type);
}

std::uint16_t code(gpu::KvPlane type) {
    return static_cast<std::uint16_t>(type);
}

std::int64_t plane_bytes(PlaneType type) {
    return gpu::chunk_bytes(type) / gpu::kChunk;
}

bool in_tiles(const gpu::Matrix& matrix) {
    return gpu::multiplies_in_tiles(matrix.type) &&
           (!gpu::is_two_of_four(matrix.type) || matrix.cols % gpu::kTileColumns == 0);
}

}  // namespace

DeviceOperations::DeviceOperations(const Model& model, const DeviceModel& weights, DeviceKvBlocks* blocks,
                                   Activations& activations, DeviceWorkspace& workspace, DeviceMemory& memory,
                                   Pass& pass, std::int64_t slice, Products& products,
                                   const AttentionMask& mask, const DevicePages& pages,
                                   const Progress& progress)
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
      tables_(pass, mask) {
    tables_.upload(device_, workspace_.tables);
    if (blocks_ != nullptr)
        blocks_->upload_table();
    else
        place_transient();
    if (mask_.kind == AttentionMask::Kind::pages) reserve_pages();
}

// One block a sequence, as long as the longest, of one layer at a time: the next layer's keys and values replace the last one's.
void DeviceOperations::place_transient() {
    for (const Segment& segment : pass_.segments)
        transient_positions_ = std::max(transient_positions_, segment.rows);
    const std::int64_t bytes = gpu::kv_block_bytes(gpu::KvPlane::f32, transient_positions_,
                                                   model_.config.n_kv_heads, model_.config.head_dim);
    workspace_.transient.require(bytes * std::ssize(pass_.segments));
    std::vector<std::byte*> table;
    for (std::size_t s = 0; s < pass_.segments.size(); ++s)
        table.push_back(workspace_.transient.data() + static_cast<std::int64_t>(s) * bytes);
    workspace_.transient_table.require(std::ssize(table));
    device_.upload(workspace_.transient_table.data(), table.data(),
                   std::ssize(table) * static_cast<std::int64_t>(sizeof(std::byte*)));
}

void DeviceOperations::reserve_pages() {
    const ModelConfig& config = model_.config;
    const std::int64_t layers = std::max<std::int64_t>(0, config.n_layers - mask_.dense_layers);
    workspace_.page_bounds.require(layers * floats_of_bounds());
    workspace_.page_lists.require(pass_.rows * config.n_kv_heads * mask_.keep);
}

// Of one layer: of every page that a sequence has room for.
std::int64_t DeviceOperations::floats_of_bounds() const {
    const std::int64_t pages = ((pages_.positions - 1) >> mask_.page_shift) + 1;
    return pages_.sequences * pages * model_.config.n_kv_heads * 2 * model_.config.head_dim;
}

bool DeviceOperations::chooses(std::int64_t layer) const {
    return mask_.kind == AttentionMask::Kind::pages && layer >= mask_.dense_layers;
}

gpu::PageBoundsView DeviceOperations::page_view(std::int64_t layer) const {
    const ModelConfig& config = model_.config;
    const std::int64_t pages = ((pages_.positions - 1) >> mask_.page_shift) + 1;
    return {workspace_.page_bounds.data() + (layer - mask_.dense_layers) * floats_of_bounds(), pages,
            config.n_kv_heads, config.head_dim};
}

// The most pages that a row chooses from, its own aside, rounded up so that a graph serves for a while; 0 where none chooses.
std::int64_t DeviceOperations::longest_choice(Rows rows) const {
    std::int64_t longest = 0;
    for (const gpu::AttendedRow& row : tables_.attended_here(true).subspan(
             static_cast<std::size_t>(rows.begin), static_cast<std::size_t>(rows.count)))
        if (row.pages > 0) longest = std::max<std::int64_t>(longest, (row.end - 1) >> mask_.page_shift);
    constexpr std::int64_t kPages = 64;
    return (longest + kPages - 1) / kPages * kPages;
}

std::int64_t DeviceOperations::splits_of(bool choosing, Rows rows) const {
    std::int64_t longest = 0;
    for (const gpu::AttendedRow& row : tables_.attended_here(choosing).subspan(
             static_cast<std::size_t>(rows.begin), static_cast<std::size_t>(rows.count)))
        longest = std::max(longest, gpu::attended_count(row, mask_.page_shift));
    return gpu::attention_splits(rows.count, model_.config.n_kv_heads, longest, device_.facts().processors);
}

DeviceOperations::Shape DeviceOperations::shape() const {
    const bool chooses = mask_.kind == AttentionMask::Kind::pages;
    const Rows all{0, pass_.rows};
    return {pass_.rows, splits_of(false, all), chooses ? splits_of(true, all) : 0,
            chooses ? longest_choice(all) : 0};
}

void DeviceOperations::choose_pages(std::int64_t layer, Rows rows) const {
    const std::int64_t longest = longest_choice(rows);
    if (longest == 0) return;
    const ModelConfig& config = model_.config;
    const gpu::ChooseParams params{page_view(layer),
                                   activations_.q.data() + rows.begin * config.n_heads * config.head_dim,
                                   tables_.attended(true) + rows.begin,
                                   workspace_.page_lists.data(),
                                   mask_.keep,
                                   rows.count,
                                   config.n_heads,
                                   longest,
                                   mask_.page_shift};
    device_.launch({KernelId::choose}, gpu::choose_launch(params), params);
}

gpu::KvBlocksView DeviceOperations::view(std::int64_t layer) const {
    if (blocks_ != nullptr) return blocks_->view(layer);
    return {workspace_.transient_table.data(),
            1,
            0,
            gpu::kOneBlock,
            transient_positions_,
            model_.config.n_kv_heads,
            model_.config.head_dim};
}

void DeviceOperations::embed(const StoredTensor& embedding) {
    const gpu::Matrix& matrix = weights_.matrix(embedding);
    const gpu::EmbedParams params{matrix, tables_.tokens(), activations_.x.data(), pass_.rows};
    device_.launch({KernelId::embed, code(matrix.type)}, gpu::embed_launch(params), params);
}

void DeviceOperations::norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows) const {
    // Nothing is added: x stays as it is.
    const gpu::NormParams params{
        const_cast<float*>(x), nullptr, weights_.vector(*weight), y, rows, model_.config.n_embd,
        model_.config.norm_eps};
    device_.launch({KernelId::norm}, gpu::norm_launch(params), params);
}

void DeviceOperations::linear(const StoredTensor* weight, const float* x, float* y, std::int64_t rows) const {
    multiply(*weight, products_.arithmetic, x, y, rows);
}

void DeviceOperations::multiply(const StoredTensor& weight, kernels::Arithmetic arithmetic, const float* x,
                                float* y, std::int64_t rows) const {
    progress_.check();
    ++products_.of_type[static_cast<std::size_t>(weight.type)];
    products_.skipped_zeros += weights_.skipped_zeros(weight);
    const gpu::Matrix& matrix = weights_.matrix(weight);
    const bool as_stored = matrix.group == matrix.cols &&
                           ((arithmetic == kernels::Arithmetic::i8 && matrix.type == PlaneType::i8) ||
                            (arithmetic == kernels::Arithmetic::e4m3 && matrix.type == PlaneType::e4m3));
    if (as_stored) {
        ++products_.reduced;
        return multiply_bytes(matrix, x, y, rows);
    }
    if (rows <= kFewRows) return multiply_few(matrix, x, y, rows);
    if (arithmetic == kernels::Arithmetic::bf16) {
        ++products_.reduced;
        return in_tiles(matrix) ? multiply_tiles(matrix, x, y, rows)
                                : multiply_dense(matrix, PlaneType::bf16, x, y, rows);
    }
    multiply_dense(matrix, PlaneType::f32, x, y, rows);
}

void DeviceOperations::multiply_few(const gpu::Matrix& matrix, const float* x, float* y,
                                    std::int64_t rows) const {
    for (std::int64_t first = 0; first < rows;) {
        const int together = gpu::product_tokens(matrix.cols, device_.facts().shared_bytes, rows - first);
        if (together == 0)
            return multiply_dense(matrix, PlaneType::f32, x + first * matrix.cols, y + first * matrix.rows,
                                  rows - first);
        const gpu::ProductParams params{
            matrix, x + first * matrix.cols, y + first * matrix.rows, together, matrix.rows, false};
        device_.launch({KernelId::product, code(matrix.type), static_cast<std::uint16_t>(together)},
                       gpu::product_launch(params), params);
        first += together;
    }
}

// x as bf16, in the workspace.
const gpu::BF16* DeviceOperations::rounded(const float* x, std::int64_t count) const {
    workspace_.inputs.require(count * static_cast<std::int64_t>(sizeof(gpu::BF16)));
    auto* const inputs = reinterpret_cast<gpu::BF16*>(workspace_.inputs.data());
    const gpu::ConvertParams<gpu::BF16> params{x, inputs, count};
    device_.launch({KernelId::convert, code(PlaneType::bf16)}, gpu::convert_launch(params), params);
    return inputs;
}

// Weights in bf16 arithmetic as they are stored: none are expanded into memory.
void DeviceOperations::multiply_tiles(const gpu::Matrix& matrix, const float* x, float* y,
                                      std::int64_t rows) const {
    const gpu::ProductTilesParams params{matrix, rounded(x, rows * matrix.cols), y, rows, matrix.rows};
    const int tile = gpu::tile_tokens(matrix.rows, rows, device_.facts().processors);
    device_.launch({KernelId::product_tiles, code(matrix.type), static_cast<std::uint16_t>(tile)},
                   gpu::product_tiles_launch(params, tile), params);
}

// Panels of weights as `type` (f32 or bf16), unless they are stored so.
void DeviceOperations::multiply_dense(const gpu::Matrix& matrix, PlaneType type, const float* x, float* y,
                                      std::int64_t rows) const {
    const void* const inputs =
        type == PlaneType::bf16 ? static_cast<const void*>(rounded(x, rows * matrix.cols)) : x;
    const std::int64_t row_bytes = matrix.cols * plane_bytes(type);
    const bool stored_so = matrix.type == type;
    const std::int64_t panel =
        stored_so ? matrix.rows : std::clamp<std::int64_t>(kPanelBytes / row_bytes, 1, matrix.rows);
    if (!stored_so) workspace_.panel.require(panel * row_bytes);
    for (std::int64_t first = 0; first < matrix.rows; first += panel) {
        const std::int64_t count = std::min(panel, matrix.rows - first);
        if (!stored_so) {
            const gpu::KernelChoice choice{KernelId::expand, code(matrix.type), code(type)};
            if (type == PlaneType::bf16) {
                const gpu::ExpandParams<gpu::BF16> params{
                    matrix, first, count, reinterpret_cast<gpu::BF16*>(workspace_.panel.data())};
                device_.launch(choice, gpu::expand_launch(params), params);
            } else {
                const gpu::ExpandParams<float> params{matrix, first, count,
                                                      reinterpret_cast<float*>(workspace_.panel.data())};
                device_.launch(choice, gpu::expand_launch(params), params);
            }
        }
        const void* const weights = stored_so ? matrix.values : workspace_.panel.data();
        device_.multiply({type, inputs, weights, y + first, rows, count, matrix.cols, matrix.rows, false});
    }
}

// In the type that the weights have, int8 or FP8, with inputs rounded to it.
void DeviceOperations::multiply_bytes(const gpu::Matrix& matrix, const float* x, float* y,
                                      std::int64_t rows) const {
    workspace_.inputs.require(rows * matrix.cols);
    workspace_.scales.require(rows);
    workspace_.sums.require(rows * matrix.rows);
    void* const q = workspace_.inputs.data();
    const gpu::QuantizeParams quantize{x, q, workspace_.scales.data(), rows, matrix.cols};
    device_.launch({KernelId::quantize, code(matrix.type)}, gpu::quantize_launch(quantize), quantize);
    device_.multiply({matrix.type, q, matrix.values, workspace_.sums.data(), rows, matrix.rows, matrix.cols,
                      matrix.rows, false});
    const gpu::RescaleParams rescale{
        workspace_.sums.data(), workspace_.scales.data(), matrix.scales, y, rows, matrix.rows, matrix.rows};
    device_.launch({KernelId::rescale, code(matrix.type)}, gpu::rescale_launch(rescale), rescale);
}

void DeviceOperations::rotate(float* x, std::int64_t heads, Rows rows) const {
    const gpu::RopeParams params{
        x,     tables_.positions() + rows.begin, weights_.rope_frequencies(), rows.count,
        heads, model_.config.head_dim,           model_.config.rotary_dim};
    device_.launch({KernelId::rope}, gpu::rope_launch(params), params);
}

void DeviceOperations::remember(std::int64_t layer) const {
    const gpu::RememberParams params{view(layer),         activations_.k.data(), activations_.v.data(),
                                     tables_.sequences(), tables_.positions(),   pass_.rows};
    const gpu::KvPlane type = blocks_ != nullptr ? blocks_->type() : gpu::KvPlane::f32;
    device_.launch({KernelId::remember, code(type)}, gpu::remember_launch(params), params);
    if (!chooses(layer)) return;
    const gpu::BoundParams bound{page_view(layer), activations_.k.data(), tables_.page_runs(),
                                 tables_.page_run_count()};
    device_.launch({KernelId::bound}, gpu::bound_launch(bound), bound);
}

void DeviceOperations::attend(std::int64_t layer, float* out, Rows rows) const {
    const ModelConfig& config = model_.config;
    const bool choosing = chooses(layer);
    if (choosing) choose_pages(layer, rows);
    const std::int64_t splits = splits_of(choosing, rows);
    if (splits > 1) workspace_.parts.require(rows.count * config.n_heads * splits * (config.head_dim + 2));
    const gpu::AttentionParams params{view(layer),
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
    const gpu::KvPlane type = blocks_ != nullptr ? blocks_->type() : gpu::KvPlane::f32;
    device_.launch({KernelId::attend, code(type)}, gpu::attention_launch(params), params);
    if (splits > 1) device_.launch({KernelId::combine}, gpu::combine_launch(params), params);
}

void DeviceOperations::gate(float* gate, const float* up, std::int64_t rows) const {
    const gpu::GateParams params{gate, up, rows * model_.config.n_ff};
    device_.launch({KernelId::gate}, gpu::flat_launch(params.count), params);
}

void DeviceOperations::add(float* y, const float* x, std::int64_t rows) const {
    const gpu::AddParams params{y, x, rows * model_.config.n_embd};
    device_.launch({KernelId::add}, gpu::flat_launch(params.count), params);
}

void DeviceOperations::keep_wanted_rows() {
    const std::int64_t kept = pass_.wanted();
    if (kept == pass_.rows) return;
    const std::int64_t q_width = model_.config.n_heads * model_.config.head_dim;
    // Through the panel's memory: a row's new place may be another's old one.
    const auto gather = [&](Buffer<float>& buffer, std::int64_t width) {
        if (kept == 0) return;
        workspace_.panel.require(kept * width * static_cast<std::int64_t>(sizeof(float)));
        auto* const rows = reinterpret_cast<float*>(workspace_.panel.data());
        const gpu::GatherParams params{buffer.data(), tables_.wanted(), rows, kept, width};
        device_.launch({KernelId::gather}, gpu::gather_launch(params), params);
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

std::int64_t DeviceOperations::logits(float* out) const {
    const ModelConfig& config = model_.config;
    workspace_.bad.require(pass_.rows);
    for_each_slice([&](Rows rows) {
        float* const normed = activations_.a.data();
        norm(model_.output_norm, activations_.x.data() + rows.begin * config.n_embd, normed, rows.count);
        const gpu::FiniteParams finite{normed, workspace_.bad.data() + rows.begin, rows.count, config.n_embd};
        device_.launch({KernelId::finite}, gpu::finite_launch(finite), finite);
        multiply(*model_.output, products_.reduced_output ? products_.arithmetic : kernels::Arithmetic::f32,
                 normed, out + rows.begin * config.n_vocab, rows.count);
    });
    return 0;
}

}  // namespace hone
