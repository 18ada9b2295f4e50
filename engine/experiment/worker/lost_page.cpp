// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/lost_page.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "engine/formats/mapped_file.h"

namespace hone {
namespace {

std::atomic<int> output_descriptor = -1;
std::atomic<std::int64_t> request_id = 0;

// Text without memory, locks or the C library's buffers: this runs in a signal handler.
class Line {
public:
    void add(const char* text) { add(text, std::strlen(text)); }
    void add(const char* text, std::size_t length) {
        if (length > sizeof text_ - used_) length = sizeof text_ - used_;
        std::memcpy(text_ + used_, text, length);
        used_ += length;
    }
    void add(std::int64_t number) {
        char digits[20];
        std::size_t count = 0;
        const bool negative = number < 0;
        auto rest =
            negative ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
        do {
            digits[count++] = static_cast<char>('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        if (negative) add("-");
        while (count > 0) add(&digits[--count], 1);
    }
    void write_to(int descriptor) const {
        std::size_t written = 0;
        while (written < used_) {
            const ssize_t count = write(descriptor, text_ + written, used_ - written);
            if (count <= 0) return;
            written += static_cast<std::size_t>(count);
        }
    }

private:
    char text_[16384];
    std::size_t used_ = 0;
};

void on_bus_error(int signal, siginfo_t* details, void* /*context*/) {
    const char* const path = quoted_path_of_mapping(details->si_addr);
    if (path == nullptr) {
        // Comes again at the same instruction, and ends the process as it would have.
        std::signal(signal, SIG_DFL);
        return;
    }
    constexpr const char *kSummary = "The file was cut short while it was in use.",
                         *kAction = "Start again.",
                         *kFound = "its end before what it held when it was opened",
                         *kExpected = "the whole file";
    Line line;
    line.add("{\"id\":");
    line.add(request_id);
    line.add(",\"type\":\"error\",\"error\":{\"message\":\"");
    line.add(kSummary);
    line.add(" ");
    line.add(kAction);
    line.add(" ");
    line.add(path + 1, std::strlen(path) - 2);  // without its quotes
    line.add(": found ");
    line.add(kFound);
    line.add(", expected ");
    line.add(kExpected);
    line.add("\",\"summary\":\"");
    line.add(kSummary);
    line.add("\",\"action\":\"");
    line.add(kAction);
    line.add("\",\"file\":");
    line.add(path);
    line.add(",\"field\":\"file\",\"found\":\"");
    line.add(kFound);
    line.add("\",\"expected\":\"");
    line.add(kExpected);
    line.add("\"}}\n");
    line.write_to(output_descriptor);
    _exit(1);
}

}  // namespace

void report_lost_pages(int output) {
    output_descriptor = output;
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, nullptr);
}

void lost_pages_end_request(std::int64_t id) {
    request_id = id;
}

}  // namespace hone
