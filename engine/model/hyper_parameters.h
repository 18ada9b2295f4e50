// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"
#include "engine/formats/checkpoint.h"

namespace hone {

// Checked reading of hyper-parameters and tensor shapes, by whatever reads a checkpoint. All throw
// Error with source, field, found and expected.

// The integer at `key`, within [low, high].
std::int64_t integer_within(const Checkpoint& checkpoint, std::string_view key, std::int64_t low,
                            std::int64_t high);
std::int64_t within(const Checkpoint& checkpoint, std::string_view key, std::int64_t value,
                    std::int64_t low, std::int64_t high);
std::int64_t integer_within_or(const Checkpoint& checkpoint, std::string_view key,
                               std::int64_t fallback, std::int64_t low, std::int64_t high);
// A finite number in (low, high].
double real_within(const Checkpoint& checkpoint, std::string_view key, double value, double low,
                   double high);

// `field`: a metadata key, whose place in the file is then said, or whatever else is at fault.
[[noreturn]] void refuse(const Checkpoint& checkpoint, std::string field, std::string found,
                         std::string expected, Fault fault = Fault::damaged);

// The tensor `name`, which must be there with this shape.
const StoredTensor& tensor_of_shape(const Checkpoint& checkpoint, std::string_view name,
                                    const std::vector<std::int64_t>& shape);

// "[576, 1536]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace hone
