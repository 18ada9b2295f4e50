// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "kernels/cpu/pulse.h"

namespace hone {

// Signs of life of a job, for the folders between Progress and the kernels: see
// kernels/cpu/pulse.h.
using kernels::LongStep;
using kernels::pulse;

// Reading a header or a vocabulary: whole in one call of a parser, some seconds for the largest
// ones on a slow disk.
constexpr auto kReadingPatience = std::chrono::seconds(30);
// The system's flush of what was written: as long as the disk needs.
constexpr auto kFlushPatience = std::chrono::minutes(10);

}  // namespace hone
