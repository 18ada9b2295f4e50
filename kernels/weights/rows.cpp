// SPDX-License-Identifier: Apache-2.0
#include "kernels/weights/rows.h"

#include "kernels/weights/formats.h"

namespace hone::kernels {

RowLoss quantize_row(WeightType type, const float* source, std::byte* target, std::int64_t cols) {
    RowLoss loss;
    visit_format(type, [&]<typename Format>() {
        if constexpr (requires { Format::quantise(source, target, cols, loss); })
            Format::quantise(source, target, cols, loss);
    });
    return loss;
}

void set_zeros(WeightType type, std::byte* row, const std::uint8_t* mask, std::int64_t cols) {
    visit_format(type, [&]<typename Format>() {
        if constexpr (requires { Format::set_zero(row, 0, cols); }) {
            for (std::int64_t i = 0; i < cols; ++i) {
                if (mask[i] != 0) Format::set_zero(row, i, cols);
            }
        }
    });
}

void carry_row(WeightType type, const std::byte* source, std::byte* target, std::int64_t cols) {
    visit_format(type, [&]<typename Format>() {
        if constexpr (requires { Format::carry(source, target, cols); })
            Format::carry(source, target, cols);
    });
}

}  // namespace hone::kernels
