// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hone {

// The text in Unicode's normalization form C (UAX 15), as Hugging Face's tokenizers brings it there
// (`NFC`). Bytes that are no UTF-8 stay as they are, and what stands before and after one is
// composed apart.
std::string composed(std::string_view text);

}  // namespace hone
