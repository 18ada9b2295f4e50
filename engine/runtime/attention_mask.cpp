// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/attention_mask.h"

#include <algorithm>

namespace hone {

kernels::MaskRow mask_row(const AttentionMask& mask, std::int64_t position) {
    const kernels::MaskRow dense{0, 0, position + 1};
    if (mask.kind == AttentionMask::Kind::dense || mask.window > position) return dense;
    const std::int64_t begin = position + 1 - std::max<std::int64_t>(mask.window, 1);
    if (mask.sinks >= begin) return dense;
    return {mask.sinks, begin, position + 1};
}

}  // namespace hone
