// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hyper_parameters.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "engine/core/error.h"

namespace hone {

void refuse(const Checkpoint& checkpoint, std::string field, std::string found,
            std::string expected, Fault fault) {
    if (checkpoint.metadata_find(field) != nullptr) field = checkpoint.metadata_field(field);
    throw Error({.message = {},
                 .file = checkpoint.source,
                 .field = std::move(field),
                 .found = std::move(found),
                 .expected = std::move(expected),
                 .fault = fault});
}

std::int64_t within(const Checkpoint& checkpoint, std::string_view key, std::int64_t value,
                    std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
        refuse(checkpoint, std::string(key), std::to_string(value),
               fmt::format("{} to {}", low, high));
    return value;
}

std::int64_t integer_within(const Checkpoint& checkpoint, std::string_view key, std::int64_t low,
                            std::int64_t high) {
    return within(checkpoint, key, checkpoint.integer(key), low, high);
}

std::int64_t integer_within_or(const Checkpoint& checkpoint, std::string_view key,
                               std::int64_t fallback, std::int64_t low, std::int64_t high) {
    return checkpoint.metadata_find(key) == nullptr ? fallback
                                                    : integer_within(checkpoint, key, low, high);
}

double real_within(const Checkpoint& checkpoint, std::string_view key, double value, double low,
                   double high) {
    if (!std::isfinite(value) || value <= low || value > high)
        refuse(checkpoint, std::string(key), fmt::format("{:g}", value),
               fmt::format("a finite number above {}, at most {}", low, high));
    return value;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

const StoredTensor& tensor_of_shape(const Checkpoint& checkpoint, std::string_view name,
                                    const std::vector<std::int64_t>& shape) {
    const StoredTensor* tensor = checkpoint.find(name);
    const std::string field = fmt::format("tensor '{}'", name);
    if (tensor == nullptr)
        refuse(checkpoint, field, "no such tensor", "shape " + shape_text(shape));
    if (tensor->shape != shape)
        refuse(checkpoint, field, "shape " + shape_text(tensor->shape),
               shape_text(shape) + " by the configuration");
    if (!row_fits(tensor->type, tensor->cols()))
        refuse(checkpoint, field,
               fmt::format("rows of {} as {}", tensor->cols(), info(tensor->type).name),
               fmt::format("a multiple of {}", info(tensor->type).block));
    return *tensor;
}

}  // namespace hone
