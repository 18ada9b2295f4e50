// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kKinds{ChoiceItem{"fixed", "Fixed size"}, ChoiceItem{"adaptive", "Grows while it pays"}};
const std::array kOptions{
    Option{"kind", "Kind", "How many sequences are computed together, and who decides.",
           Choice{kKinds, "fixed"}},
    Option{"size", "Size",
           "Sequences computed together: each weight is read once for all of them. An adaptive batch starts "
           "at one "
           "and has at most so many.",
           Integer{1, 256, 8, 1, "sequences"}},
};

}  // namespace

const Descriptor batching{"batching",
                          "Batching",
                          "Computes several sequences together, so that each weight is read once for all.",
                          "Yu et al., Orca (OSDI 2022): request-level batches of a fixed size (section 2), "
                          "or sequences that join and leave at "
                          "every step (section 3.1)",
                          Slot::batching,
                          Stage::configures_run,
                          kOptions,
                          {},
                          "size"};

}  // namespace hone::descriptors
