// SPDX-License-Identifier: Apache-2.0
#include "engine/core/memory.h"

namespace hone {

std::string_view memory_class_id(MemoryClass which) {
    constexpr std::array<std::string_view, kMemoryClasses> kIds{
        "weights", "kv_cache", "activations", "workspace", "runtime", "unaccounted"};
    return kIds[static_cast<std::size_t>(which)];
}

}  // namespace hone
