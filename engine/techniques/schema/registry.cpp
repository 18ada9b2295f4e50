// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors/descriptors.h"
#include "engine/techniques/schema/schema.h"

namespace hone {

const Registry& builtin_registry() {
    // In the order in which forms and tables show them.
    static const std::array kDescriptors{descriptors::prune_magnitude,
                                         descriptors::prune_wanda,
                                         descriptors::prune_layers,
                                         descriptors::quantize_weights,
                                         descriptors::quantize_activations,
                                         descriptors::precision,
                                         descriptors::sparse_attention,
                                         descriptors::kv_cache,
                                         descriptors::batching,
                                         descriptors::tokenization};
    static const Registry kRegistry(kDescriptors);
    return kRegistry;
}

}  // namespace hone
