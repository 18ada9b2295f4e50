// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hone {

// How many rows a decoding pass of `rows` sequences has on a device, so that few graphs serve every
// number of them: 1, 2, 4, 8, 12, 16, 24, 32, 48, 64 and so on, less than half as many again
// beyond 8. Up to there a product of 3, 5, 6 or 7 rows would read its weights twice or more, since
// its kernels take 1, 2, 4 or 8 rows, and one of 4 or 8 reads them once.
constexpr std::int64_t decode_bucket(std::int64_t rows) {
    std::int64_t power = 1;
    while (power < rows) power *= 2;
    const std::int64_t between = power / 4 * 3;
    return power > 8 && rows <= between ? between : power;
}

}  // namespace hone
