// SPDX-License-Identifier: Apache-2.0
#include "engine/weights/sparse.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

namespace hone {
namespace {

constexpr std::int64_t kRowsTogether = 64;

template <typename Bits>
Bits bits_at(const std::byte* values, std::int64_t index) {
    Bits bits = 0;
    std::memcpy(&bits, values + static_cast<std::size_t>(index) * sizeof bits, sizeof bits);
    return bits;
}

template <typename Bits>
std::int64_t count_kept(const std::byte* row, std::int64_t cols) {
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < cols; ++i) kept += bits_at<Bits>(row, i) != 0 ? 1 : 0;
    return kept;
}

template <typename Bits>
void pack_row(const std::byte* row, std::int64_t cols, std::byte* masks) {
    std::byte* values =
        masks + (cols + kSparseMaskColumns - 1) / kSparseMaskColumns * sizeof(std::uint32_t);
    for (std::int64_t begin = 0; begin < cols; begin += kSparseMaskColumns) {
        std::uint32_t mask = 0;
        const std::int64_t count = std::min(kSparseMaskColumns, cols - begin);
        for (std::int64_t i = 0; i < count; ++i) {
            const Bits bits = bits_at<Bits>(row, begin + i);
            if (bits == 0) continue;
            mask |= 1U << static_cast<unsigned>(i);
            std::memcpy(values, &bits, sizeof bits);
            values += sizeof bits;
        }
        std::memcpy(masks, &mask, sizeof mask);
        masks += sizeof mask;
    }
}

// body(row) for every row. Throws Cancelled.
template <typename Body>
void each_row(std::int64_t rows, const kernels::Context& context, const Progress& progress,
              const Body& body) {
    std::atomic<bool> stopped = false;  // the pool's body must not throw
    context.pool.parallel_for(rows, kRowsTogether, [&](std::int64_t begin, std::int64_t end, int) {
        if (progress.stop.stop_requested()) stopped = true;
        for (std::int64_t row = begin; row < end && !stopped; ++row) body(row);
    });
    if (stopped) throw Cancelled();
}

bool is_wide(DType type) {
    return info(type).block_bytes == sizeof(std::uint32_t);
}

StoredTensor packed(const StoredTensor& tensor, DType type, const std::vector<std::int64_t>& kept,
                    const kernels::Context& context, const Progress& progress) {
    StoredTensor result = tensor;
    result.type = type;
    result.zeros = tensor.elements() - std::accumulate(kept.begin(), kept.end(), std::int64_t{0});
    const auto bytes = static_cast<std::size_t>(result.bytes());
    std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
    std::memset(data.get() + bytes - kSparsePadding, 0, static_cast<std::size_t>(kSparsePadding));
    const std::int64_t rows = tensor.rows(), cols = tensor.cols();
    const auto mask_bytes = static_cast<std::int64_t>(sizeof(std::uint32_t)) *
                            ((cols + kSparseMaskColumns - 1) / kSparseMaskColumns);
    auto begin = static_cast<std::uint64_t>(rows) * sizeof(std::uint64_t);
    for (std::int64_t row = 0; row < rows; ++row) {
        std::memcpy(data.get() + static_cast<std::size_t>(row) * sizeof begin, &begin,
                    sizeof begin);
        begin += static_cast<std::uint64_t>(mask_bytes + kept[static_cast<std::size_t>(row)] *
                                                             info(type).block_bytes);
    }
    result.data = {data.get(), bytes};
    result.owner = data;
    each_row(rows, context, progress, [&](std::int64_t row) {
        auto* const target =
            const_cast<std::byte*>(result.row(row));  // made above, nobody else's yet
        is_wide(type) ? pack_row<std::uint32_t>(tensor.row(row), cols, target)
                      : pack_row<std::uint16_t>(tensor.row(row), cols, target);
    });
    return result;
}

}  // namespace

std::optional<StoredTensor> without_zeros(const StoredTensor& tensor,
                                          const kernels::Context& context,
                                          const Progress& progress) {
    const std::optional<DType> type = sparse_type(tensor.type);
    if (!type) return std::nullopt;
    std::vector<std::int64_t> kept(static_cast<std::size_t>(tensor.rows()));
    each_row(tensor.rows(), context, progress, [&](std::int64_t row) {
        kept[static_cast<std::size_t>(row)] =
            is_wide(*type) ? count_kept<std::uint32_t>(tensor.row(row), tensor.cols())
                           : count_kept<std::uint16_t>(tensor.row(row), tensor.cols());
    });
    const std::int64_t all = std::accumulate(kept.begin(), kept.end(), std::int64_t{0});
    if (sparse_bytes(*type, tensor.rows(), tensor.cols(), all) >= tensor.bytes())
        return std::nullopt;
    return packed(tensor, *type, kept, context, progress);
}

DType planned_without_zeros(const StoredTensor& tensor) {
    const std::optional<DType> type = sparse_type(tensor.type);
    if (!type) return tensor.type;
    const std::int64_t bytes =
        sparse_bytes(*type, tensor.rows(), tensor.cols(), tensor.elements() - tensor.zeros);
    return bytes < tensor.bytes() ? *type : tensor.type;
}

}  // namespace hone
