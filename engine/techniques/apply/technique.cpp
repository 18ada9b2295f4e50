// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/technique.h"

#include <algorithm>
#include <array>

#include "engine/techniques/apply/techniques.h"

namespace hone {

std::span<const Technique> techniques() {
    static const std::array all{
        prune_magnitude(), prune_wanda(),      prune_layers(), quantize_weights(), quantize_activations(),
        precision(),       sparse_attention(), kv_cache(),     batching(),         tokenization()};
    return all;
}

const Technique* find_technique(std::string_view id) {
    const auto all = techniques();
    const auto found = std::find_if(
        all.begin(), all.end(), [id](const Technique& technique) { return technique.descriptor.id == id; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace hone
