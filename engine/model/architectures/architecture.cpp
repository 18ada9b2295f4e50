// SPDX-License-Identifier: Apache-2.0
#include "engine/model/architectures/architecture.h"

#include <array>
#include <string>

#include "engine/core/error.h"

namespace hone {

std::span<const Architecture> architectures() {
    static const std::array<Architecture, 1> kArchitectures{kLlamaArchitecture};
    return kArchitectures;
}

const Architecture& architecture_of(const Checkpoint& checkpoint) {
    const std::string name = checkpoint.text("general.architecture");
    std::string known;
    for (const Architecture& architecture : architectures()) {
        if (architecture.name == name) return architecture;
        known += (known.empty() ? "" : ", ") + std::string(architecture.name);
    }
    throw Error({.message = {},
                 .file = checkpoint.source,
                 .field = "general.architecture",
                 .found = "'" + name + "', which is not supported",
                 .expected = "one of: " + known});
}

}  // namespace hone
