// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/shape_operations.h"

#include <algorithm>
#include <vector>

#include "engine/core/error.h"
#include "engine/runtime/graph.h"
#include "engine/runtime/layer_kinds.h"

namespace hone {
namespace {

// Far more than any model's buffers hold, and so far apart that no offset leads into another's.
constexpr std::int64_t kElements = std::int64_t{1} << 40;
constexpr std::uintptr_t kApart = std::uintptr_t{1} << 43;

}  // namespace

void* AddressedActivations::Space::allocate(std::int64_t) {
    next_ += kApart;
    return reinterpret_cast<void*>(next_);  // NOLINT(performance-no-int-to-ptr): an address alone
}

AddressedActivations::AddressedActivations() : activations_({}, &space_) {
    for (const auto buffer : Activations::kGraph) (activations_.*buffer).allocate(kElements);
}

void AddressedActivations::use(const float* first, std::int64_t count) {
    const auto address = reinterpret_cast<std::uintptr_t>(first);
    for (std::size_t i = 0; i < kGraphBuffers; ++i) {
        const auto begin =
            reinterpret_cast<std::uintptr_t>((activations_.*Activations::kGraph[i]).data());
        if (address < begin || address >= begin + kElements * sizeof(float)) continue;
        const auto at = static_cast<std::int64_t>((address - begin) / sizeof(float));
        used_[i] = std::max(used_[i], at + count);
        return;
    }
    throw Error("the graph computes in memory that none of its buffers has");
}

ShapeOperations::ShapeOperations(const ModelConfig& model, const BoundWeights& weights,
                                 const RunConfig& run, AddressedActivations& memory, Pass& pass,
                                 std::int64_t slice)
    : Operations(memory.activations(), pass, slice),
      model_(model),
      weights_(weights),
      run_(run),
      memory_(memory) {}

void ShapeOperations::embed(const StoredTensor& embedding) {
    memory_.use(activations_.x.data(), pass_.rows * embedding.cols());
}

void ShapeOperations::norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
                           std::int64_t groups) const {
    memory_.use(x, rows * groups * weight->cols());
    memory_.use(y, rows * groups * weight->cols());
}

void ShapeOperations::linear(const StoredTensor* weight, const float* x, float* y,
                             std::int64_t rows) const {
    memory_.use(x, rows * weight->cols());
    memory_.use(y, rows * weight->rows());
    multiplies(*weight, run_.arithmetic, rows);
}

void ShapeOperations::multiplies(const StoredTensor&, kernels::Arithmetic, std::int64_t) const {}

void ShapeOperations::rotate(float* q, float* k, Rows rows) const {
    memory_.use(q, rows.count * model_.n_heads * model_.head_dim);
    memory_.use(k, rows.count * model_.n_kv_heads * model_.head_dim);
}

void ShapeOperations::remember(std::int64_t) const {
    for (const float* const all : {activations_.k.data(), activations_.v.data()})
        memory_.use(all, pass_.rows * model_.n_kv_heads * model_.head_dim);
}

void ShapeOperations::attend(std::int64_t, float* out, Rows rows) const {
    const std::int64_t width = model_.n_heads * model_.head_dim;
    memory_.use(activations_.q.at(rows.begin * width), rows.count * width);
    memory_.use(out, rows.count * width);
}

void ShapeOperations::gate(float* gate, const float* up, std::int64_t rows) const {
    memory_.use(gate, rows * model_.n_ff);
    memory_.use(up, rows * model_.n_ff);
}

void ShapeOperations::add(float* y, const float* x, std::int64_t rows) const {
    memory_.use(y, rows * model_.n_embd);
    memory_.use(x, rows * model_.n_embd);
}

void ShapeOperations::add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const {
    memory_.use(y, rows * bias->cols());
}

void ShapeOperations::keep_wanted_rows() {
    const std::int64_t left = pass_.wanted();
    std::int64_t kept = 0;
    for (Segment& segment : pass_.segments) {
        segment.row = kept;
        segment.rows = segment.wanted;
        kept += segment.wanted;
    }
    pass_.rows = left;
}

std::int64_t ShapeOperations::logits(float* out) const {
    for_each_slice([&](Rows rows) {
        norm(weights_.output_norm, activations_.x.at(rows.begin * model_.n_embd),
             activations_.a.data(), rows.count, 1);
        memory_.use(activations_.a.data(), rows.count * weights_.output->cols());
        memory_.use(out + rows.begin * weights_.output->rows(),
                    rows.count * weights_.output->rows());
        multiplies(*weights_.output,
                   run_.reduced_output ? run_.arithmetic : kernels::Arithmetic::f32, rows.count);
    });
    return 0;
}

void walk_graph(const ModelConfig& model, const BoundWeights& weights, const RunConfig& run,
                Operations& operations) {
    operations.embed(*weights.token_embd);
    for (const LayerKind& kind : layer_kinds(weights, run))
        decoder_layer(model, weights, operations, kind.layer);
    operations.logits(operations.activations().logits.data());
}

// A buffer of the whole pass grows with each row, one of a slice does not where slices have one.
ActivationWidths activation_widths(
    const std::function<void(AddressedActivations& memory, Pass& pass)>& walk) {
    const std::vector<TokenId> tokens(2);
    std::array<std::array<std::int64_t, kGraphBuffers>, 2> used;
    for (const std::size_t rows : {1, 2}) {
        AddressedActivations memory;
        Pass pass;
        pass.add(std::span(tokens).first(rows), 0, static_cast<std::int64_t>(rows), nullptr,
                 nullptr);
        walk(memory, pass);
        used[rows - 1] = memory.used();
    }
    ActivationWidths widths;
    for (std::size_t i = 0; i < kGraphBuffers; ++i) {
        const std::int64_t row = used[1][i] - used[0][i];
        widths.graph[i] = {row, used[0][i] - row};
    }
    return widths;
}

}  // namespace hone
