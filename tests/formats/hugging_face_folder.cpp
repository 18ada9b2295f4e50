// SPDX-License-Identifier: Apache-2.0
#include "tests/formats/hugging_face_folder.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/paths/paths.h"

namespace hone {

std::string bytes_of_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

HuggingFaceFolder::HuggingFaceFolder(std::string_view fixture) {
    std::filesystem::copy(std::filesystem::path(test::fixtures()) / "hugging_face" / fixture,
                          path());
}

void HuggingFaceFolder::write(const char* name, std::string_view bytes) const {
    // A new file each time: to overwrite one, some file systems wait for the disk.
    remove(name);
    std::ofstream(path() / name, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void HuggingFaceFolder::edit(const char* name,
                             const std::function<void(nlohmann::json&)>& change) const {
    auto json = nlohmann::json::parse(bytes(name));
    change(json);
    write(name, json.dump());
}

void HuggingFaceFolder::edit_header(const char* name,
                                    const std::function<void(nlohmann::json&)>& change) const {
    const std::string before = bytes(name);
    std::uint64_t length = 0;
    std::memcpy(&length, before.data(), sizeof length);
    auto json = nlohmann::json::parse(before.substr(sizeof length, length));
    change(json);
    const std::string header = json.dump();
    const std::uint64_t now = header.size();
    std::string after(sizeof now, '\0');
    std::memcpy(after.data(), &now, sizeof now);
    write(name, after + header + before.substr(sizeof length + length));
}

}  // namespace hone
