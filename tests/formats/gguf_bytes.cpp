// SPDX-License-Identifier: Apache-2.0
#include "tests/formats/gguf_bytes.h"

#include <cstdlib>
#include <fstream>

namespace hone {

TestFolder::TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hone-formats-XXXXXX").string();
    path_ = mkdtemp(name.data());
}

TestFolder::~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TestFolder::file(std::string_view name, std::string_view bytes) const {
    std::filesystem::path path = path_ / name;
    // A new file each time: to overwrite one, some file systems wait for the disk.
    std::filesystem::remove(path);
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
}

}  // namespace hone
