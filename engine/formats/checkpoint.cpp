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
#include "engine/formats/file_kind.h"
#include "engine/formats/gguf.h"
#include "engine/formats/hugging_face.h"
#include "engine/formats/hugging_face/model_folder.h"
#include "engine/formats/synthetic.h"
#include "engine/formats/tokenizer_defaults.h"

namespace hone {
namespace {

[[noreturn]] void wrong(const Checkpoint& checkpoint, std::string_view key,
                        const MetadataValue* found, const std::string& expected) {
    ErrorDetails details{"",
                         checkpoint.source,
                         checkpoint.metadata_field(key),
                         found == nullptr ? "nothing" : value_text(*found),
                         expected,
                         Fault::damaged};
    if (found == nullptr)
        details.summary = fmt::format("The model does not say '{}', which it must.", key);
    throw Error(std::move(details));
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

// A folder may be opened by one of its files, but not by a file that only lies in it.
void require_part(const Checkpoint& checkpoint, const std::string& source) {
    const std::string name = std::filesystem::path(source).filename().string();
    if (!name.ends_with(".safetensors") || std::filesystem::is_directory(source)) return;
    for (const SourceFile& file : checkpoint.files)
        if (std::filesystem::path(file.path).filename().string() == name) return;
    ErrorDetails details{"",
                         source,
                         "checkpoint",
                         "a file that is no part of the model in its folder",
                         "one of that model's files, or the folder",
                         Fault::not_a_model};
    details.summary = "This file is not part of the model beside it.";
    details.action = "Open the folder instead.";
    throw Error(std::move(details));
}

}  // namespace

std::string value_text(const MetadataValue& value) {
    struct Name {
        std::string operator()(bool) const { return "a flag"; }
        std::string operator()(const std::string& text) const {
            return "the text '" + shortened(text) + "'";
        }
        std::string operator()(const MetadataArray& array) const {
            return fmt::format("an array of {}",
                               std::visit([](const auto& held) { return held.size(); }, array));
        }
        std::string operator()(float number) const { return fmt::format("the number {}", number); }
        std::string operator()(double number) const { return fmt::format("the number {}", number); }
        std::string operator()(std::int64_t number) const {
            return fmt::format("the integer {}", number);
        }
        std::string operator()(std::uint64_t number) const {
            return fmt::format("the integer {}", number);
        }
        std::string operator()(std::int32_t number) const {
            return fmt::format("the integer {}", number);
        }
        std::string operator()(std::uint32_t number) const {
            return fmt::format("the integer {}", number);
        }
        std::string operator()(std::int16_t number) const {
            return fmt::format("the integer {}", number);
        }
        std::string operator()(std::uint16_t number) const {
            return fmt::format("the integer {}", number);
        }
        std::string operator()(std::int8_t number) const {
            return fmt::format("the integer {}", number);
        }
        std::string operator()(std::uint8_t number) const {
            return fmt::format("the integer {}", number);
        }
    };
    return std::visit(Name{}, value);
}

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
    return index.find(tensors, tensor_name);
}

const StoredTensor* Checkpoint::find(Role role, std::int64_t layer) const {
    const auto found =
        std::find_if(tensors.begin(), tensors.end(), [role, layer](const StoredTensor& tensor) {
            return tensor.place.role == role && tensor.place.layer == layer;
        });
    return found == tensors.end() ? nullptr : &*found;
}

const Family* Checkpoint::family() const {
    const MetadataValue* value = metadata_find("general.architecture");
    const auto* stated = value == nullptr ? nullptr : std::get_if<std::string>(value);
    return stated == nullptr ? nullptr : find_family(*stated);
}

const Family& Checkpoint::supported_family() const {
    const Family* its = family();
    if (its != nullptr) return *its;
    const std::string stated = shortened(text("general.architecture"));
    throw Error({.message = {},
                 .file = source,
                 .field = metadata_field("general.architecture"),
                 .found = "'" + stated + "', which is not supported",
                 .expected = "one of: " + family_names(),
                 .fault = Fault::unsupported,
                 .summary = fmt::format("Hone cannot run the architecture '{}' yet.", stated)});
}

void Checkpoint::place_tensors() {
    const Family* its = family();
    for (StoredTensor& tensor : tensors) tensor.place = place_of(its, tensor.name);
}

const MetadataValue* Checkpoint::metadata_find(std::string_view key) const {
    const auto found = metadata.find(key);
    return found == metadata.end() ? nullptr : &found->second;
}

std::string Checkpoint::metadata_field(std::string_view key) const {
    std::string field = fmt::format("metadata '{}'", key);
    if (const auto place = metadata_places.find(key); place != metadata_places.end())
        field += fmt::format(" (@0x{:X})", place->second);
    return field;
}

std::string Checkpoint::text(std::string_view key) const {
    const MetadataValue* value = metadata_find(key);
    if (value == nullptr || !std::holds_alternative<std::string>(*value))
        wrong(*this, key, value, "a text");
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

std::optional<std::int64_t> Checkpoint::same_in_every_layer(std::string_view key,
                                                            std::int64_t layers) const {
    const MetadataValue* value = metadata_find(key);
    if (value == nullptr) return std::nullopt;
    const auto* array = std::get_if<MetadataArray>(value);
    if (array == nullptr) return integer(key);
    return std::visit(
        [&](const auto& elements) -> std::int64_t {
            using Element = typename std::decay_t<decltype(elements)>::value_type;
            if constexpr (std::is_integral_v<Element> && !std::is_same_v<Element, bool>) {
                if (std::ssize(elements) != layers)
                    wrong(*this, key, value,
                          fmt::format("one integer, or {}, one a layer", layers));
                for (std::size_t i = 1; i < elements.size(); ++i)
                    if (elements[i] != elements[0])
                        throw Error(
                            ErrorDetails{"", source, metadata_field(key),
                                         fmt::format("{} in the first layer and {} in layer {}",
                                                     elements[0], elements[i], i),
                                         "the same in every layer: others are not supported",
                                         Fault::unsupported});
                if (!elements.empty() && std::in_range<std::int64_t>(elements[0]))
                    return static_cast<std::int64_t>(elements[0]);
            }
            wrong(*this, key, value, "an integer");
        },
        *array);
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
    if (source.rfind(kSynthetic, 0) == 0)
        return make_synthetic(source.substr(kSynthetic.size()), weights);
    if (const auto folder = hugging_face_folder(source); !folder.empty()) {
        std::error_code ignored;
        // A link that leads nowhere is there, and is told by the reader.
        if (std::filesystem::symlink_status(folder / "config.json", ignored).type() ==
            std::filesystem::file_type::not_found)
            hf::refuse_folder(folder, source);
        Checkpoint checkpoint = read_hugging_face(folder, weights);
        require_part(checkpoint, source);
        return checkpoint;
    }
    Checkpoint checkpoint = read_gguf(source);
    answer_tokenizer_defaults(checkpoint);
    return checkpoint;
}

}  // namespace hone
