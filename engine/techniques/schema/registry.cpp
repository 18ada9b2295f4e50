// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"
#include "engine/techniques/schema/schema.h"

namespace hone {

const Registry& builtin_registry() {
    static const std::array kDescriptors{
#define HONE_TECHNIQUE(id) descriptors::id,
#include "engine/techniques/list.inc"
#undef HONE_TECHNIQUE
    };
    static const Registry kRegistry(kDescriptors);
    return kRegistry;
}

}  // namespace hone
