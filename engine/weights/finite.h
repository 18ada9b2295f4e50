// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {

// Weights of rows [begin, end) that are NaN or infinite: of floating types each by its bits, of
// block types all that share a scale or minimum that is. 0 for types whose scales are not looked
// at.
std::int64_t count_not_finite(const StoredTensor& tensor, std::int64_t begin, std::int64_t end);

// "100 of 36864 weights of blk.0.ffn_up.weight are not finite" for the first tensors with such
// weights, and one sentence for all others; none where all are finite. Reads every weight once, and
// gives back the pages of mapped files that it read: which of them count as the model's memory is
// for the run to say.
std::vector<std::string> notes_of_not_finite(const Checkpoint& checkpoint,
                                             kernels::ThreadPool& pool, const Progress& progress);

}  // namespace hone
