// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

namespace hone {

// GGUF files byte by byte, right or wrong as a test needs them. docs: ggml's gguf.md.
class GgufBytes {
public:
    template <typename Number>
    GgufBytes& number(Number value) {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    GgufBytes& raw(std::string_view bytes) {
        bytes_.append(bytes);
        return *this;
    }
    GgufBytes& text(std::string_view value) {
        number(static_cast<std::uint64_t>(value.size()));
        return raw(value);
    }
    GgufBytes& header(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
        return raw("GGUF").number(version).number(tensors).number(keys);
    }
    // A key with the type of its value; the value follows.
    GgufBytes& key(std::string_view name, std::uint32_t type) { return text(name).number(type); }
    GgufBytes& text_key(std::string_view name, std::string_view value) {
        return key(name, 8).text(value);
    }
    GgufBytes& tensor(std::string_view name, std::initializer_list<std::uint64_t> ne,
                      std::uint32_t type, std::uint64_t offset) {
        text(name).number(static_cast<std::uint32_t>(ne.size()));
        for (const std::uint64_t size : ne) number(size);
        return number(type).number(offset);
    }
    GgufBytes& pad(std::size_t alignment = 32) {
        bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
        return *this;
    }
    GgufBytes& data(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) bytes_.push_back(static_cast<char>(i));
        return *this;
    }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

// A folder of its own for a test, removed at its end.
class TestFolder {
public:
    TestFolder();
    ~TestFolder();
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path file(std::string_view name, std::string_view bytes) const;  // writes it

private:
    std::filesystem::path path_;
};

}  // namespace hone
