// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <cstdint>
#include <vector>

#include "profiler/store/store.h"

namespace hone::ui {

// Runs that one experiment measured while options were swept.
struct StoredSeries {
    std::int64_t id = 0;
    QString title;                          // "Series 3: scheme"
    std::vector<profiler::RunRecord> runs;  // in the order they were measured, the baseline first
};

QString seriesTitle(const profiler::Series& series);

// The series that these runs belong to, newest first.
std::vector<StoredSeries> storedSeries(const std::vector<profiler::RunRecord>& runs);

// What a run is called among those of its series: "q8_0", "scheme q8_0, sparsity 0.5", or the
// baseline's name.
QString nameInSeries(const profiler::RunRecord& run);

// The run, and where it is a candidate of a series the other candidates of it that are done: what
// is looked at together.
std::vector<std::int64_t> candidatesBeside(const std::vector<profiler::RunRecord>& runs,
                                           const profiler::RunRecord& run);

// What is measured where chosen runs are measured again: series as wholes of which every run is
// chosen, and other runs each by itself.
struct ChosenAgain {
    std::vector<StoredSeries> series;
    std::vector<profiler::RunRecord> runs;
};
ChosenAgain chosenAgain(const std::vector<profiler::RunRecord>& all,
                        const std::vector<std::int64_t>& chosen);

}  // namespace hone::ui
