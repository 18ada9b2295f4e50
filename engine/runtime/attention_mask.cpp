// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/attention_mask.h"

#include <algorithm>

namespace hone {

kernels::MaskRow mask_row(const AttentionMask& mask, std::int64_t position) {
    const kernels::MaskRow dense{0, 0, position + 1};
    if (mask.kind != AttentionMask::Kind::window || mask.window > position) return dense;
    const std::int64_t begin = position + 1 - std::max<std::int64_t>(mask.window, 1);
    if (mask.sinks >= begin) return dense;
    return {mask.sinks, begin, position + 1};
}

std::int64_t attended_positions(const AttentionMask& mask, std::int64_t position,
                                std::int64_t layer) {
    if (mask.kind != AttentionMask::Kind::pages || layer < mask.dense_layers)
        return attended(mask_row(mask, position));
    const std::int64_t own = position >> mask.page_shift;  // complete pages before it
    if (own + 1 <= mask.keep) return position + 1;
    return ((mask.keep - 1) << mask.page_shift) + position - (own << mask.page_shift) + 1;
}

}  // namespace hone
