// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kKinds{ChoiceItem{"window", "Window and first tokens"}};
const std::array kOptions{
    Option{"kind", "Pattern", "Which earlier tokens a token looks at.", Choice{kKinds, "window"}},
    Option{"window", "Window", "How many of the latest tokens, itself included.",
           Integer{1, 131072, 256, 64, "tokens"}, std::nullopt, true},
    Option{"sinks", "First tokens",
           "How many tokens at the start stay visible: without them answers fall apart.",
           Integer{0, 1024, 4, 1, "tokens"}},
};

}  // namespace

const Descriptor sparse_attention{
    "sparse_attention",
    "Sparse attention",
    "Looks at the latest and the first tokens only.",
    "Xiao et al., Efficient Streaming Language Models with Attention Sinks, arXiv 2309.17453",
    Slot::attention,
    Stage::configures_run,
    kOptions,
    {}};

}  // namespace hone::descriptors
