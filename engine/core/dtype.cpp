// SPDX-License-Identifier: Apache-2.0
#include "engine/core/dtype.h"

#include <algorithm>
#include <vector>

#include "kernels/weights/rows.h"

namespace hone {
namespace {

constexpr std::span kTypes(kernels::kWeightFormats);
constexpr auto kSparse =
    std::count_if(kTypes.begin(), kTypes.end(), [](const DTypeInfo& row) { return row.sparse; });
static_assert(std::is_partitioned(kTypes.begin(), kTypes.end(),
                                  [](const DTypeInfo& row) { return !row.sparse; }),
              "the sparse types are the list's last");

}  // namespace

std::span<const DTypeInfo> all_dtypes() {
    return kTypes.first(kDTypes - kSparse);
}

std::span<const DTypeInfo> sparse_dtypes() {
    return kTypes.last(kSparse);
}

std::optional<DType> dtype_from_id(std::string_view id) {
    for (const DTypeInfo& row : kTypes) {
        if (row.id == id) return row.type;
    }
    return std::nullopt;
}

std::optional<DType> dtype_from_ggml(std::uint32_t ggml_type) {
    for (const DTypeInfo& row : kTypes) {
        if (row.ggml_type == ggml_type) return row.type;
    }
    return std::nullopt;
}

std::string names_of_dtypes(bool (*wanted)(const DTypeInfo&), std::string_view last) {
    std::vector<std::string_view> names;
    for (const DTypeInfo& row : kTypes) {
        if (wanted(row)) names.push_back(row.name);
    }
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " " + std::string(last) + " " : ", ";
        text += names[i];
    }
    return text;
}

bool row_fits(DType type, std::int64_t cols) {
    const std::int64_t block = info(type).block;
    return cols > 0 && (block == 0 || cols % block == 0);
}

std::int64_t row_bytes(DType type, std::int64_t cols) {
    const DTypeInfo& row = info(type);
    return row.block == 0 ? row.block_bytes + cols : cols / row.block * row.block_bytes;
}

void carry_row(DType type, const std::byte* source, std::byte* target, std::int64_t cols) {
    kernels::carry_row(type, source, target, cols);
}

std::optional<DType> sparse_type(DType type) {
    for (const DTypeInfo& row : sparse_dtypes()) {
        if (row.gguf_carrier == type) return row.type;
    }
    return std::nullopt;
}

std::int64_t sparse_bytes(DType type, std::int64_t rows, std::int64_t cols, std::int64_t kept) {
    constexpr std::int64_t kOffset = sizeof(std::uint64_t), kMask = sizeof(std::uint32_t);
    const std::int64_t masks = (cols + kSparseMaskColumns - 1) / kSparseMaskColumns;
    return rows * (kOffset + masks * kMask) + kept * info(type).block_bytes + kSparsePadding;
}

}  // namespace hone
