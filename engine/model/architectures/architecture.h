// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "engine/model/model.h"

namespace hone {

// What the engine must know of a family of models before it can run one. The graph of operations, the third part, lives
// in engine/runtime/architectures under the same name, since this folder may not use the runtime.
struct Architecture {
    std::string_view name;                          // general.architecture
    ModelConfig (*read_config)(const Checkpoint&);  // hyper-parameters, checked; see hone::read_config
    void (*check_tensors)(const Checkpoint&,
                          const ModelConfig&);  // shapes against them; nothing missing, nothing unknown
    void (*bind_weights)(Model&);               // points the model's weights into its checkpoint
};

std::span<const Architecture> architectures();
// Throws Error naming the architecture and those that are supported.
const Architecture& architecture_of(const Checkpoint& checkpoint);

extern const Architecture kLlamaArchitecture;

}  // namespace hone
