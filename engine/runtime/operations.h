// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "engine/core/progress.h"
#include "engine/runtime/activations.h"
#include "engine/runtime/pass.h"
#include "engine/runtime/run_config.h"
#include "kernels/linear/reduced.h"
#include "profiler/trace/recorder.h"

namespace hone {

// How the products of a pass are computed, and how many were.
struct Products {
    kernels::Arithmetic arithmetic;  // wanted; see RunConfig
    bool reduced_output;
    std::int64_t reduced = 0;                        // computed in it
    std::array<std::int64_t, kDTypes> of_type = {};  // with weights stored so
    std::int64_t skipped_zeros = 0;  // weights of sparse types that were not there to be read
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

struct ProductOf {
    const StoredTensor* weight;
    float* y;
};

// The operations that the graph (graph.h) is written in, on one device. They work on the
// activations of one pass; `x`, `q`, `k`, `v` hold every row of it, the other buffers one slice.
// Pointers are the device's.
class Operations {
public:
    Operations(Activations& activations, Pass& pass, std::int64_t slice)
        : activations_(activations), pass_(pass), slice_(slice) {}
    virtual ~Operations() = default;
    Operations(const Operations&) = delete;
    Operations& operator=(const Operations&) = delete;

    // Calls body(Rows) for slices that cover the pass.
    template <typename Body>
    void for_each_slice(Body&& body) const {
        for (std::int64_t begin = 0; begin < pass_.rows; begin += slice_)
            body(Rows{begin, std::min(slice_, pass_.rows - begin)});
    }

    virtual void embed(const StoredTensor& embedding) = 0;  // token ids → x
    // y[rows] = norm(x[rows]); x and y at the first of the rows, y may be x. A row holds `groups`
    // neighbours of the weight's width, each normed by itself: 1 of a whole row, its heads of q and
    // k.
    virtual void norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
                      std::int64_t groups) const = 0;
    // y[rows] = x[rows] · Wᵀ, in the run's arithmetic where the weight can be multiplied so. Throws
    // Cancelled where a stop was requested.
    virtual void linear(const StoredTensor* weight, const float* x, float* y,
                        std::int64_t rows) const = 0;
    // Products of several matrices with the same x; a device may compute them together.
    virtual void linears(std::span<const ProductOf> products, const float* x,
                         std::int64_t rows) const {
        for (const ProductOf& product : products) linear(product.weight, x, product.y, rows);
    }
    // y[rows] += x[rows] · Wᵀ; `scratch` has room for the product.
    virtual void linear_add(const StoredTensor* weight, const float* x, float* scratch, float* y,
                            std::int64_t rows) const {
        linear(weight, x, scratch, rows);
        add(y, scratch, rows);
    }
    // gate.y[rows] = silu(x[rows] · Gᵀ) · (x[rows] · Uᵀ); up.y has room for the second product.
    virtual void gated(ProductOf gate_product, ProductOf up, const float* x,
                       std::int64_t rows) const {
        linear(gate_product.weight, x, gate_product.y, rows);
        linear(up.weight, x, up.y, rows);
        gate(gate_product.y, up.y, rows);
    }
    // Turns q and k of the rows by their positions; q and k at the first of the rows.
    virtual void rotate(float* q, float* k, Rows rows) const = 0;
    // Keeps k and v of every row for the layer.
    virtual void remember(std::int64_t layer) const = 0;
    // out[rows] = attention of q[rows] over what the layer remembers.
    virtual void attend(std::int64_t layer, float* out, Rows rows) const = 0;
    virtual void gate(float* gate, const float* up, std::int64_t rows) const = 0;
    virtual void add(float* y, const float* x, std::int64_t rows) const = 0;
    // y[rows] += bias, a vector.
    virtual void add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const = 0;
    // Drops the rows whose logits nobody wants: what the last layer computes behind its keys and
    // values is only for the others.
    virtual void keep_wanted_rows() = 0;
    // Logits of the rows that are left → `out`, [rows, n_vocab]. Returns how many of the rows'
    // hidden states hold a NaN or an infinity.
    virtual std::int64_t logits(float* out) const = 0;

    Activations& activations() const { return activations_; }

protected:
    Activations& activations_;
    Pass& pass_;
    const std::int64_t slice_;
};

}  // namespace hone
