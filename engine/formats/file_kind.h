// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace hone {

// What a file that is not the expected one seems to be, by its first bytes.
struct FileKind {
    std::string what;    // "a web page"; "bytes 3C 21 64 6F" where nothing is recognised
    std::string action;  // what to do about it; empty where the general advice is all there is
    bool known = false;
};
FileKind file_kind(std::span<const std::byte> bytes);

// Throws Error (Fault::not_a_model): "This is a web page, not a model." `expected` is what should
// have been there, "a GGUF file".
[[noreturn]] void refuse_kind(const FileKind& kind, const std::string& file,
                              const std::string& field, const std::string& expected);

// "98 MB": bytes as people say them, to two digits or more.
std::string size_text(std::uint64_t bytes);
// "The file is cut off: 5 MB of about 98 MB."
std::string cut_off_text(std::uint64_t bytes, std::uint64_t whole);

// `name` for a message: of at most 80 characters, the rest as "…".
std::string shortened(const std::string& name);

}  // namespace hone
