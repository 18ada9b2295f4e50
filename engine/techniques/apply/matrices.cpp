// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/matrices.h"

#include <atomic>

#include "engine/weights/weight_format.h"
#include "kernels/convert/convert.h"

namespace hone {
namespace {

constexpr std::int64_t kRowsTogether = 16;

template <typename Tensor, typename Source>
std::vector<Tensor*> select(Source& checkpoint, bool with_embedding) {
    std::vector<Tensor*> chosen;
    for (Tensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() >= 2 && (with_embedding || !is_embedding(tensor)))
            chosen.push_back(&tensor);
    }
    return chosen;
}

}  // namespace

bool is_embedding(const StoredTensor& tensor) {
    return is_embedding(tensor.place.role);
}

std::vector<StoredTensor*> matrices(Checkpoint& checkpoint, bool with_embedding) {
    return select<StoredTensor>(checkpoint, with_embedding);
}

std::vector<const StoredTensor*> matrices(const Checkpoint& checkpoint, bool with_embedding) {
    return select<const StoredTensor>(checkpoint, with_embedding);
}

void require_finite_weights(const Checkpoint& checkpoint, std::string_view needs,
                            const kernels::Context& context, const Progress& progress) {
    for (const StoredTensor& tensor : checkpoint.tensors)
        require_finite(tensor, needs, context, progress);
}

void for_each_row(
    const StoredTensor& tensor, const kernels::Context& context, const Progress& progress,
    const std::function<void(std::int64_t row, const float* values, int thread)>& body) {
    const std::int64_t cols = tensor.cols();
    std::atomic<bool> finite = true;
    context.pool.parallel_for(
        tensor.rows(), kRowsTogether, [&](std::int64_t begin, std::int64_t end, int thread) {
            auto* const values = reinterpret_cast<float*>(
                context.workspace.get(thread, static_cast<std::size_t>(cols) * sizeof(float)));
            progress.check();
            for (std::int64_t row = begin; row < end; ++row) {
                kernels::expand_row(tensor.type, tensor.row(row), values, cols, context.isa);
                if (all_finite(values, cols))
                    body(row, values, thread);
                else
                    finite = false;
            }
        });
    if (!finite) require_finite(tensor, "pruning", context, progress);
}

}  // namespace hone
