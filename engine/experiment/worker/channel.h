// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace hone {

// Lines of text over two descriptors. Reading belongs to one thread; writing is safe from any.
class Channel {
public:
    Channel(int input, int output) : input_(input), output_(output) {}

    // The next line, without its end; empty at the end of input. A line of more than 64 MiB ends
    // the input.
    std::optional<std::string> read_line();
    // Writes a line, which has its end. False once nobody reads any more.
    bool write(std::string_view line);

private:
    int input_, output_;
    std::string pending_;
    std::mutex writing_;
};

}  // namespace hone
