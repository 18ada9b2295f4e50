// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/gguf_split.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

#include "engine/core/error.h"

namespace hone::gguf {
namespace {

constexpr const char *kCount = "split.count", *kNumber = "split.no",
                     *kTensors = "split.tensors.count";
constexpr std::int64_t kMostParts = 65535;  // a UINT16, as llama.cpp writes it

std::string part_name(const std::string& stem, std::int64_t part, std::int64_t parts) {
    return fmt::format("{}-{:05}-of-{:05}.gguf", stem, part, parts);
}

// "a-00001-of-00003.gguf, a-00002-of-00003.gguf (not there), …" where the file has the name that
// llama.cpp gives parts, else "".
std::string listed(const std::filesystem::path& file, std::int64_t part, std::int64_t parts) {
    constexpr std::int64_t kListed = 8;
    const std::string name = file.filename().string(), ending = part_name("", part, parts);
    if (!name.ends_with(ending)) return "";
    const std::string stem = name.substr(0, name.size() - ending.size());
    std::string list;
    std::int64_t missing = 0;
    for (std::int64_t i = 1; i <= parts; ++i) {
        std::error_code ignored;
        const std::string other = part_name(stem, i, parts);
        const bool there = std::filesystem::exists(file.parent_path() / other, ignored);
        if (!there) ++missing;
        if (i <= kListed) list += (i == 1 ? "" : ", ") + other + (there ? "" : " (not there)");
    }
    if (parts > kListed) list += fmt::format(", … ({} in all, {} not there)", parts, missing);
    return list;
}

[[noreturn]] void damaged(const Checkpoint& checkpoint, const char* key, std::string found,
                          std::string expected) {
    throw Error(ErrorDetails{"", checkpoint.source, checkpoint.metadata_field(key),
                             std::move(found), std::move(expected), Fault::damaged});
}

}  // namespace

void refuse_parts(const Checkpoint& checkpoint, std::uint64_t n_tensors) {
    const std::int64_t parts = checkpoint.integer_or(kCount, 1),
                       number = checkpoint.integer_or(kNumber, 0);
    if (parts < 0 || parts > kMostParts)
        damaged(checkpoint, kCount, std::to_string(parts), fmt::format("0 to {}", kMostParts));
    if (number < 0 || (number >= parts && number > 0))
        damaged(checkpoint, kNumber, std::to_string(number),
                fmt::format("a number from 0, less than the {} parts", parts));
    if (parts > 1) {
        const std::string names = listed(checkpoint.source, number + 1, parts);
        ErrorDetails details{
            "",
            checkpoint.source,
            checkpoint.metadata_field(kCount),
            fmt::format("part {} of {}{}{}", number + 1, parts, names.empty() ? "" : ": ", names),
            "the whole model in one file",
            Fault::unsupported};
        details.summary = fmt::format("This is part {} of {} of a model.", number + 1, parts);
        details.action = "Join the parts with llama-gguf-split --merge, and open the result.";
        throw Error(std::move(details));
    }
    if (checkpoint.metadata_find(kTensors) == nullptr ||
        checkpoint.metadata_find(kCount) == nullptr)
        return;
    const std::int64_t stated = checkpoint.integer(kTensors);
    if (stated < 0 || static_cast<std::uint64_t>(stated) != n_tensors)
        damaged(checkpoint, kTensors, std::to_string(stated),
                fmt::format("{}, the tensors of this one part", n_tensors));
}

}  // namespace hone::gguf
