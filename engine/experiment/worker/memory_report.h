// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/core/memory.h"
#include "engine/formats/checkpoint.h"

namespace hone {

// Bytes of each class, and "peak_resident".
using MemoryReport = std::map<std::string, std::int64_t>;
MemoryReport memory_report(const MemoryByClass& memory, std::int64_t peak);

// What a worker's resident memory is for. Made before the model is loaded: what is resident then is
// the runtime's, and so is what the tokeniser and pages of libraries add later.
class MemoryAccount {
public:
    MemoryAccount();
    // What is written to memory from now until tokenizer_made() is the tokeniser's.
    void making_tokenizer();
    void tokenizer_made();

    // Starts a measurement of the peak.
    void begin_peak() const;
    // A report since begin_peak(): `named` as allocated, weights that are mapped as far as their
    // pages are resident, and as unaccounted what the measured peak holds beyond all classes
    // (negative where it holds less).
    MemoryReport measured(MemoryByClass named, const Checkpoint& weights) const;
    // The runtime class before any library's pages were added.
    std::int64_t runtime_bytes() const { return before_ + tokenizer_; }

private:
    std::int64_t before_ = 0, library_pages_before_ = 0, tokenizer_ = 0;
};

// The same from a prediction: nothing is unaccounted, the peak is the sum.
MemoryReport predicted_memory(MemoryByClass named, std::int64_t runtime_bytes);

}  // namespace hone
