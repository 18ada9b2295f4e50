// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/layer_walk.h"

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/runtime/activations.h"
#include "engine/runtime/attention_mask.h"
#include "engine/runtime/cpu_operations.h"
#include "engine/runtime/cpu_shapes.h"
#include "engine/runtime/graph.h"
#include "engine/runtime/pass.h"
#include "engine/runtime/run_config.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

double cosine(const float* a, const float* b, std::int64_t n) {
    double dot = 0, aa = 0, bb = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
        aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
        bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    const double norms = std::sqrt(aa) * std::sqrt(bb);
    return norms > 0 ? dot / norms : 1.0;
}

// What is not finite would be ranked all the same, and wrongly: a cosine of NaN counts as none.
void require_finite_inputs(bool finite, const Model& model, std::int64_t layer) {
    if (finite) return;
    const std::string where =
        layer < 0 ? std::string("the token embedding") : "layer " + std::to_string(layer);
    throw Error({.message = {},
                 .file = model.checkpoint.source,
                 .field = "calibration, " + where,
                 .found = "an output that is not finite",
                 .expected = "finite activations, which ranking needs",
                 .fault = Fault::damaged,
                 .summary = "The model's activations are not finite on the calibration text.",
                 .action = "Its weights hold values that are not finite, or too large."});
}

ActivationRows walk_rows(std::int64_t tokens, const RunConfig& run) {
    return {.rows = tokens, .slice = std::min(tokens, run.prefill_chunk), .placed = tokens};
}

}  // namespace

struct LayerWalk::Impl {
    Impl(const Model& the_model, kernels::ThreadPool& pool,
         std::span<const std::vector<TokenId>> the_sequences)
        : model(the_model),
          sequences(the_sequences.begin(), the_sequences.end()),
          workspace(pool.size()),
          context{kernels::best_isa(), pool, workspace},
          vectors(the_model),
          activations(cpu_activation_widths(the_model.config, the_model, config)) {
        for (const std::vector<TokenId>& tokens : sequences)
            pass.add(tokens, 0, std::ssize(tokens), nullptr, nullptr);
        slice = walk_rows(pass.rows, config).slice;
        activations.require(walk_rows(pass.rows, config));
        for (const Segment& segment : pass.segments) {
            for (std::int64_t i = 0; i < segment.rows; ++i) {
                activations.positions.data()[segment.row + i] = static_cast<std::int32_t>(i);
                activations.mask.data()[segment.row + i] = mask_row(config.attention, i);
            }
        }
        operations({}).embed(*model.token_embd);
        require_finite(-1);
    }

    void require_finite(std::int64_t layer) const {
        require_finite_inputs(all_finite(activations.x.data(), pass.rows * model.config.n_embd),
                              model, layer);
    }

    CpuOperations operations(const Progress& progress) {
        return {model,    vectors,   activations, pass,    slice,
                products, attention, tracing,     context, progress};
    }

    std::vector<float> hidden() const {
        return {activations.x.data(), activations.x.data() + pass.rows * model.config.n_embd};
    }

    const Model& model;
    const RunConfig config;
    const std::vector<std::vector<TokenId>> sequences;
    kernels::Workspace workspace;
    const kernels::Context context;
    VectorWeights vectors;
    Activations activations;
    Pass pass;
    Products products{kernels::Arithmetic::f32, false};
    AttentionUse attention{config.attention, false};
    Tracing tracing;  // nobody listens
    std::int64_t slice = 0;
    std::int64_t next = 0;
};

LayerWalk::LayerWalk(const Model& model, kernels::ThreadPool& pool,
                     std::span<const std::vector<TokenId>> sequences)
    : impl_(std::make_unique<Impl>(model, pool, sequences)) {}

LayerWalk::~LayerWalk() = default;

std::int64_t LayerWalk::tokens() const {
    return impl_->pass.rows;
}

std::int64_t LayerWalk::bytes(const Checkpoint& checkpoint, std::int64_t tokens) {
    constexpr std::int64_t kCopies = 2;  // of the hidden state, at a time
    const ModelConfig model = read_config(checkpoint);
    const RunConfig run;
    const ActivationWidths widths =
        cpu_activation_widths(model, bind_weights(checkpoint, model.n_layers), run);
    return activation_bytes(widths, walk_rows(tokens, run)) +
           kCopies * tokens * model.n_embd * static_cast<std::int64_t>(sizeof(float));
}

LayerWalk::Squares LayerWalk::input_squares(const Progress& progress) {
    Impl& it = *impl_;
    Squares squares;
    CpuOperations operations = it.operations(progress);
    operations.observe([&squares](const StoredTensor& weight, const float* x, std::int64_t rows) {
        std::vector<double>& sums = squares[&weight];
        const std::int64_t cols = weight.cols();
        sums.resize(static_cast<std::size_t>(cols));
        for (std::int64_t r = 0; r < rows; ++r) {
            for (std::int64_t c = 0; c < cols; ++c) {
                const auto value = static_cast<double>(x[r * cols + c]);
                sums[static_cast<std::size_t>(c)] += value * value;
            }
        }
    });
    const std::vector<float> before = it.hidden();
    decoder_layer(it.model.config, it.model, operations, it.next);
    std::copy(before.begin(), before.end(), it.activations.x.data());
    for (const auto& [weight, sums] : squares) {
        const bool finite =
            std::all_of(sums.begin(), sums.end(), [](double sum) { return std::isfinite(sum); });
        require_finite_inputs(finite, it.model, it.next);
    }
    return squares;
}

double LayerWalk::advance(const Progress& progress) {
    Impl& it = *impl_;
    const std::vector<float> before = it.hidden();
    CpuOperations operations = it.operations(progress);
    decoder_layer(it.model.config, it.model, operations, it.next++);
    it.require_finite(it.next - 1);
    const std::int64_t n = it.model.config.n_embd;
    double sum = 0;
    for (std::int64_t row = 0; row < it.pass.rows; ++row)
        sum += cosine(before.data() + row * n, it.activations.x.data() + row * n, n);
    return sum / static_cast<double>(it.pass.rows);
}

}  // namespace hone
