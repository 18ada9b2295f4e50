// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/formats/checkpoint.h"
#include "engine/runtime/place.h"

namespace hone {

// What this process's resident memory is for. Made before the model is loaded: what is resident
// then is the runtime's, and so is what the tokeniser and pages of libraries add later.
class ProcessMemory final : public MemoryAccount {
public:
    ProcessMemory();
    void making_tokenizer() override;
    void tokenizer_made() override;
    // The runtime class before any library's pages were added.
    std::int64_t runtime_bytes() const override { return before_ + tokenizer_; }
    void begin_peak(Runtime& runtime) override;
    MeasuredMemory measured(const Runtime& runtime) const override;

    // `named` as allocated, weights that are mapped as far as their pages are resident, and as
    // unaccounted what the measured peak holds beyond all classes (negative where it holds less).
    MeasuredMemory measured(MemoryByClass named, const Checkpoint& weights) const;

private:
    std::int64_t before_ = 0, library_pages_before_ = 0, tokenizer_ = 0;
};

}  // namespace hone
