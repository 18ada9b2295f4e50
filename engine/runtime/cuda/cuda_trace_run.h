// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/runtime/place.h"
#include "kernels/cuda/device.h"
#include "profiler/trace/trace.h"

namespace hone {

// Records the repetition on the device, and on the host what it queues; then runs the short one
// once more, without graphs, and adds what the hardware counted of each operation; or why nothing
// could be counted, which is no error: figures are then the operations' own formulas. `peaks`: the
// device's. Throws what ends a repetition for good: a lost context, a cancellation.
profiler::Trace trace_on_cuda(cuda::Device& device, const PlacePeaks& peaks, const TracedRun& run);

}  // namespace hone
