// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/layer_kinds.h"

#include <map>
#include <tuple>
#include <utility>

namespace hone {

std::vector<LayerKind> layer_kinds(const BoundWeights& weights, const RunConfig& run) {
    using Form = std::tuple<std::size_t, DType, std::int64_t, std::int64_t, std::int64_t>;
    std::map<std::pair<bool, std::vector<Form>>, std::size_t> known;
    std::vector<LayerKind> kinds;
    const std::int64_t last = std::ssize(weights.layers) - 1;
    for (std::int64_t layer = 0; layer < last; ++layer) {
        std::vector<Form> forms;
        for (std::size_t role = 0; role < kRoles; ++role)
            if (const StoredTensor* tensor =
                    weights.layers[static_cast<std::size_t>(layer)][static_cast<Role>(role)])
                forms.emplace_back(role, tensor->type, tensor->rows(), tensor->cols(),
                                   tensor->zeros);
        const bool dense = layer < run.attention.dense_layers;
        const auto [found, fresh] = known.try_emplace({dense, std::move(forms)}, kinds.size());
        if (fresh) kinds.push_back({layer, 0});
        kinds[found->second].count += 1;
    }
    kinds.push_back({last, 1});
    return kinds;
}

}  // namespace hone
