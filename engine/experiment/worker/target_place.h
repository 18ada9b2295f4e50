// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/machine.h"
#include "engine/runtime/place.h"

namespace hone {

// Where the target says that experiments run. Nothing is opened or looked for yet.
std::unique_ptr<Place> target_place(const Target& target);

// A place's facts as a run is stored with them.
messages::CudaDevice told(const PlaceFacts& facts);

}  // namespace hone
