// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hone::fuzz {

// One reader of untrusted bytes. `run` gives it an input; whatever the reader refuses with the
// exceptions that it promises is well, everything else is a finding: another exception, a crash, a
// hang, memory out of proportion, a sanitizer's word.
struct Target {
    std::string_view name;
    void (*run)(std::string_view input);
    std::vector<std::string> (*seeds)();  // valid inputs to start from
};

extern const Target gguf, safetensors, config, tokenizer, recipe, protocol, store;

// In the order of their names.
std::vector<const Target*> targets();

}  // namespace hone::fuzz
