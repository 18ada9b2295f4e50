// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/core/checked.h"
#include "engine/core/error.h"
#include "engine/evaluation/perplexity.h"

namespace hone {
namespace {

// File: this header, then records of n_vocab floats. Both processes run on one machine: native byte
// order.
struct Header {
    std::array<char, 8> magic;
    std::int64_t n_vocab;
    std::array<char, 48> reserved;  // records start on a cache line
};
static_assert(sizeof(Header) == 64);
constexpr std::array<char, 8> kMagic{'h', 'o', 'n', 'e', 'l', 'p', '0', '1'};

// How many records stay resident behind the one that was asked for: the file may be larger than
// what a process should hold.
constexpr std::int64_t kKeptBehind = 64;

[[noreturn]] void fail(const std::string& path, const char* what) {
    const int code = errno;
    const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
    throw Error(
        {.message = {},
         .file = path,
         .field = "log-probabilities",
         .found = fmt::format("{}: {}", what, std::strerror(code)),
         .expected = {},
         .fault = Fault::not_written,
         .summary = full ? "There is no room for the log-probabilities that are compared." : "",
         .action =
             full ? "Free some space, set TMPDIR to a folder with room, or measure fewer windows."
                  : ""});
}

}  // namespace

struct LogProbSpool::Impl {
    ~Impl() {
        unmap();
        if (descriptor >= 0) ::close(descriptor);
    }

    void unmap() {
        if (mapping != nullptr) ::munmap(mapping, mapped);
        mapping = nullptr;
        mapped = released = 0;
    }

    std::int64_t record_bytes() const { return n_vocab * static_cast<std::int64_t>(sizeof(float)); }

    // Complete records in the file now: its writer may be adding to it.
    std::int64_t count() const {
        struct stat status {};
        if (::fstat(descriptor, &status) != 0) fail(path, "cannot read its size");
        return (status.st_size - static_cast<off_t>(sizeof(Header))) / record_bytes();
    }

    void write_all(const void* data, std::size_t bytes) const {
        const auto* next = static_cast<const char*>(data);
        while (bytes > 0) {
            const ssize_t written = ::write(descriptor, next, bytes);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(path, "cannot write");
            next += written;
            bytes -= static_cast<std::size_t>(written);
        }
    }

    void map(std::int64_t records) {
        unmap();
        const std::size_t bytes =
            sizeof(Header) + static_cast<std::size_t>(records * record_bytes());
        void* const address = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
        if (address == MAP_FAILED) fail(path, "cannot map");
        mapping = static_cast<std::byte*>(address);
        mapped = bytes;
    }

    // Gives back the pages of records before `first`.
    void release_before(std::int64_t first) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        if (first <= 0) return;
        const std::size_t end =
            (sizeof(Header) + static_cast<std::size_t>(first * record_bytes())) / page * page;
        if (end <= released) return;
        ::madvise(mapping + released, end - released, MADV_DONTNEED);
        released = end;
    }

    std::string path;
    int descriptor = -1;
    std::int64_t n_vocab = 0;
    std::byte* mapping = nullptr;
    std::size_t mapped = 0;
    std::size_t released = 0;  // bytes from the start whose pages were given back
};

LogProbSpool::LogProbSpool() : impl_(std::make_unique<Impl>()) {}
LogProbSpool::~LogProbSpool() = default;
LogProbSpool::LogProbSpool(LogProbSpool&&) noexcept = default;
LogProbSpool& LogProbSpool::operator=(LogProbSpool&&) noexcept = default;

LogProbSpool LogProbSpool::create(const std::string& path, std::int64_t n_vocab) {
    LogProbSpool spool;
    Impl& it = *spool.impl_;
    it.path = path;
    it.n_vocab = n_vocab;
    it.descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (it.descriptor < 0) fail(path, "cannot create");
    const Header header{kMagic, n_vocab, {}};
    it.write_all(&header, sizeof header);
    return spool;
}

LogProbSpool LogProbSpool::open(const std::string& path) {
    LogProbSpool spool;
    Impl& it = *spool.impl_;
    it.path = path;
    it.descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (it.descriptor < 0) fail(path, "cannot open");
    Header header{};
    if (::read(it.descriptor, &header, sizeof header) != static_cast<ssize_t>(sizeof header) ||
        header.magic != kMagic || header.n_vocab < 1 ||
        !checked_mul<std::int64_t>(header.n_vocab, sizeof(float)))
        throw Error({.message = {},
                     .file = path,
                     .field = "header",
                     .found = "something else",
                     .expected = "log-probabilities written by this program"});
    it.n_vocab = header.n_vocab;
    return spool;
}

void LogProbSpool::append(std::span<const float> log_probs) {
    if (static_cast<std::int64_t>(log_probs.size()) != impl_->n_vocab)
        throw Error({.message = {},
                     .file = impl_->path,
                     .field = "record",
                     .found = fmt::format("{} values", log_probs.size()),
                     .expected = fmt::format("{}", impl_->n_vocab)});
    impl_->write_all(log_probs.data(), log_probs.size_bytes());
}

std::span<const float> LogProbSpool::record(std::int64_t index) const {
    Impl& it = *impl_;
    const auto end = [&](std::int64_t i) {
        return sizeof(Header) + static_cast<std::size_t>((i + 1) * it.record_bytes());
    };
    const std::int64_t there = it.count();
    if (index < 0 || index >= there)
        throw Error(
            {.message = {},
             .file = it.path,
             .field = fmt::format("record {}", index),
             .found = fmt::format("{} records", there),
             .expected = "that record: the baseline must have scored the same window before"});
    if (it.mapping == nullptr || end(index) > it.mapped) it.map(there);
    it.release_before(index - kKeptBehind);
    return {reinterpret_cast<const float*>(it.mapping + end(index) - it.record_bytes()),
            static_cast<std::size_t>(it.n_vocab)};
}

std::int64_t LogProbSpool::records() const {
    return impl_->count();
}

std::int64_t LogProbSpool::n_vocab() const {
    return impl_->n_vocab;
}

}  // namespace hone
