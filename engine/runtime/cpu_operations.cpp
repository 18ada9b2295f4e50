// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cpu_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/runtime/attention_mask.h"
#include "engine/runtime/operation_cost.h"
#include "engine/weights/weight_format.h"
#include "kernels/attention/attention.h"
#include "kernels/convert/convert.h"
#include "kernels/elementwise/elementwise.h"

namespace hone {
namespace {

// As a view's type says it; see kv_position_bytes().
KvStorage storage_of(kernels::KvType type) {
    switch (type) {
        case kernels::KvType::f16:
            return KvStorage::f16;
        case kernels::KvType::i8:
            return KvStorage::i8;
        default:
            return KvStorage::f32;
    }
}

// A CPU's passes hold a CPU's caches.
CpuKvCache& cache_of(const Segment& segment) {
    return static_cast<CpuKvCache&>(*segment.cache);
}

}  // namespace

VectorWeights::VectorWeights(const Model& model) {
    for (const StoredTensor& tensor : model.checkpoint.tensors) {
        if (tensor.shape.size() != 1) continue;
        // A file may align its tensors to less than a float.
        const bool aligned =
            reinterpret_cast<std::uintptr_t>(tensor.data.data()) % alignof(float) == 0;
        if (tensor.type != DType::f32 || !aligned) copies_.emplace(&tensor, expand_tensor(tensor));
    }
}

const float* VectorWeights::operator[](const StoredTensor* tensor) const {
    const auto copy = copies_.find(tensor);
    return copy != copies_.end() ? copy->second.data()
                                 : reinterpret_cast<const float*>(tensor->data.data());
}

std::int64_t VectorWeights::bytes() const {
    std::size_t sum = 0;
    for (const auto& [tensor, values] : copies_) sum += values.size() * sizeof(float);
    return static_cast<std::int64_t>(sum);
}

namespace {

std::string_view kv_name(kernels::KvType type) {
    switch (type) {
        case kernels::KvType::f16:
            return "fp16";
        case kernels::KvType::i8:
            return "int8";
        default:
            return "fp32";
    }
}

}  // namespace

// "AVX-512 Q4_0 product", "VNNI int8 product of Q8_0": what computes, and what it reads.
std::string CpuOperations::product_kernel(const StoredTensor& weight,
                                          kernels::Arithmetic arithmetic) const {
    const std::string_view type = info(weight.type).name;
    if (!can_reduce(weight, arithmetic, context_.isa))
        return fmt::format("{} {} product", kernels::isa_name(context_.isa), type);
    const std::string_view unit = kernels::arithmetic_unit(arithmetic, context_.isa);
    return fmt::format("{} {} product of {}", unit, kernels::arithmetic_name(arithmetic), type);
}

template <typename Work, typename CostOf, typename KernelOf>
void CpuOperations::timed(profiler::Operation operation, std::string_view name, Work&& work,
                          CostOf&& cost, KernelOf&& kernel) const {
    if (tracing_.recorder == nullptr) return work();
    const std::int64_t start = tracing_.recorder->now();
    work();
    const std::int64_t end = tracing_.recorder->now();
    const OperationCost spent = cost();
    tracing_.recorder->add({.start = start,
                            .duration = end - start,
                            .bytes = spent.bytes,
                            .flops = spent.flops,
                            .layer = tracing_.layer,
                            .operation = operation,
                            .phase = tracing_.phase},
                           name, kernel);
}

template <typename Work, typename CostOf>
void CpuOperations::timed(profiler::Operation operation, std::string_view name, Work&& work,
                          CostOf&& cost) const {
    timed(operation, name, std::forward<Work>(work), std::forward<CostOf>(cost), [&] {
        return fmt::format("{} {}", kernels::isa_name(context_.isa),
                           profiler::operation_name(operation));
    });
}

void CpuOperations::embed(const StoredTensor& embedding) {
    const std::int64_t n = model_.config.n_embd;
    const kernels::WeightType type = embedding.type;
    const auto expand = [&] {
        for (const Segment& segment : pass_.segments) {
            float* row = activations_.x.data() + segment.row * n;
            for (const TokenId token : segment.tokens) {
                kernels::expand_row(type, embedding.row(token), row, n, context_.isa);
                row += n;
            }
        }
    };
    timed(
        profiler::Operation::embed, "embed", expand,
        [&] { return embed_cost(embedding, pass_.rows); },
        [&] {
            return fmt::format("{} {} rows", kernels::isa_name(context_.isa),
                               info(embedding.type).name);
        });
}

void CpuOperations::norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
                         std::int64_t groups) const {
    const std::int64_t n = weight->cols(), count = rows * groups;
    timed(
        profiler::Operation::norm, weight->name,
        [&] {
            kernels::rms_norm(x, vectors_[weight], y, count, n, model_.config.norm_eps, context_);
        },
        [&] { return norm_cost(count, n); });
}

