// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kPatterns{ChoiceItem{"unstructured", "Anywhere in a row"},
                               ChoiceItem{"n_m", "N of every M"}};
constexpr std::array kStorages{ChoiceItem{"compressed", "Without the zeros"},
                               ChoiceItem{"dense", "With the zeros"}};
const std::array kOptions{
    Option{"pattern", "Pattern",
           "Zeros anywhere in a row, or a fixed number of non-zeros in every group of neighbours.",
           Choice{kPatterns, "unstructured"}},
    Option{"sparsity", "Sparsity", "Share of each row's weights that become zero.",
           Real{0, 0.99, 0.5, 0.05, 2, ""}, OnlyWhen{"pattern", "unstructured"}, true},
    Option{"n", "Kept (N)", "Non-zeros kept in every group.", Integer{1, 31, 2, 1, ""},
           OnlyWhen{"pattern", "n_m"}},
    Option{"m", "Group (M)", "Neighbours in a row that form a group.", Integer{2, 32, 4, 1, ""},
           OnlyWhen{"pattern", "n_m"}},
    Option{"tokens", "Calibration",
           "How many tokens of the bundled text the inputs are measured on.",
           Integer{64, 65536, 4096, 512, "tokens"}},
    Option{"storage", "In memory",
           "Leave the zeros out of memory where that takes fewer bytes, or keep room for them. "
           "Files always "
           "have "
           "the room.",
           Choice{kStorages, "compressed"}},
};

constexpr std::array kConflicts{
    Conflict{"prune_magnitude", "Both choose which weights become zero; keep one of the two."}};
constexpr std::array kCounters{Counted{"zero_weights", "weights that are zero"},
                               Counted{"skipped_zeros", "zeros left out of products"},
                               Counted{"left_out_zeros", "zeros not stored"}};

}  // namespace

const Descriptor prune_wanda{
    .id = "prune_wanda",
    .title = "Prune by contribution",
    .summary =
        "Sets the weights to zero that contribute least to a layer's output on calibration text.",
    .source =
        "Sun et al., A Simple and Effective Pruning Approach for Large Language Models (Wanda), "
        "arXiv "
        "2306.11695, section 3",
    .slot = Slot::weights,
    .stage = Stage::transforms_weights,
    .options = kOptions,
    .conflicts = kConflicts,
    .counters = kCounters,
    .trial = {.small = "tokens=64"},
};

}  // namespace hone::descriptors
