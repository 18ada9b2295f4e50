// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "engine/runtime/layer_walk.h"
#include "engine/techniques/apply/calibration.h"
#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

// Drops layers and numbers the others anew; the graph needs nothing else.
void remove_layers(Checkpoint& checkpoint, const std::set<std::int64_t>& removed,
                   std::int64_t n_layers) {
    const Family& family = checkpoint.supported_family();
    std::erase_if(checkpoint.tensors, [&removed](const StoredTensor& tensor) {
        return removed.contains(tensor.place.layer);
    });
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.place.layer < 0) continue;
        const auto before = std::distance(removed.begin(), removed.lower_bound(tensor.place.layer));
        tensor.place.layer -= static_cast<std::int32_t>(before);
        tensor.name = family.row(tensor.place.role)->gguf_name(tensor.place.layer);
    }
    checkpoint.metadata[family.key(Parameter::layers)] =
        static_cast<std::uint32_t>(n_layers - std::ssize(removed));
}

// 1 − the mean cosine between what goes into a layer and what comes out (ShortGPT, arXiv
// 2403.03853, section 3.2), layer by layer.
std::vector<double> influences(const Model& model, std::int64_t tokens,
                               const kernels::Context& context, const Progress& progress) {
    LayerWalk walk(model, context.pool, calibration_text(model, tokens));
    std::vector<double> result;
    for (std::int64_t layer = 0; layer < model.config.n_layers; ++layer) {
        progress.update(static_cast<double>(layer) / static_cast<double>(model.config.n_layers),
                        fmt::format("influence of layer {}", layer));
        result.push_back(1 - walk.advance(Progress{{}, progress.stop}));
    }
    return result;
}

class PruneLayers final : public WeightTechnique {
public:
    explicit PruneLayers(const nlohmann::json& options)
        : count_(options.at("layers").get<std::int64_t>()),
          kept_ends_(options.at("keep_ends").get<std::int64_t>()),
          tokens_(options.at("tokens").get<std::int64_t>()) {}

    Support supports(const TechniqueQuery& query) const override {
        const std::int64_t n_layers = query.config.n_layers;
        const std::int64_t candidates = n_layers - 2 * kept_ends_;
        if (count_ <= std::max<std::int64_t>(0, candidates) && count_ < n_layers) return {};
        return {false,
                fmt::format(
                    "the model has {} layers, {} of them at its ends that are kept: {} cannot go",
                    n_layers, std::min(2 * kept_ends_, n_layers), count_)};
    }

    CounterUses counters() const override {
        return {{.name = "removed_layers",
                 .of_shapes = [](const ModelConfig& before, const ModelConfig& after) {
                     return before.n_layers - after.n_layers;
                 }}};
    }

    std::int64_t calibration_tokens() const override { return tokens_; }

    Notes apply(Checkpoint& checkpoint, const kernels::Context& context,
                const Progress& progress) const override {
        require_finite_weights(checkpoint, "ranking layers", context, Progress{{}, progress.stop});
        const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
        const std::vector<double> influence = influences(*model, tokens_, context, progress);
        checkpoint = std::move(model->checkpoint);
        const std::int64_t n_layers = std::ssize(influence);
        std::vector<std::int64_t> ranked(static_cast<std::size_t>(n_layers - 2 * kept_ends_));
        std::iota(ranked.begin(), ranked.end(), kept_ends_);
        std::stable_sort(ranked.begin(), ranked.end(),
                         [&influence](std::int64_t a, std::int64_t b) {
                             return influence[static_cast<std::size_t>(a)] <
                                    influence[static_cast<std::size_t>(b)];
                         });
        const std::set<std::int64_t> removed(ranked.begin(), ranked.begin() + count_);
        remove_layers(checkpoint, removed, n_layers);
        std::vector<std::string> parts;
        for (const std::int64_t layer : removed)
            parts.push_back(
                fmt::format("{} ({:.3f})", layer, influence[static_cast<std::size_t>(layer)]));
        return {fmt::format("layers removed, with their influence: {}", fmt::join(parts, ", "))};
    }

    // Which layers go is not known yet; they are all of one size unless their types differ.
    Notes plan(Checkpoint& checkpoint) const override {
        const std::int64_t n_layers = read_config(checkpoint).n_layers;
        std::set<std::int64_t> removed;
        for (std::int64_t i = 0; i < count_; ++i)
            removed.insert(n_layers - kept_ends_ - count_ + i);
        remove_layers(checkpoint, removed, n_layers);
        return {};
    }

private:
    std::int64_t count_, kept_ends_, tokens_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::prune_layers(const nlohmann::json& options) {
    return std::make_unique<PruneLayers>(options);
}

}  // namespace hone
