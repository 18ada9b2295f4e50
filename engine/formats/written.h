// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/core/replacement.h"

namespace hone {

// A checkpoint on the disk, whole and read back, that has yet to take its target's place:
// place->commit() moves it there, letting go of it removes it.
struct Written {
    std::unique_ptr<Replacement> place;
    std::int64_t bytes = 0;
};

}  // namespace hone
