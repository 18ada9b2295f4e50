// SPDX-License-Identifier: Apache-2.0
#include "engine/model/architectures/architecture.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "engine/core/error.h"
#include "engine/formats/file_kind.h"

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
                 .field = checkpoint.metadata_field("general.architecture"),
                 .found = "'" + shortened(name) + "', which is not supported",
                 .expected = "one of: " + known,
                 .fault = Fault::unsupported,
                 .summary = fmt::format("Hone cannot run the architecture '{}' yet.", shortened(name))});
}

}  // namespace hone
