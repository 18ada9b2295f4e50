// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "engine/techniques/schema/schema.h"
#include "profiler/store/store.h"

namespace hone::ui {

// Something that was not the same in a run as in the baseline: an option of a technique, the
// workload, the target, the machine or the program. `values` has a text a run: "32 → 64", or
// nothing where the run has what the baseline has. Also, of every technique that runs can tell it
// of, whether it engaged: there `values` has "yes · int8 products: 420", or a dash.
struct RunDifference {
    QString what;
    QString baseline;
    QStringList values;
    bool ofRecipe = false;
};
std::vector<RunDifference> runDifferences(const profiler::RunRecord& baseline,
                                          const std::vector<profiler::RunRecord>& runs,
                                          const Registry& registry);

}  // namespace hone::ui
