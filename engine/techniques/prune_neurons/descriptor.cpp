// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kCriteria{ChoiceItem{"activation", "Activations and weights"},
                               ChoiceItem{"weights", "Weights alone"}};
const std::array kOptions{
    Option{"sparsity", "Neurons removed",
           "Share of each layer's feed-forward neurons that is removed. It is rounded so that the "
           "number that "
           "stays is a multiple of 32, or of the larger block of a type that the matrices are "
           "stored in.",
           Real{0.05, 0.9, 0.25, 0.05, 2, ""}, std::nullopt, true},
    Option{"criterion", "Ranked by",
           "What a neuron contributes: the root mean square of its activation on calibration text "
           "times the "
           "norm of its output weights, or the product of the norms of its input and output "
           "weights, which "
           "needs no "
           "text and costs far more accuracy: it does not see how often a neuron is used.",
           Choice{kCriteria, "activation"}},
    Option{"tokens", "Calibration",
           "How many tokens of the bundled text the activations are measured on.",
           Integer{64, 65536, 4096, 512, "tokens"}, OnlyWhen{"criterion", "activation"}},
};
constexpr std::array kCounters{Counted{"removed_neurons", "neurons removed"}};

}  // namespace

const Descriptor prune_neurons{
    .id = "prune_neurons",
    .title = "Prune neurons",
    .summary =
        "Removes the feed-forward neurons that contribute least, the same number in every layer.",
    .source =
        "Sun et al., Wanda, arXiv 2306.11695, section 3, for whole neurons as in An et al., FLAP, "
        "arXiv "
        "2312.11983, which compares with it; no weights are trained again",
    .slot = Slot::weights,
    .stage = Stage::transforms_weights,
    .options = kOptions,
    .counters = kCounters,
    .trial = {.small = "tokens=64"},
};

}  // namespace hone::descriptors
