// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/traced_operations.h"

#include <algorithm>
#include <string>

namespace hone {

using profiler::Operation;

template <typename Work>
void TracedOperations::marked(Operation operation, std::string_view name, OperationCost cost,
                              Work&& work) const {
    const std::uint64_t mark = tracing_.recorder->queue({.operation = operation,
                                                         .phase = tracing_.phase,
                                                         .layer = tracing_.layer,
                                                         .bytes = cost.bytes,
                                                         .flops = cost.flops},
                                                        name);
    if (!queues_) return;
    device_.mark(mark);
    work();
    device_.mark(0);
}

void TracedOperations::embed(const StoredTensor& embedding) {
    marked(Operation::embed, "embed", embed_cost(embedding, own(pass_.rows)),
           [&] { operations_.embed(embedding); });
}

void TracedOperations::norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
                            std::int64_t groups) const {
    marked(Operation::norm, weight->name, norm_cost(own(rows) * groups, weight->cols()),
           [&] { operations_.norm(weight, x, y, rows, groups); });
}

void TracedOperations::linear(const StoredTensor* weight, const float* x, float* y,
                              std::int64_t rows) const {
    marked(Operation::linear, weight->name, product_cost(*weight, own(rows)),
           [&] { operations_.linear(weight, x, y, rows); });
}

// What a device computes together is one operation: its kernels are not one matrix's alone.
void TracedOperations::linears(std::span<const ProductOf> products, const float* x,
                               std::int64_t rows) const {
    std::string names;
    OperationCost cost;
    for (const ProductOf& product : products) {
        names += (names.empty() ? "" : " + ") + product.weight->name;
        cost += product_cost(*product.weight, own(rows));
    }
    marked(Operation::linear, names, cost, [&] { operations_.linears(products, x, rows); });
}

void TracedOperations::linear_add(const StoredTensor* weight, const float* x, float* scratch,
                                  float* y, std::int64_t rows) const {
    OperationCost cost = product_cost(*weight, own(rows));
    cost += add_cost(own(rows) * weight->rows());
    marked(Operation::linear, weight->name, cost,
           [&] { operations_.linear_add(weight, x, scratch, y, rows); });
}

void TracedOperations::gated(ProductOf gate, ProductOf up, const float* x,
                             std::int64_t rows) const {
    OperationCost cost = product_cost(*gate.weight, own(rows));
    cost += product_cost(*up.weight, own(rows));
    cost += gate_cost(own(rows) * gate.weight->rows());
    marked(Operation::linear, gate.weight->name + " + " + up.weight->name, cost,
           [&] { operations_.gated(gate, up, x, rows); });
}

void TracedOperations::rotate(float* q, float* k, Rows rows) const {
    const ModelConfig& config = shapes_.model.config;
    marked(Operation::rope, "rope",
           rope_cost(own(rows.count), config.n_heads + config.n_kv_heads, config.head_dim,
                     config.rotary_dim),
           [&] { operations_.rotate(q, k, rows); });
}

std::int64_t TracedOperations::position_bytes() const {
    const ModelConfig& config = shapes_.model.config;
    const cuda::KvPlane type =
        shapes_.blocks != nullptr ? shapes_.blocks->type() : cuda::KvPlane::f32;
    return cuda::kv_block_bytes(type, 1, config.n_kv_heads, config.head_dim);
}

void TracedOperations::remember(std::int64_t layer) const {
    const ModelConfig& config = shapes_.model.config;
    marked(Operation::remember, "remember",
           remember_cost(own(pass_.rows), config.n_kv_heads * config.head_dim, position_bytes()),
           [&] { operations_.remember(layer); });
}

void TracedOperations::attend(std::int64_t layer, float* out, Rows rows) const {
    const ModelConfig& config = shapes_.model.config;
    OperationCost sum;
    for (const Segment& segment : pass_.segments) {
        const std::int64_t begin = std::max(segment.row, rows.begin);
        const std::int64_t end = std::min(segment.row + segment.rows, rows.begin + rows.count);
        if (begin >= end) continue;
        const std::int64_t first = segment.position + std::ssize(segment.tokens) - segment.rows;
        sum += attention_cost(shapes_.config.attention, layer, first + begin - segment.row,
                              end - begin, config.n_heads, config.head_dim, position_bytes());
    }
    marked(Operation::attention, "attention", sum, [&] { operations_.attend(layer, out, rows); });
}

void TracedOperations::gate(float* gate, const float* up, std::int64_t rows) const {
    marked(Operation::gate, "silu_mul", gate_cost(own(rows) * shapes_.model.config.n_ff),
           [&] { operations_.gate(gate, up, rows); });
}

void TracedOperations::add(float* y, const float* x, std::int64_t rows) const {
    marked(Operation::add, "add", add_cost(own(rows) * shapes_.model.config.n_embd),
           [&] { operations_.add(y, x, rows); });
}

void TracedOperations::add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const {
    marked(Operation::add, bias->name, bias_cost(own(rows), bias->cols()),
           [&] { operations_.add_bias(y, bias, rows); });
}

// Moving rows belongs to what made them: the last layer's attention.
void TracedOperations::keep_wanted_rows() {
    if (!queues_ || pass_.wanted() == pass_.rows) return;
    marked(Operation::attention, "keep_wanted_rows", {}, [&] { operations_.keep_wanted_rows(); });
}

std::int64_t TracedOperations::logits(float* out) const {
    OperationCost cost = product_cost(*shapes_.model.output, own(pass_.rows));
    cost += norm_cost(own(pass_.rows), shapes_.model.config.n_embd);
    std::int64_t non_finite = 0;
    marked(Operation::logits, shapes_.model.output->name, cost,
           [&] { non_finite = operations_.logits(out); });
    return non_finite;
}

}  // namespace hone
