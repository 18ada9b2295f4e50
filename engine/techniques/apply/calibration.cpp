// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/calibration.h"

#include <algorithm>

#include "engine/evaluation/bundled_text.h"

namespace hone {

std::vector<std::vector<TokenId>> calibration_text(const Model& model, std::int64_t tokens) {
    constexpr std::int64_t kSequence = 512;
    const std::vector<TokenId> ids =
        model.tokenizer.encode(bundled_text().substr(calibration_begin()));
    const std::int64_t length = std::min({kSequence, model.config.context_length, tokens});
    std::vector<std::vector<TokenId>> sequences;
    std::size_t at = 0;
    for (std::int64_t taken = 0; taken < tokens; taken += length) {
        std::vector<TokenId>& sequence = sequences.emplace_back();
        for (std::int64_t i = 0; i < length; ++i) sequence.push_back(ids[at++ % ids.size()]);
    }
    return sequences;
}

}  // namespace hone
