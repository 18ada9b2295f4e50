// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/target.h"

namespace hone::fuzz {

std::vector<const Target*> targets() {
    return {&config, &gguf, &protocol, &recipe, &safetensors, &store, &tokenizer};
}

}  // namespace hone::fuzz
