// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/utf8.h"
#include "engine/core/error.h"

namespace hone {
namespace {

using namespace std::string_view_literals;

constexpr const char* kDownloadFailed = "The download failed: download the file itself.";
constexpr const char* kUnpack = "Unpack it first.";

struct Magic {
    std::string_view bytes;
    const char *what, *action;
    std::size_t at = 0;
};

// A pickle is told by its protocol, which 0x80 begins.
constexpr std::array kMagics{
    Magic{"GGUF"sv, "a GGUF file", "Open it by its own path."},
    Magic{"FUGG"sv, "a big-endian GGUF file",
          "Hone reads little-endian files: convert the model again."},
    Magic{"ggml"sv, "an old GGML file", "Convert the model to GGUF."},
    Magic{"lmgg"sv, "an old GGML file", "Convert the model to GGUF."},
    Magic{"ggjt"sv, "an old GGML file", "Convert the model to GGUF."},
    Magic{"tjgg"sv, "an old GGML file", "Convert the model to GGUF."},
    Magic{"fmgg"sv, "an old GGML file", "Convert the model to GGUF."},
    Magic{"algg"sv, "an old LoRA adapter", "Merge it into its base model first."},
    Magic{"version https://git-lfs"sv, "a Git LFS pointer",
          "The model itself was not downloaded: run git lfs pull, or download the file."},
    Magic{"PK\x03\x04"sv, "a zip archive (a PyTorch checkpoint?)",
          "Convert the model to safetensors or GGUF."},
    Magic{"PK\x05\x06"sv, "an empty zip archive", kUnpack},
    Magic{"\x80\x02"sv, "a Python pickle (a PyTorch checkpoint?)",
          "Convert the model to safetensors or GGUF."},
    Magic{"\x80\x03"sv, "a Python pickle (a PyTorch checkpoint?)",
          "Convert the model to safetensors or GGUF."},
    Magic{"\x80\x04"sv, "a Python pickle (a PyTorch checkpoint?)",
          "Convert the model to safetensors or GGUF."},
    Magic{"\x80\x05"sv, "a Python pickle (a PyTorch checkpoint?)",
          "Convert the model to safetensors or GGUF."},
    Magic{"\x1F\x8B"sv, "a gzip archive", kUnpack},
    Magic{"\x28\xB5\x2F\xFD"sv, "a zstd archive", kUnpack},
    Magic{"\xFD\x37zXZ\0"sv, "an xz archive", kUnpack},
    Magic{"BZh"sv, "a bzip2 archive", kUnpack},
    Magic{"7z\xBC\xAF\x27\x1C"sv, "a 7z archive", kUnpack},
    Magic{"Rar!"sv, "a rar archive", kUnpack},
    Magic{"ustar"sv, "a tar archive", kUnpack, 257},
    Magic{"%PDF"sv, "a PDF document", ""},
    Magic{"\x89PNG"sv, "a picture", ""},
    Magic{"\xFF\xD8\xFF"sv, "a picture", ""},
    Magic{"\x89HDF"sv, "an HDF5 file (a Keras model?)",
          "Convert the model to safetensors or GGUF."},
    Magic{"\x93NUMPY"sv, "a NumPy array", ""},
    Magic{"SQLite format 3"sv, "a SQLite database", ""},
    Magic{"\x7F"
          "ELF"sv,
          "a program", ""},
    Magic{"MZ"sv, "a program (a llamafile?)", ""},
    Magic{"#!"sv, "a script", ""},
    Magic{"\xD0\xCF\x11\xE0"sv, "an Office document", ""},
};

bool begins_ignoring_case(std::string_view text, std::string_view with) {
    return text.size() >= with.size() &&
           std::equal(with.begin(), with.end(), text.begin(), [](char expected, char found) {
               return expected ==
                      (found >= 'A' && found <= 'Z' ? static_cast<char>(found - 'A' + 'a') : found);
           });
}

std::string_view without_white_space(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const std::size_t begin = text.find_first_not_of(" \t\r\n\f");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

bool is_text(std::string_view text) {
    const std::size_t valid = valid_utf8_prefix(text);
    // What was cut for looking at it may end inside a character.
    if (text.empty() || text.size() - valid > 3) return false;
    return std::none_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(valid),
                        [](char c) {
                            const auto byte = static_cast<unsigned char>(c);
                            return byte < 0x20 && c != '\t' && c != '\r' && c != '\n' && c != '\f';
                        });
}

// A safetensors header is JSON of the length that the file's first eight bytes give.
bool is_safetensors(std::string_view start, std::size_t size) {
    if (start.size() < 10 || start[8] != '{') return false;
    std::uint64_t length = 0;
    for (std::size_t i = 8; i-- > 0;) length = length << 8U | static_cast<unsigned char>(start[i]);
    return length >= 2 && length <= 100'000'000 &&
           (start[9] == '"' || start[9] == '}' || length <= size);
}

std::string quoted(std::string_view text) {
    std::string words(text.substr(0, 60));
    words.resize(valid_utf8_prefix(words));
    return "'" + words + (text.size() > 60 ? "…'" : "'");
}

}  // namespace

FileKind file_kind(std::span<const std::byte> bytes) {
    const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                                 std::min<std::size_t>(bytes.size(), 512));
    if (start.empty()) return {"an empty file", kDownloadFailed, true};
    for (const Magic& magic : kMagics) {
        if (start.size() >= magic.at && start.substr(magic.at).starts_with(magic.bytes))
            return {magic.what, magic.action, true};
    }
    if (is_safetensors(start, bytes.size()))
        return {"a safetensors file", "Give it the ending .safetensors, or open its folder.", true};
    const std::string_view text = without_white_space(start);
    for (const std::string_view tag : {"<!doctype"sv, "<html"sv, "<head"sv, "<body"sv, "<!--"sv,
                                       "<?xml"sv, "<title"sv, "<script"sv, "<error"sv})
        if (begins_ignoring_case(text, tag)) return {"a web page", kDownloadFailed, true};
    if (start.find_first_not_of('\0') == std::string_view::npos)
        return {"a file that begins with nothing but zeros",
                "A download that was not finished looks like this: download it again.", true};
    if (is_text(start)) {
        const bool json = text.starts_with('{') || text.starts_with('[');
        return {fmt::format("{} ({})", json ? "a JSON text" : "a text", quoted(text)),
                json || bytes.size() < 512 ? kDownloadFailed : "", true};
    }
    std::string hex = "bytes";
    for (const char c : start.substr(0, 4))
        hex += fmt::format(" {:02X}", static_cast<unsigned char>(c));
    return {hex, "", false};
}