void CpuOperations::linear(const StoredTensor* weight, const float* x, float* y,
                           std::int64_t rows) const {
    if (observer_) observer_(*weight, x, rows);
    multiply(*weight, products_.arithmetic, x, y, rows);
}

void CpuOperations::multiply(const StoredTensor& weight, kernels::Arithmetic arithmetic,
                             const float* x, float* y, std::int64_t rows) const {
    progress_.check();
    ++products_.of_type[static_cast<std::size_t>(weight.type)];
    if (info(weight.type).sparse) products_.skipped_zeros += weight.zeros;
    const auto product = [&] {
        if (!can_reduce(weight, arithmetic, context_.isa))
            return hone::linear(weight, x, rows, y, context_);
        linear_reduced(weight, x, rows, y, arithmetic, activations_.reduced.data(), context_);
        ++products_.reduced;
    };
    timed(
        tracing_.layer < 0 ? profiler::Operation::logits : profiler::Operation::linear, weight.name,
        product, [&] { return product_cost(weight, rows); },
        [&] { return product_kernel(weight, arithmetic); });
}

void CpuOperations::rotate(float* q, float* k, Rows rows) const {
    const ModelConfig& config = model_.config;
    const auto turn = [&](float* x, std::int64_t heads) {
        timed(
            profiler::Operation::rope, "rope",
            [&] {
                const auto rope = config.family->rotation == Rotation::halves
                                      ? kernels::rope_halves
                                      : kernels::rope_interleaved;
                rope(x, activations_.positions.data() + rows.begin, rows.count, heads,
                     config.head_dim, config.rotary_dim, config.rope_frequencies.data(), context_);
            },
            [&] { return rope_cost(rows.count, heads, config.head_dim, config.rotary_dim); });
    };
    turn(q, config.n_heads);
    turn(k, config.n_kv_heads);
}

void CpuOperations::remember(std::int64_t layer) const {
    const std::int64_t width = model_.config.n_kv_heads * model_.config.head_dim;
    const auto append = [&] {
        for (const Segment& segment : pass_.segments) {
            if (segment.bounds != nullptr && layer >= attention_.mask.dense_layers)
                segment.bounds->append(layer, segment.position,
                                       activations_.k.data() + segment.kv_row * width,
                                       std::ssize(segment.tokens));
            if (segment.cache == nullptr) continue;
            cache_of(segment).append(layer, activations_.k.data() + segment.kv_row * width,
                                     activations_.v.data() + segment.kv_row * width,
                                     std::ssize(segment.tokens), context_);
        }
    };
    timed(profiler::Operation::remember, "remember", append, [&] {
        OperationCost sum;
        for (const Segment& segment : pass_.segments) {
            if (segment.cache == nullptr) continue;
            const std::int64_t each =
                kv_position_bytes(model_.config, storage_of(cache_of(segment).keys(layer).type));
            sum.bytes += remember_cost(std::ssize(segment.tokens), width, each).bytes;
        }
        return sum;
    });
}

