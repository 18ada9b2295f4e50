// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/architectures/forward.h"

#include <array>
#include <string>
#include <utility>

#include "engine/core/error.h"

namespace hone {

LayerForward layer_forward_of(std::string_view architecture) {
    static constexpr std::array<std::pair<std::string_view, LayerForward>, 1> kGraphs{
        {{"llama", llama_layer}}};
    for (const auto& [name, layer] : kGraphs) {
        if (name == architecture) return layer;
    }
    throw Error("the runtime has no graph for the architecture '" + std::string(architecture) + "'");
}

}  // namespace hone
