// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/process_memory.h"

#include <malloc.h>

#include <algorithm>
#include <span>
#include <vector>

#include "engine/core/system_memory.h"

namespace hone {

namespace {

bool holds(const FileMapping& mapping, const StoredTensor& tensor) {
    const auto address = reinterpret_cast<std::uintptr_t>(tensor.data.data());
    return mapping.begin <= address && address < mapping.end;
}

struct Pages {
    std::int64_t weights = 0;    // of files that tensors lie in
    std::int64_t libraries = 0;  // of all others
};

Pages file_pages(std::span<const FileMapping> mappings, std::span<const StoredTensor> tensors) {
    Pages pages;
    for (const FileMapping& mapping : mappings) {
        const bool weights =
            std::any_of(tensors.begin(), tensors.end(),
                        [&](const StoredTensor& tensor) { return holds(mapping, tensor); });
        (weights ? pages.weights : pages.libraries) += mapping.resident;
    }
    return pages;
}

std::int64_t owned_bytes(std::span<const FileMapping> mappings,
                         std::span<const StoredTensor> tensors) {
    std::int64_t bytes = 0;
    for (const StoredTensor& tensor : tensors) {
        const bool mapped =
            std::any_of(mappings.begin(), mappings.end(),
                        [&](const FileMapping& mapping) { return holds(mapping, tensor); });
        if (!mapped) bytes += static_cast<std::int64_t>(tensor.data.size());
    }
    return bytes;
}

}  // namespace

ProcessMemory::ProcessMemory() {
    malloc_trim(
        0);  // what earlier requests left free would be counted again where it is used again
    before_ = resident_bytes();
    library_pages_before_ = file_pages(file_mappings(), {}).libraries;
}

void ProcessMemory::making_tokenizer() {
    tokenizer_ = -resident_anonymous_bytes();
}

void ProcessMemory::tokenizer_made() {
    tokenizer_ = std::max<std::int64_t>(0, tokenizer_ + resident_anonymous_bytes());
}

void ProcessMemory::begin_peak(Runtime&) {
    reset_peak_resident();
}

MeasuredMemory ProcessMemory::measured(const Runtime& runtime) const {
    return measured(runtime.memory(), runtime.model().checkpoint);
}

MeasuredMemory ProcessMemory::measured(MemoryByClass named, const Checkpoint& weights) const {
    const std::int64_t peak = peak_resident_bytes();
    const std::vector<FileMapping> mappings = file_mappings();
    if (!mappings.empty()) {
        const Pages pages = file_pages(mappings, weights.tensors);
        named[MemoryClass::weights] = owned_bytes(mappings, weights.tensors) + pages.weights;
        named[MemoryClass::runtime] =
            std::max<std::int64_t>(0, pages.libraries - library_pages_before_);
    }
    named[MemoryClass::runtime] += runtime_bytes();
    named[MemoryClass::unaccounted] = 0;
    named[MemoryClass::unaccounted] = peak - named.total();
    return {named, peak};
}

}  // namespace hone
