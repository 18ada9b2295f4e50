// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the formats' headers are written in.
//
// A format is a class of static functions:
//   load<V>(row, block, w)         the weights of columns 32·block … of a stored row, as vectors
//   quantise(source, target, cols, loss)   one row of finite values to stored form
//   set_zero(row, col, cols)       one weight becomes 0; only where list.inc says exact_zeros
//   levels(row, block, count, out) the stored integers and scales of the `count` columns from
//   32·block on, for the planes of CUDA
//                                  devices; not of floating formats, whose rows are planes already
//   carry(source, target, cols)    a row in the blocks of its GGUF carrier; only where that is
//   another format
// `V` is Vectors of kernels/cpu/simd.inc, the vectors of one instruction set. load() and what it
// calls use no library: they are compiled for processors newer than the program may run on.

#include <cstddef>
#include <cstdint>

#include "kernels/weights/weight_format.h"

namespace hone::kernels {

inline constexpr int kTogether = 32;  // weights that are loaded at a time

template <typename V>
using Weights = typename V::Floats[V::kVectors];

// The rows of formats whose blocks of 32 can be found by their number, read from the first block
// on.
template <typename Format, WeightType type, typename V>
class DenseRow {
public:
    DenseRow(const std::uint8_t* row, std::int64_t) : row_(row) {}
    void block(std::int64_t block, Weights<V>& w) { Format::template load<V>(row_, block, w); }

    // The last `count` < 32 columns, of formats without blocks; those beyond are 0.
    void last(std::int64_t block, std::int64_t count, Weights<V>& w) {
        constexpr std::int64_t kHeader = info(type).block == 0 ? info(type).block_bytes : 0;
        constexpr std::int64_t kEach = info(type).block == 0 ? 1 : info(type).block_bytes;
        std::uint8_t copy[kHeader + kEach * kTogether] = {};
        __builtin_memcpy(copy, row_, static_cast<std::size_t>(kHeader));
        __builtin_memcpy(copy + kHeader, row_ + kHeader + block * kTogether * kEach,
                         static_cast<std::size_t>(count * kEach));
        Format::template load<V>(copy, 0, w);
    }

private:
    const std::uint8_t* const row_;
};

template <typename Format, WeightType type, typename V>
struct RowOf {
    using Row = DenseRow<Format, type, V>;
};
template <typename Format, WeightType type, typename V>
requires requires {
    Format::kSparse;
}
struct RowOf<Format, type, V> {
    using Row = typename Format::template Row<V>;
};

// What a stored row could not keep of its values.
struct RowLoss {
    bool overflows = false;  // a weight, a block's scale or its minimum is beyond what the type
                             // holds: the row is of no use
    // Blocks (rows, of types without) whose weights differ from 0, or from each other where they
    // have a minimum, and whose scale or every weight is stored as 0: ggml rounds so too.
    std::int64_t vanished = 0;
};

// 32 columns as they are stored: w = scale · sub_scale · value + minimum, each where the format has
// it. Integers that are stored with an offset keep it: the plane's row says from where they count.
struct Levels {
    std::uint8_t values[kTogether] = {};
    std::uint16_t scale = 0, minimum = 0;  // f16
    std::uint8_t sub_scales[2] = {};       // of 16 columns each, or the first of all
    std::uint8_t sub_minimum = 0;
};

}  // namespace hone::kernels
