// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/runtime/layer_walk.h"
#include "engine/techniques/apply/calibration.h"
#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/prune_rows.h"
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

// Marks by |weight| · ‖input‖ instead of |weight|. Norms are brought below 1 by a power of two,
// which changes no order, so that no product overflows.
MarkRow weighted(const MarkRow& marker, const std::vector<double>& squares) {
    const double most = std::sqrt(*std::max_element(squares.begin(), squares.end()));
    const int exponent = most > 0 ? std::ilogb(most) + 1 : 0;
    std::vector<float> norms;
    norms.reserve(squares.size());
    for (const double square : squares)
        norms.push_back(static_cast<float>(std::ldexp(std::sqrt(square), -exponent)));
    return [marker, norms = std::move(norms)](std::int64_t row, std::span<const float> values,
                                              Mask& mask, std::vector<std::uint32_t>& scratch) {
        std::vector<float> scores(values.begin(), values.end());
        for (std::size_t i = 0; i < scores.size(); ++i) scores[i] *= norms[i];
        marker(row, scores, mask, scratch);
    };
}

class PruneWanda final : public RowPruning {
public:
    explicit PruneWanda(const nlohmann::json& options)
        : RowPruning(options), tokens_(options.at("tokens").get<std::int64_t>()) {}

    std::int64_t calibration_tokens() const override { return tokens_; }

    // Layer by layer: what a layer's pruned weights put out is what the next layer is judged by
    // (arXiv 2306.11695, section 3).
    Notes apply(Checkpoint& checkpoint, const kernels::Context& context,
                const Progress& progress) const override {
        const MarkRow marker = row_marker(pattern());
        Notes notes = expansion_note(matrices(std::as_const(checkpoint), false));
        const Progress quiet{{}, progress.stop};
        require_finite_weights(checkpoint, "pruning", context, quiet);
        const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
        LayerWalk walk(*model, context.pool, calibration_text(*model, tokens_));
        std::int64_t elements = 0, zeros = 0;
        std::size_t pruned = 0;
        for (std::int64_t layer = 0; layer < model->config.n_layers; ++layer) {
            progress.update(
                static_cast<double>(layer) / static_cast<double>(model->config.n_layers),
                "layer " + std::to_string(layer + 1));
            const LayerWalk::Squares squares = walk.input_squares(quiet);
            for (StoredTensor& tensor : model->checkpoint.tensors) {
                const auto inputs = squares.find(&tensor);
                if (inputs == squares.end()) continue;
                elements += tensor.elements();
                zeros += prune(tensor, context, quiet, weighted(marker, inputs->second));
                ++pruned;
            }
            walk.advance(quiet);
        }
        notes.push_back(zeros_note(zeros, elements, pruned));
        checkpoint = std::move(model->checkpoint);
        return notes;
    }

private:
    std::int64_t tokens_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::prune_wanda(const nlohmann::json& options) {
    return std::make_unique<PruneWanda>(options);
}

}  // namespace hone
