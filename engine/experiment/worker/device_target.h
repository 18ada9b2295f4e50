// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "engine/core/memory.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/worker/memory_report.h"
#include "engine/runtime/run_config.h"
#include "engine/techniques/apply/technique.h"
#include "kernels/cuda/device.h"

namespace hone {

DeviceKind device_kind(const Target& target);
// The same with what techniques ask of it; a CUDA device that is not there can do nothing.
QueriedDevice queried_device(const Target& target);

// The target's CUDA device, opened; null for the CPU. Throws Error with the reason where there is
// none: never the CPU instead.
std::unique_ptr<gpu::Device> open_device(const Target& target);

// What a device's runtime refused, for people: a lost context says that the run is over and another
// may begin.
ErrorDetails device_error(const gpu::DeviceError& error);

// What is to be known of a run on an instance of a divided device.
std::string divided_device_note(const Target& target);

// The facts of the target's device that a run is stored with; null for the CPU and where there is
// no such device.
nlohmann::json describe_device(const Target& target);
// A repetition's memory on a device. `peak`: most that was held at a time, by class; `taken`: how
// much less of the device is free than before the model was loaded.
MemoryReport device_memory_report(MemoryByClass peak, std::int64_t held, std::int64_t taken);

}  // namespace hone
