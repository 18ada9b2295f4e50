// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <type_traits>

#include "engine/core/error.h"
#include "engine/core/pulse.h"
#include "engine/formats/gguf.h"
#include "engine/formats/hugging_face.h"
#include "engine/formats/synthetic.h"
#include "engine/formats/tokenizer_defaults.h"

namespace hone {
namespace {

std::string kind_of(const MetadataValue& value) {
    struct Name {
        std::string operator()(bool) const { return "a flag"; }
        std::string operator()(const std::string& text) const {
            return "the text '" + text.substr(0, 40) + "'";
        }
        std::string operator()(const MetadataArray&) const { return "an array"; }
        std::string operator()(float number) const { return fmt::format("the number {}", number); }
        std::string operator()(double number) const { return fmt::format("the number {}", number); }
        std::string operator()(std::int64_t number) const { return fmt::format("the integer {}", number); }
        std::string operator()(std::uint64_t number) const { return fmt::format("the integer {}", number); }
        std::string operator()(std::int32_t number) const { return fmt::format("the integer {}", number); }
        std::string operator()(std::uint32_t number) const { return fmt::format("the integer {}", number); }
        std::string operator()(std::int16_t number) const { return fmt::format("the integer {}", number); }
        std::string operator()(std::uint16_t number) const { return fmt::format("the integer {}", number); }
        std::string operator()(std::int8_t number) const { return fmt::format("the integer {}", number); }
        std::string operator()(std::uint8_t number) const { return fmt::format("the integer {}", number); }
    };
    return std::visit(Name{}, value);
}

[[noreturn]] void wrong(const Checkpoint& checkpoint, std::string_view key, const MetadataValue* found,
                        const std::string& expected) {
    throw Error(ErrorDetails{"", checkpoint.source, "metadata '" + std::string(key) + "'",
                             found == nullptr ? "nothing" : kind_of(*found), expected});
}

std::optional<std::int64_t> as_integer(const MetadataValue& value) {
    return std::visit(
        [](const auto& held) -> std::optional<std::int64_t> {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_integral_v<Held> && !std::is_same_v<Held, bool>) {
                if (std::in_range<std::int64_t>(held)) return static_cast<std::int64_t>(held);
            }
            return std::nullopt;
        },
        value);
}

std::optional<double> as_real(const MetadataValue& value) {
    if (const auto* number = std::get_if<float>(&value)) return static_cast<double>(*number);
    if (const auto* number = std::get_if<double>(&value)) return *number;
    if (const auto number = as_integer(value)) return static_cast<double>(*number);
    return std::nullopt;
}

template <typename Element>
const std::vector<Element>* array_of(const Checkpoint& checkpoint, std::string_view key,
                                     const char* expected) {
    const MetadataValue* value = checkpoint.metadata_find(key);
    if (value == nullptr) return nullptr;
    const auto* array = std::get_if<MetadataArray>(value);
    const auto* elements = array == nullptr ? nullptr : std::get_if<std::vector<Element>>(array);
    if (elements == nullptr) wrong(checkpoint, key, value, expected);
    return elements;
}

}  // namespace

std::int64_t StoredTensor::rows() const {
    std::int64_t product = 1;
    for (std::size_t i = 0; i + 1 < shape.size(); ++i) product *= shape[i];
    return product;
}

std::int64_t StoredTensor::bytes() const {
    if (info(type).sparse) return sparse_bytes(type, rows(), cols(), elements() - zeros);
    return rows() * row_bytes(type, cols());
}

const std::byte* StoredTensor::row(std::int64_t index) const {
    if (!info(type).sparse) return data.data() + index * row_bytes(type, cols());
    std::uint64_t begin = 0;
    std::memcpy(&begin, data.data() + static_cast<std::size_t>(index) * sizeof begin, sizeof begin);
    return data.data() + begin;
}

const StoredTensor* Checkpoint::find(std::string_view tensor_name) const {
    const auto found =
        std::find_if(tensors.begin(), tensors.end(),
                     [tensor_name](const StoredTensor& tensor) { return tensor.name == tensor_name; });
    return found == tensors.end() ? nullptr : &*found;
}

const MetadataValue* Checkpoint::metadata_find(std::string_view key) const {
    const auto found = metadata.find(key);
    return found == metadata.end() ? nullptr : &found->second;
}

std::string Checkpoint::text(std::string_view key) const {
    const MetadataValue* value = metadata_find(key);
    if (value == nullptr || !std::holds_alternative<std::string>(*value)) wrong(*this, key, value, "a text");
    return std::get<std::string>(*value);
}

std::string Checkpoint::text_or(std::string_view key, std::string_view fallback) const {
    return metadata_find(key) == nullptr ? std::string(fallback) : text(key);
}

std::int64_t Checkpoint::integer(std::string_view key) const {
    const MetadataValue* value = metadata_find(key);
    const auto number = value == nullptr ? std::nullopt : as_integer(*value);
    if (!number) wrong(*this, key, value, "an integer");
    return *number;
}

std::int64_t Checkpoint::integer_or(std::string_view key, std::int64_t fallback) const {
    return metadata_find(key) == nullptr ? fallback : integer(key);
}

double Checkpoint::real(std::string_view key) const {
    const MetadataValue* value = metadata_find(key);
    const auto number = value == nullptr ? std::nullopt : as_real(*value);
    if (!number) wrong(*this, key, value, "a number");
    return *number;
}

double Checkpoint::real_or(std::string_view key, double fallback) const {
    return metadata_find(key) == nullptr ? fallback : real(key);
}

bool Checkpoint::flag_or(std::string_view key, bool fallback) const {
    const MetadataValue* value = metadata_find(key);
    if (value == nullptr) return fallback;
    if (!std::holds_alternative<bool>(*value)) wrong(*this, key, value, "true or false");
    return std::get<bool>(*value);
}

const std::vector<std::string>* Checkpoint::texts(std::string_view key) const {
    return array_of<std::string>(*this, key, "an array of texts");
}

const std::vector<std::int32_t>* Checkpoint::integers(std::string_view key) const {
    return array_of<std::int32_t>(*this, key, "an array of 32-bit integers");
}

std::int64_t Checkpoint::parameters() const {
    std::int64_t sum = 0;
    for (const StoredTensor& tensor : tensors) sum += tensor.elements();
    return sum;
}

std::int64_t Checkpoint::bytes() const {
    std::int64_t sum = 0;
    for (const StoredTensor& tensor : tensors) sum += tensor.bytes();
    return sum;
}

Checkpoint open_checkpoint(const std::string& source, bool weights) {
    const LongStep reading(kReadingPatience);
    constexpr std::string_view kSynthetic = "synthetic:";
    if (source.rfind(kSynthetic, 0) == 0) return make_synthetic(source.substr(kSynthetic.size()), weights);
    if (const auto folder = hugging_face_folder(source); !folder.empty()) {
        std::error_code ignored;
        if (!std::filesystem::exists(folder / "config.json", ignored))
            throw Error(ErrorDetails{"", source, "checkpoint", "no config.json there",
                                     "a GGUF file, a Hugging Face folder, or synthetic:SHAPE"});
        return read_hugging_face(folder, weights);
    }
    Checkpoint checkpoint = read_gguf(source);
    answer_tokenizer_defaults(checkpoint);
    return checkpoint;
}

}  // namespace hone
