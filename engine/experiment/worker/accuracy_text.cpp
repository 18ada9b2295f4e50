// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/accuracy_text.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/core/error.h"
#include "engine/evaluation/bundled_text.h"
#include "engine/experiment/worker/hashing.h"

namespace hone {

AccuracyText load_accuracy_text(const std::string& which) {
    AccuracyText result;
    if (which == "bundled") {
        result.name = which;
        result.text = bundled_text();
    } else {
        const std::filesystem::path path(which);
        std::error_code ignored;
        std::ifstream stream(path, std::ios::binary);
        if (!std::filesystem::is_regular_file(path, ignored) || !stream)
            throw Error(ErrorDetails{"", which, "text", "no readable file",
                                     "bundled, none, or the path of a text file"});
        result.name = path.filename().string();
        result.text.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
        if (result.text.empty())
            throw Error(ErrorDetails{"", which, "text", "an empty file", "a text to score"});
    }
    Hash128 hash;
    hash.add(result.text.data(), result.text.size());
    result.hash = hash.hex();
    return result;
}

}  // namespace hone
