// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "engine/techniques/schema/schema.h"
#include "profiler/store/store.h"
#include "ui/widgets/fact_list.h"

namespace hone::ui {

// A stored run in rows of a name and a value, all of it plain text.
using Facts = std::vector<FactList::Fact>;

Facts figureFacts(const profiler::RunRecord& run);  // each with its interval
// An option a row; a technique that this version does not know as it is stored.
Facts recipeFacts(const profiler::RunRecord& run, const Registry& registry);
Facts workloadFacts(const profiler::RunRecord& run);
Facts environmentFacts(const profiler::RunRecord& run);  // where it ran, and with what
// Files that were exported of this run's checkpoint with its recipe.
Facts artifactFacts(const std::vector<profiler::Artifact>& artifacts,
                    const profiler::RunRecord& run);

}  // namespace hone::ui
