// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/formats/checkpoint.h"

namespace hone {

// Writes into a GGUF file's metadata what llama.cpp (src/llama-vocab.cpp) answers where the keys of
// a byte-level BPE tokeniser are absent, or name tokens that are not there: the cut, whether texts
// begin with a BOS, the tokens that begin and end texts, what ends a generation, and the types of
// tokens that look like ends. One note each. docs/formats.md lists them. Never throws: what cannot
// be used stays as it is, and is refused by whoever uses it. Other kinds of tokenisers are left
// alone.
void answer_tokenizer_defaults(Checkpoint& checkpoint);

}  // namespace hone
