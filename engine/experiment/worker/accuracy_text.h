// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hone {

// The text that ships with Hone (resources/texts/sample.txt), part of the program so that it needs no data folder.
std::string_view bundled_text();

struct AccuracyText {
    std::string name;  // "bundled", or the file's name
    std::string text;
    std::string hash;  // XXH3-128, hex
};

// "bundled", or a path. Throws Error naming the file where it cannot be read or is empty.
AccuracyText load_accuracy_text(const std::string& which);

}  // namespace hone
