// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "engine/formats/byte_reader.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/gguf_types.h"

namespace hone::gguf {

// How many elements the arrays of a file may still have, so that a file cannot ask for more memory
// than metadata needs.
struct ArrayBudget {
    std::uint64_t elements = kMaxElements;
};

// The next text or value of a GGUF file. Throws Error where it is longer than what remains of the
// file or than `longest`, where a text is no UTF-8, where arrays exceed `budget`, and for types
// that there are not; `field` names it in the error.
std::string read_text(ByteReader& reader, const std::string& field,
                      std::uint64_t longest = kMaxString);
MetadataValue read_value(ByteReader& reader, std::uint32_t type, const std::string& field,
                         ArrayBudget& budget);

}  // namespace hone::gguf
