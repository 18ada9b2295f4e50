// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/memory_report.h"

#include <malloc.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "engine/core/system_memory.h"

namespace hone {

MemoryReport memory_report(const MemoryByClass& memory, std::int64_t peak) {
    MemoryReport report;
    for (std::size_t i = 0; i < kMemoryClasses; ++i) {
        const auto which = static_cast<MemoryClass>(i);
        report[std::string(memory_class_id(which))] = memory[which];
    }
    report["peak_resident"] = peak;
    return report;
}

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

MemoryAccount::MemoryAccount() {
    malloc_trim(
        0);  // what earlier requests left free would be counted again where it is used again
    before_ = resident_bytes();
    library_pages_before_ = file_pages(file_mappings(), {}).libraries;
}

void MemoryAccount::making_tokenizer() {
    tokenizer_ = -resident_anonymous_bytes();
}

void MemoryAccount::tokenizer_made() {
    tokenizer_ = std::max<std::int64_t>(0, tokenizer_ + resident_anonymous_bytes());
}

void MemoryAccount::begin_peak() const {
    reset_peak_resident();
}

MemoryReport MemoryAccount::measured(MemoryByClass named, const Checkpoint& weights) const {
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
    return memory_report(named, peak);
}

MemoryReport predicted_memory(MemoryByClass named, std::int64_t runtime_bytes) {
    named[MemoryClass::runtime] = runtime_bytes;
    return memory_report(named, named.total());
}

}  // namespace hone
