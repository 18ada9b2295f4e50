// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/techniques/apply/technique.h"
#include "engine/techniques/schema/descriptors/descriptors.h"

namespace hone {

// One function a technique, in a file of its name; technique.cpp lists them.
Technique prune_magnitude();
Technique prune_wanda();
Technique prune_layers();
Technique quantize_weights();
Technique sparse_attention();
Technique kv_cache();
Technique batching();
Technique tokenization();
Technique precision();
Technique quantize_activations();

}  // namespace hone
