// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/weights/formats/floating.h"

namespace hone::kernels {

// A row: a u32 for each 32 columns, bit i set where column i of them is stored; then those values
// in the carrier's type without gaps. Others are +0. Rows follow each other behind a table of where
// each begins; see sparse_bytes() in engine/core/dtype.h. Made by engine/weights/sparse.cpp.
template <typename Carrier>
struct Sparse {
    static constexpr bool kSparse = true;

    template <typename V>
    class Row {
    public:
        Row(const std::uint8_t* row, std::int64_t cols)
            : masks_(row), values_(row + V::mask_bytes(cols)) {}
        void block(std::int64_t block, Weights<V>& w) {
            const std::uint32_t mask = V::mask(masks_ + block * V::kMaskBytes);
#pragma GCC unroll 8
            for (int v = 0; v < V::kVectors; ++v)
                w[v] = V::template sparse<Carrier::template values<V>, Carrier::kBytes>(
                    values_, mask, v * V::kLanes);
        }
        // No bit is set beyond the last column.
        void last(std::int64_t number, std::int64_t, Weights<V>& w) {
            block(number, w);
        }

    private:
        const std::uint8_t *masks_, *values_;
    };
};

}  // namespace hone::kernels
