// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/memory_report.h"

#include <string>

#include "engine/core/system_memory.h"

namespace hone {
namespace {

nlohmann::json document(const MemoryByClass& memory, std::int64_t peak) {
    nlohmann::json json;
    for (std::size_t i = 0; i < kMemoryClasses; ++i) {
        const auto which = static_cast<MemoryClass>(i);
        json[std::string(memory_class_id(which))] = memory[which];
    }
    json["peak_resident"] = peak;
    return json;
}

}  // namespace

void begin_peak() {
    reset_peak_resident();
}

nlohmann::json measured_memory(MemoryByClass named, std::int64_t runtime_bytes) {
    const std::int64_t peak = peak_resident_bytes();
    named[MemoryClass::runtime] = runtime_bytes;
    named[MemoryClass::unaccounted] = 0;
    named[MemoryClass::unaccounted] = peak - named.total();
    return document(named, peak);
}

nlohmann::json predicted_memory(MemoryByClass named, std::int64_t runtime_bytes) {
    named[MemoryClass::runtime] = runtime_bytes;
    return document(named, named.total());
}

}  // namespace hone
