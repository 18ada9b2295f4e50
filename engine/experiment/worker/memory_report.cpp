// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/memory_report.h"

namespace hone {

MemoryReport memory_report(const MeasuredMemory& memory) {
    MemoryReport report;
    for (std::size_t i = 0; i < kMemoryClasses; ++i) {
        const auto which = static_cast<MemoryClass>(i);
        report[std::string(memory_class_id(which))] = memory.classes[which];
    }
    report["peak_resident"] = memory.peak;
    return report;
}

MemoryReport predicted_memory(MemoryByClass named, std::int64_t runtime_bytes) {
    named[MemoryClass::runtime] = runtime_bytes;
    return memory_report({named, named.total()});
}

}  // namespace hone
