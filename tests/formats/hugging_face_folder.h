// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/formats/gguf_bytes.h"

namespace hone {

std::string bytes_of_file(const std::filesystem::path& path);

// A copy of a folder of tests/fixtures/hugging_face ("grouped", "tied") to spoil.
class HuggingFaceFolder {
public:
    explicit HuggingFaceFolder(std::string_view fixture);

    std::filesystem::path path() const { return folder_.path() / "model"; }
    std::string bytes(const char* name) const { return bytes_of_file(path() / name); }
    void write(const char* name, std::string_view bytes) const;
    void remove(const char* name) const { std::filesystem::remove(path() / name); }
    // Rewrites a JSON file after `change`.
    void edit(const char* name, const std::function<void(nlohmann::json&)>& change) const;
    // Rewrites the header of a safetensors file after `change`; its data stay.
    void edit_header(const char* name, const std::function<void(nlohmann::json&)>& change) const;

private:
    TestFolder folder_;
};

}  // namespace hone
