// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kKinds{ChoiceItem{"window", "Window and first tokens"},
                            ChoiceItem{"top_pages", "Pages chosen by each query"}};
constexpr std::array kPages{ChoiceItem{"16", "16"}, ChoiceItem{"32", "32"}, ChoiceItem{"64", "64"}};
const std::array kOptions{
    Option{"kind", "Pattern", "Which earlier tokens a token looks at.", Choice{kKinds, "window"}},
    Option{"window", "Window", "How many of the latest tokens, itself included.",
           Integer{1, 131072, 256, 64, "tokens"}, OnlyWhen{"kind", "window"}, true},
    Option{"sinks", "First tokens",
           "How many tokens at the start stay visible: without them answers fall apart.",
           Integer{0, 1024, 4, 1, "tokens"}, OnlyWhen{"kind", "window"}},
    Option{"page", "Positions a page",
           "Neighbouring tokens that are looked at, or left out, together.", Choice{kPages, "16"},
           OnlyWhen{"kind", "top_pages"}},
    Option{"keep", "Pages kept",
           "How many pages a query looks at, the one that it stands in included.",
           Integer{1, 8192, 16, 4, "pages"}, OnlyWhen{"kind", "top_pages"}, true},
    Option{"dense_layers", "Dense layers",
           "How many layers at the start look at everything: their attention is spread too widely "
           "to choose "
           "from.",
           Integer{0, 64, 2, 1, "layers"}, OnlyWhen{"kind", "top_pages"}},
};
constexpr std::array<std::string_view, 1> kVariants{"kind=top_pages dense_layers=0"};
constexpr std::array kCounters{Counted{"skipped_pairs", "pairs of tokens left out"}};

}  // namespace

const Descriptor sparse_attention{
    .id = "sparse_attention",
    .title = "Sparse attention",
    .summary =
        "Looks at some of the earlier tokens only: the latest ones, or those that matter to the "
        "query.",
    .source =
        "Xiao et al., StreamingLLM, arXiv 2309.17453 (window and sinks); Tang et al., Quest, arXiv "
        "2406.10774 (pages)",
    .slot = Slot::attention,
    .stage = Stage::configures_run,
    .options = kOptions,
    .counters = kCounters,
    .trial = {.small = "window=8 page=16 keep=1 dense_layers=1", .variants = kVariants},
};

}  // namespace hone::descriptors
