// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/core/progress.h"
#include "engine/runtime/activations.h"
#include "engine/runtime/pass.h"
#include "engine/runtime/run_config.h"
#include "kernels/cpu/context.h"
#include "kernels/linear/reduced.h"
#include "profiler/trace/recorder.h"

namespace hone {

// The model's vectors as fp32: pointers into the checkpoint where they are stored so, copies otherwise.
class VectorWeights {
public:
    explicit VectorWeights(const Model& model);
    const float* operator[](const StoredTensor* tensor) const;
    std::int64_t bytes() const;  // of the copies

private:
    std::unordered_map<const StoredTensor*, std::vector<float>> copies_;
};

// How the products of a pass are computed, and how many were.
struct Products {
    kernels::Arithmetic arithmetic;  // wanted; see RunConfig
    bool reduced_output;
    std::int64_t reduced = 0;                        // computed in it
    std::array<std::int64_t, kDTypes> of_type = {};  // with weights stored so
    std::int64_t skipped_zeros = 0;                  // weights of sparse types that were not there to be read
};

// How the attention of a pass is computed, and what was seen of it.
struct AttentionUse {
    const AttentionMask& mask;
    bool measures_mass;
    double mass = 0;  // summed over `mass_rows` queries, heads and layers that left something out
    std::int64_t mass_rows = 0;
};

// Where operations are recorded; `recorder` is null while nothing is.
struct Tracing {
    profiler::TraceRecorder* recorder = nullptr;
    profiler::TracePhase phase = profiler::TracePhase::prefill;
    std::int32_t layer = -1;  // −1: outside the layers
};

// Neighbouring rows of a pass.
struct Rows {
    std::int64_t begin, count;
};

// The operations that the graphs of engine/runtime/architectures are written in, on the CPU. They work on the activations
// of one pass; `x`, `q`, `k`, `v` hold every row of it, the other buffers one slice.
class Operations {
public:
    Operations(const Model& model, const VectorWeights& vectors, Activations& activations, Pass& pass,
               std::int64_t slice, Products& products, AttentionUse& attention, Tracing& tracing,
               const kernels::Context& context, const Progress& progress)
        : model_(model),
          vectors_(vectors),
          activations_(activations),
          pass_(pass),
          slice_(slice),
          products_(products),
          attention_(attention),
          tracing_(tracing),
          context_(context),
          progress_(progress) {}

    // Calls body(Rows) for slices that cover the pass.
    template <typename Body>
    void for_each_slice(Body&& body) const {
        for (std::int64_t begin = 0; begin < pass_.rows; begin += slice_)
            body(Rows{begin, std::min(slice_, pass_.rows - begin)});
    }

    void embed(const StoredTensor& embedding);  // token ids → x
    // y[rows] = norm(x[rows]); x and y at the first of the rows.
    void norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows) const;
    // y[rows] = x[rows] · Wᵀ, in the run's arithmetic where the weight can be multiplied so. Throws Cancelled where a stop was
    // requested.
    void linear(const StoredTensor* weight, const float* x, float* y, std::int64_t rows) const;
    void rotate(float* x, std::int64_t heads, Rows rows) const;
    // Keeps k and v of every row for the layer.
    void remember(std::int64_t layer) const;
    // out[rows] = attention of q[rows] over what the layer remembers.
    void attend(std::int64_t layer, float* out, Rows rows) const;
    void gate(float* gate, const float* up, std::int64_t rows) const;
    void add(float* y, const float* x, std::int64_t rows) const;
    // Drops the rows whose logits nobody wants: what the last layer computes behind its keys and values is only for the others.
    void keep_wanted_rows();
    // Logits of the rows that are left → `out`, [rows, n_vocab]. Returns how many of the rows' hidden states hold a NaN or
    // an infinity.
    std::int64_t logits(float* out) const;

    Activations& activations() const { return activations_; }

    // Called with the inputs of every product, [rows, cols of the weight], before it is computed.
    using Observer = std::function<void(const StoredTensor& weight, const float* x, std::int64_t rows)>;
    void observe(Observer observer) { observer_ = std::move(observer); }

private:
    struct Cost {
        std::int64_t bytes, flops;
    };
    // Runs `work`, and records it where a recorder listens: then, and only then, `cost` is asked for.
    template <typename Work, typename CostOf>
    void timed(profiler::Operation operation, std::string_view name, Work&& work, CostOf&& cost) const;
    Cost attention_cost(const kernels::AttentionProblem& problem, std::int64_t layer) const;
    void multiply(const StoredTensor& weight, kernels::Arithmetic arithmetic, const float* x, float* y,
                  std::int64_t rows) const;
    void add_mass(const kernels::AttentionProblem& problem, std::int64_t layer) const;

    const Model& model_;
    const VectorWeights& vectors_;
    Activations& activations_;
    Pass& pass_;
    std::int64_t slice_;
    Products& products_;
    AttentionUse& attention_;
    Tracing& tracing_;
    const kernels::Context& context_;
    const Progress& progress_;
    Observer observer_;
};

}  // namespace hone
