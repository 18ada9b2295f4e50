// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kKinds{ChoiceItem{"fixed", "Fixed size"},
                            ChoiceItem{"adaptive", "Grows while it pays"}};
const std::array kOptions{
    Option{"kind", "Kind", "How many sequences are computed together, and who decides.",
           Choice{kKinds, "fixed"}},
    Option{"size", "Size",
           "Sequences computed together: each weight is read once for all of them. An adaptive "
           "batch starts "
           "at one "
           "and has at most so many.",
           Integer{1, 256, 8, 1, "sequences"}},
};
constexpr std::array<std::string_view, 1> kVariants{"kind=adaptive"};
constexpr std::array kCounters{Counted{"batched_tokens", "tokens computed together"}};

}  // namespace

const Descriptor batching{
    .id = "batching",
    .title = "Batching",
    .summary = "Computes several sequences together, so that each weight is read once for all.",
    .source =
        "Yu et al., Orca (OSDI 2022): request-level batches of a fixed size (section 2), or "
        "sequences that "
        "join and leave at every step (section 3.1)",
    .slot = Slot::batching,
    .stage = Stage::configures_run,
    .options = kOptions,
    .sequences = "size",
    .counters = kCounters,
    .trial = {.small = {}, .variants = kVariants},
};

}  // namespace hone::descriptors
