// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "kernels/cpu/context.h"

namespace hone {

// `tensor` in its sparse type (see dtype.h), bit for bit the same values; nothing where that would
// not take fewer bytes, or its type has no sparse one. A row is a mask and the values that are not
// +0. Throws Cancelled.
std::optional<StoredTensor> without_zeros(const StoredTensor& tensor,
                                          const kernels::Context& context,
                                          const Progress& progress);

// The type that without_zeros() would choose for a tensor of which only `zeros` is known.
DType planned_without_zeros(const StoredTensor& tensor);

}  // namespace hone
