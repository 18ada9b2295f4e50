// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/paths/paths.h"

namespace hone::fuzz {

MemoryFile::MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error("no memory file");
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
        if (count <= 0) throw std::runtime_error("the memory file cannot be written");
        done += static_cast<std::size_t>(count);
    }
}

MemoryFile::~MemoryFile() {
    ::close(descriptor_);
}

FixtureFolder::FixtureFolder(std::string_view fixture) {
    const bool shared_memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern =
        (shared_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
        "/hone-fuzz-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for inputs");
    path_ = pattern;
    std::filesystem::copy(std::filesystem::path(test::fixtures()) / "hugging_face" / fixture,
                          path_);
}

FixtureFolder::~FixtureFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void FixtureFolder::write(std::string_view file, std::string_view bytes) const {
    std::ofstream(path_ / file, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string file_bytes(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    if (bytes.empty()) throw std::runtime_error("nothing in " + file.string());
    return bytes;
}

std::string fixture_bytes(const std::filesystem::path& file) {
    return file_bytes(std::filesystem::path(test::fixtures()) / file);
}

}  // namespace hone::fuzz