void CpuOperations::attend(std::int64_t layer, float* out, Rows rows) const {
    const ModelConfig& config = model_.config;
    const std::int64_t q_width = config.n_heads * config.head_dim;
    const std::int64_t kv_width = config.n_kv_heads * config.head_dim;
    const auto in_activations = [&](const Buffer<float>& buffer, const Segment& segment) {
        return kernels::KvView{kernels::KvType::f32,
                               buffer.data() + segment.kv_row * kv_width,
                               nullptr,
                               config.head_dim,
                               kv_width,
                               0};
    };
    for (const Segment& segment : pass_.segments) {
        const std::int64_t begin = std::max(segment.row, rows.begin);
        const std::int64_t end = std::min(segment.row + segment.rows, rows.begin + rows.count);
        if (begin >= end) continue;
        const bool cached = segment.cache != nullptr;
        const bool pages = segment.bounds != nullptr && layer >= attention_.mask.dense_layers;
        const kernels::AttentionProblem problem{
            .q = activations_.q.data() + begin * q_width,
            .out = out + (begin - rows.begin) * q_width,
            .q_stride = q_width,
            .out_stride = q_width,
            .keys =
                cached ? cache_of(segment).keys(layer) : in_activations(activations_.k, segment),
            .values =
                cached ? cache_of(segment).values(layer) : in_activations(activations_.v, segment),
            .mask = activations_.mask.data() + begin,
            .tokens = end - begin,
            .n_heads = config.n_heads,
            .n_kv_heads = config.n_kv_heads,
            .head_dim = config.head_dim,
            .scale = 1.0F / std::sqrt(static_cast<float>(config.head_dim)),
            .pages = pages
                         ? kernels::PageSelection{segment.bounds->layer(layer),
                                                  attention_.mask.page_shift, attention_.mask.keep}
                         : kernels::PageSelection{},
            .mass = attention_.measures_mass ? activations_.mass.data() : nullptr};
        timed(
            profiler::Operation::attention, "attention",
            [&] { kernels::attention(problem, context_); },
            [&] {
                const std::int64_t first =
                    segment.position + std::ssize(segment.tokens) - segment.rows;
                return attention_cost(attention_.mask, layer, first + begin - segment.row,
                                      end - begin, config.n_heads, config.head_dim,
                                      kv_position_bytes(config, storage_of(problem.keys.type)));
            },
            [&] {
                return fmt::format("{} attention, {} keys and values",
                                   kernels::isa_name(context_.isa), kv_name(problem.keys.type));
            });
        if (attention_.measures_mass) add_mass(problem, layer);
    }
}

void CpuOperations::add_mass(const kernels::AttentionProblem& problem, std::int64_t layer) const {
    for (std::int64_t token = 0; token < problem.tokens; ++token) {
        const std::int64_t dense = problem.mask[token].end;
        if (attended_positions(attention_.mask, dense - 1, layer) == dense) continue;
        for (std::int64_t head = 0; head < problem.n_heads; ++head)
            attention_.mass += static_cast<double>(problem.mass[token * problem.n_heads + head]);
        attention_.mass_rows += problem.n_heads;
    }
}

void CpuOperations::gate(float* gate, const float* up, std::int64_t rows) const {
    const std::int64_t count = rows * model_.config.n_ff;
    timed(
        profiler::Operation::gate, "silu_mul",
        [&] { kernels::silu_mul(gate, up, gate, count, context_); },
        [&] { return gate_cost(count); });
}

void CpuOperations::add(float* y, const float* x, std::int64_t rows) const {
    const std::int64_t count = rows * model_.config.n_embd;
    timed(
        profiler::Operation::add, "add", [&] { kernels::add(y, x, count, context_); },
        [&] { return add_cost(count); });
}

void CpuOperations::add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const {
    const std::int64_t n = bias->cols();
    timed(
        profiler::Operation::add, bias->name,
        [&] { kernels::add_bias(y, vectors_[bias], rows, n, context_); },
        [&] { return bias_cost(rows, n); });
}

void CpuOperations::keep_wanted_rows() {
    if (pass_.wanted() == pass_.rows) return;
    const std::int64_t q_width = model_.config.n_heads * model_.config.head_dim;
    const auto move = [](auto& buffer, std::int64_t width, std::int64_t from, std::int64_t to,
                         std::int64_t rows) {
        std::copy_n(buffer.data() + from * width, rows * width,
                    buffer.data() + to * width);  // to ≤ from
    };
    std::int64_t kept = 0;
    for (Segment& segment : pass_.segments) {
        const std::int64_t from = segment.row + segment.rows - segment.wanted;
        move(activations_.x, model_.config.n_embd, from, kept, segment.wanted);
        move(activations_.q, q_width, from, kept, segment.wanted);
        move(activations_.mask, 1, from, kept, segment.wanted);
        segment.row = kept;
        segment.rows = segment.wanted;
        kept += segment.wanted;
    }
    pass_.rows = kept;
}

std::int64_t CpuOperations::logits(float* out) const {
    const ModelConfig& config = model_.config;
    std::int64_t non_finite = 0;
    for_each_slice([&](Rows rows) {
        float* const normed = activations_.a.data();
        norm(model_.output_norm, activations_.x.data() + rows.begin * config.n_embd, normed,
             rows.count, 1);
        for (std::int64_t i = 0; i < rows.count; ++i) {
            const float* const row = normed + i * config.n_embd;
            const auto finite = [](float value) { return std::isfinite(value); };
            if (!std::all_of(row, row + config.n_embd, finite)) ++non_finite;
        }
        multiply(*model_.output,
                 products_.reduced_output ? products_.arithmetic : kernels::Arithmetic::f32, normed,
                 out + rows.begin * config.n_vocab, rows.count);
    });
    return non_finite;
}

}  // namespace hone
