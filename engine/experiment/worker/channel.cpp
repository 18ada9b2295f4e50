// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/channel.h"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace hone {

std::optional<std::string> Channel::read_line() {
    constexpr std::size_t kLimit = std::size_t{64} << 20;
    std::size_t searched = 0;
    while (true) {
        const std::size_t end = pending_.find('\n', searched);
        if (end != std::string::npos) {
            std::string line = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            return line;
        }
        searched = pending_.size();
        if (searched > kLimit) return std::nullopt;
        std::array<char, 65536> buffer;
        const ssize_t count = read(input_, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        pending_.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

bool Channel::write(std::string_view line) {
    const std::lock_guard lock(writing_);
    std::size_t written = 0;
    while (written < line.size()) {
        const ssize_t count = ::write(output_, line.data() + written, line.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        written += static_cast<std::size_t>(count);
    }
    return true;
}

}  // namespace hone
