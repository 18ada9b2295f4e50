// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/experiment/client/client.h"
#include "profiler/store/store.h"

namespace hone::cli {

// Progress, and why the run was stopped where it was.
Observer observer_of_run();

// Prints what a measurement gave, as tables or as one JSON document, and returns the exit status
// that it deserves.
int report_measured(const profiler::Store& store, const MeasureResult& result, bool json);

}  // namespace hone::cli
