// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/core/error.h"

namespace hone {
namespace {

struct Descriptor {
    explicit Descriptor(int the_number) : number(the_number) {}
    ~Descriptor() {
        if (number >= 0) close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number;
};

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path,
                                                   std::string_view expected) {
    const auto fail = [&](const std::string& found) {
        throw Error(ErrorDetails{"", path.string(), "checkpoint", found, std::string(expected)});
    };
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number < 0) fail(errno == ENOENT ? "no such file" : std::strerror(errno));
    struct stat status {};
    if (fstat(file.number, &status) != 0) fail(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) fail("something that is not a regular file");
    std::shared_ptr<MappedFile> mapped(new MappedFile);
    if (status.st_size == 0) return mapped;
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (data == MAP_FAILED) fail(std::string("a file that cannot be mapped: ") + std::strerror(errno));
    mapped->bytes_ = {static_cast<const std::byte*>(data), size};
    return mapped;
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace hone
