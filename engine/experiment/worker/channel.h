// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace hone {

// JSON lines over two descriptors. Reading belongs to one thread; writing is safe from any.
class Channel {
public:
    Channel(int input, int output) : input_(input), output_(output) {}

    // The next line, without its end; empty at the end of input. A line of more than 64 MiB ends the input.
    std::optional<std::string> read_line();
    // False once nobody reads any more.
    bool write(const nlohmann::json& message);

private:
    int input_, output_;
    std::string pending_;
    std::mutex writing_;
};

}  // namespace hone
