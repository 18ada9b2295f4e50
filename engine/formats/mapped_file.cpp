// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

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

// What is mapped, for a signal handler. Begin is written last and cleared first, so that a handler
// sees whole entries alone. Mappings beyond the table's end are not in it: their loss names no
// file.
struct Mapping {
    std::atomic<bool> taken = false;
    std::atomic<std::uintptr_t> begin = 0, end = 0;
    std::atomic<char*> quoted = nullptr;
};
std::array<Mapping, 1024> mappings;

void remember(std::span<const std::byte> bytes, const std::string& path) {
    const std::string quoted =
        nlohmann::json(path).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    for (Mapping& mapping : mappings) {
        if (mapping.taken.exchange(true)) continue;
        auto* const copy = new char[quoted.size() + 1];
        std::memcpy(copy, quoted.c_str(), quoted.size() + 1);
        const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
        mapping.quoted = copy;
        mapping.end = begin + bytes.size();
        mapping.begin = begin;
        return;
    }
}

void forget(std::span<const std::byte> bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    for (Mapping& mapping : mappings) {
        if (mapping.begin != begin) continue;
        mapping.begin = 0;
        delete[] mapping.quoted.exchange(nullptr);
        mapping.taken = false;
        return;
    }
}

constexpr const char* kNoFile = "no such file";

// The first folder on the way to `path` that this process may not enter; empty where it may enter
// all of them.
std::filesystem::path closed_folder(const std::filesystem::path& path) {
    std::filesystem::path folder;
    for (const std::filesystem::path& part : path.parent_path()) {
        folder /= part;
        if (::faccessat(AT_FDCWD, folder.c_str(), X_OK, AT_EACCESS) != 0 && errno == EACCES)
            return folder;
    }
    return {};
}

[[noreturn]] void cannot_open(const std::filesystem::path& path, const std::string& found,
                              std::string_view expected, Fault fault) {
    ErrorDetails details{"", path.string(), "checkpoint", found, std::string(expected)};
    details.fault = fault;
    if (found == std::strerror(EACCES)) {
        const std::filesystem::path folder = closed_folder(path);
        details.summary =
            folder.empty() ? "The file may not be read." : "The folder may not be read.";
        if (!folder.empty()) {
            details.file = folder.string();
            details.expected = "a folder that may be entered";
        }
        details.action = "Check the rights to it.";
    } else if (found == kNoFile) {
        details.summary = "There is no " + path.filename().string() + ".";
        details.action = "Check the path.";
    }
    throw Error(std::move(details));
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path,
                                                   std::string_view expected) {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number < 0)
        cannot_open(path, errno == ENOENT ? kNoFile : std::strerror(errno), expected,
                    Fault::missing);
    struct stat status {};
    if (fstat(file.number, &status) != 0)
        cannot_open(path, std::strerror(errno), expected, Fault::missing);
    if (!S_ISREG(status.st_mode))
        cannot_open(path,
                    S_ISDIR(status.st_mode) ? "a folder, which is not a regular file"
                                            : "something that is not a regular file",
                    expected, Fault::not_a_model);
    std::shared_ptr<MappedFile> mapped(new MappedFile);
    mapped->identity_ = source_file(path, status);
    if (status.st_size == 0) return mapped;
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (data == MAP_FAILED)
        cannot_open(path, std::string("a file that cannot be mapped: ") + std::strerror(errno),
                    expected, Fault::missing);
    mapped->bytes_ = {static_cast<const std::byte*>(data), size};
    remember(mapped->bytes_, path.string());
    return mapped;
}

MappedFile::~MappedFile() {
    if (bytes_.empty()) return;
    forget(bytes_);
    munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

const char* quoted_path_of_mapping(const void* address) noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    for (const Mapping& mapping : mappings) {
        const std::uintptr_t begin = mapping.begin;
        if (begin != 0 && begin <= at && at < mapping.end) return mapping.quoted;
    }
    return nullptr;
}

}  // namespace hone
