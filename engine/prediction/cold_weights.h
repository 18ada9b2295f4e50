// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"

namespace hone {

// Bytes of weights that are visited in turn: several times the last cache, so that each comes from
// memory as a model's do; less where `available` bytes (0: unknown) are few.
std::int64_t cold_bytes(std::int64_t available);

// Copies of one matrix, one behind the other, in pages as small as those of a mapped file. next()
// goes round: between two visits of a copy all others were read.
class ColdWeights {
public:
    // Throws std::bad_alloc.
    explicit ColdWeights(std::int64_t bytes);
    ~ColdWeights();
    ColdWeights(const ColdWeights&) = delete;
    ColdWeights& operator=(const ColdWeights&) = delete;

    // As many copies as there is room for, at least two. Throws Cancelled.
    void fill(const StoredTensor& matrix, const Progress& progress);
    const StoredTensor& next();

private:
    std::byte* memory_ = nullptr;
    std::size_t bytes_ = 0;
    std::vector<StoredTensor> copies_;
    std::size_t at_ = 0;
};

}  // namespace hone
