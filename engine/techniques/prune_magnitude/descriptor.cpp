// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kPatterns{ChoiceItem{"unstructured", "Anywhere"},
                               ChoiceItem{"n_m", "N of every M"}};
constexpr std::array kScopes{ChoiceItem{"tensor", "Each matrix"}, ChoiceItem{"row", "Each row"},
                             ChoiceItem{"global", "The whole model"}};
constexpr std::array kStorages{ChoiceItem{"compressed", "Without the zeros"},
                               ChoiceItem{"dense", "With the zeros"}};
const std::array kOptions{
    Option{"pattern", "Pattern",
           "Zeros anywhere, or a fixed number of non-zeros in every group of neighbours of a row.",
           Choice{kPatterns, "unstructured"}},
    Option{"sparsity", "Sparsity", "Share of the weights that become zero.",
           Real{0, 0.99, 0.5, 0.05, 2, ""}, OnlyWhen{"pattern", "unstructured"}},
    Option{"scope", "Scope",
           "What is ranked together: the weights of each row, of each matrix, or of all matrices. "
           "The wider "
           "the scope, the less even "
           "the zeros are spread.",
           Choice{kScopes, "row"}, OnlyWhen{"pattern", "unstructured"}},
    Option{"n", "Kept (N)", "Non-zeros kept in every group.", Integer{1, 31, 2, 1, ""},
           OnlyWhen{"pattern", "n_m"}},
    Option{"m", "Group (M)", "Neighbours in a row that form a group.", Integer{2, 32, 4, 1, ""},
           OnlyWhen{"pattern", "n_m"}},
    Option{"embedding", "Embeddings too",
           "Also prune the token embedding and the output matrix. They are the most sensitive and "
           "are kept "
           "by default.",
           Flag{false}},
    Option{"storage", "In memory",
           "Leave the zeros out of memory where that takes fewer bytes, or keep room for them. "
           "Files always "
           "have "
           "the room.",
           Choice{kStorages, "compressed"}},
};
constexpr std::array kCounters{Counted{"zero_weights", "weights that are zero"},
                               Counted{"skipped_zeros", "zeros left out of products"},
                               Counted{"left_out_zeros", "zeros not stored"}};

}  // namespace

const Descriptor prune_magnitude{
    .id = "prune_magnitude",
    .title = "Prune by magnitude",
    .summary = "Sets the smallest weights to zero.",
    .source = "Han et al., Learning both Weights and Connections, arXiv 1506.02626, section 3",
    .slot = Slot::weights,
    .stage = Stage::transforms_weights,
    .options = kOptions,
    .counters = kCounters,
};

}  // namespace hone::descriptors
