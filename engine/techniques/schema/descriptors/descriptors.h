// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/techniques/schema/schema.h"

namespace hone::descriptors {

// One a file of this folder; registry.cpp lists them in the order in which people meet them.
extern const Descriptor prune_magnitude;
extern const Descriptor prune_wanda;
extern const Descriptor prune_layers;
extern const Descriptor quantize_weights;
extern const Descriptor sparse_attention;
extern const Descriptor kv_cache;
extern const Descriptor batching;
extern const Descriptor tokenization;
extern const Descriptor precision;
extern const Descriptor quantize_activations;

}  // namespace hone::descriptors
