// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

const std::array kOptions{
    Option{"layers", "Layers removed",
           "How many of the layers that change the hidden state least are removed.",
           Integer{1, 128, 2, 1, "layers"}, std::nullopt, true},
    Option{"keep_ends", "Kept at each end",
           "Layers at the start and at the end that stay whatever their influence: models fall "
           "apart without "
           "them.",
           Integer{0, 16, 2, 1, "layers"}},
    Option{"tokens", "Calibration",
           "How many tokens of the bundled text the influence is measured on.",
           Integer{64, 65536, 4096, 512, "tokens"}},
};
constexpr std::array kCounters{Counted{"removed_layers", "layers removed"}};

}  // namespace

const Descriptor prune_layers{
    .id = "prune_layers",
    .title = "Prune layers",
    .summary = "Removes the layers that change the hidden state least.",
    .source = "Men et al., ShortGPT, arXiv 2403.03853, section 3.2: block influence",
    .slot = Slot::weights,
    .stage = Stage::transforms_weights,
    .options = kOptions,
    .counters = kCounters,
    .trial = {.small = "layers=1 keep_ends=0 tokens=64"},
};

}  // namespace hone::descriptors
