// SPDX-License-Identifier: Apache-2.0
#include "engine/base/small_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace hone {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

private:
    int number_;
};

[[noreturn]] void refuse(int code) {
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            throw FileProblem("nothing of that name");
        case EACCES:
        case EPERM:
            throw FileProblem("a file that may not be read");
        case ENAMETOOLONG:
            throw FileProblem("a name that is too long");
        case ELOOP:
            throw FileProblem("links that lead in a circle");
        default:
            throw FileProblem(fmt::format("a file that cannot be read ({})", std::strerror(code)));
    }
}

void check_kind(const struct stat& facts) {
    if (S_ISREG(facts.st_mode)) return;
    if (S_ISDIR(facts.st_mode)) throw FileProblem("a folder");
    if (S_ISFIFO(facts.st_mode)) throw FileProblem("a pipe");
    throw FileProblem(S_ISSOCK(facts.st_mode) ? "a socket" : "a device");
}

[[noreturn]] void too_large(std::size_t bytes, std::size_t limit) {
    throw FileProblem(fmt::format("{} B, more than {}", bytes, limit));
}

}  // namespace

std::string read_small_file(const std::filesystem::path& path, std::size_t limit) {
    struct stat facts {};
    // Looked at by name first, because opening a device may do something, and by descriptor again,
    // because a name may change hands.
    if (stat(path.c_str(), &facts) != 0) refuse(errno);
    check_kind(facts);
    const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.number() < 0 || fstat(file.number(), &facts) != 0) refuse(errno);
    check_kind(facts);
    if (static_cast<std::size_t>(facts.st_size) > limit)
        too_large(static_cast<std::size_t>(facts.st_size), limit);
    std::string bytes;
    bytes.reserve(static_cast<std::size_t>(facts.st_size));
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t got = read(file.number(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) refuse(errno);
        if (got == 0) return bytes;
        bytes.append(buffer.data(), static_cast<std::size_t>(got));
        if (bytes.size() > limit) too_large(bytes.size(), limit);
    }
}

}  // namespace hone
