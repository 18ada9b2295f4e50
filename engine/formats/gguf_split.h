// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/formats/checkpoint.h"

namespace hone::gguf {

// One part of a model in several files has only some of its tensors. Throws Error
// (Fault::unsupported) that lists the parts and says which are there; Fault::damaged where the keys
// contradict the file, which has `n_tensors`.
void refuse_parts(const Checkpoint& checkpoint, std::uint64_t n_tensors);

}  // namespace hone::gguf