void refuse_kind(const FileKind& kind, const std::string& file, const std::string& field,
                 const std::string& expected) {
    ErrorDetails details{"", file, field, kind.what, expected};
    details.fault = Fault::not_a_model;
    const bool of_a_model = kind.what == "a GGUF file" || kind.what == "a safetensors file";
    if (kind.known)
        details.summary =
            fmt::format("This is {}, not {}.", kind.what, of_a_model ? expected : "a model");
    // A summary of one's own comes without the kind's action.
    details.action = !kind.action.empty() ? kind.action
                     : kind.known         ? "Open a GGUF file or a Hugging Face folder."
                                          : "";
    throw Error(std::move(details));
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 6> kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
    auto size = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (size >= 999.5 && unit + 1 < kUnits.size()) {
        size /= 1000;
        ++unit;
    }
    return unit > 0 && size < 9.95 ? fmt::format("{:.1f} {}", size, kUnits[unit])
                                   : fmt::format("{:.0f} {}", size, kUnits[unit]);
}

std::string cut_off_text(std::uint64_t bytes, std::uint64_t whole) {
    const std::string have = size_text(bytes), of = size_text(whole);
    if (have == of) return fmt::format("The file is cut off: {} of {} bytes.", bytes, whole);
    return fmt::format("The file is cut off: {} of about {}.", have, of);
}

std::string shortened(const std::string& name) {
    constexpr std::size_t kMost = 80;
    if (name.size() <= kMost) return name;
    std::string text = name.substr(0, kMost);
    text.resize(valid_utf8_prefix(text));
    return text + "…";
}

}  // namespace hone
