// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "kernels/cpu/context.h"

namespace hone {

// The token embedding and the output matrix: one and the same tensor in models with tied
// embeddings.
bool is_embedding(const StoredTensor& tensor);

// Tensors of two or more dimensions, in file order: what weight techniques act on. Vectors (norms,
// biases) never change.
std::vector<StoredTensor*> matrices(Checkpoint& checkpoint, bool with_embedding);
std::vector<const StoredTensor*> matrices(const Checkpoint& checkpoint, bool with_embedding);

// Throws Error naming the first tensor, vectors too, and row that hold a value which is not finite.
void require_finite_weights(const Checkpoint& checkpoint, std::string_view needs,
                            const kernels::Context& context, const Progress& progress);

// Calls body(row, values, thread) for every row of `tensor`, expanded to fp32, on the context's
// pool; the order is not defined. values: [cols], finite, valid during the call. Throws Cancelled,
// and after the last row Error naming the first one with a value that is not finite: nothing can be
// ranked by it.
void for_each_row(
    const StoredTensor& tensor, const kernels::Context& context, const Progress& progress,
    const std::function<void(std::int64_t row, const float* values, int thread)>& body);

}  // namespace hone
