// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every format's class, and the way from a WeightType to it.

#include "kernels/weights/all_formats.h"  // made by CMake: the headers of formats/
#include "kernels/weights/formats/row.h"
#include "kernels/weights/weight_format.h"

namespace hone::kernels {

// Calls visit.template operator()<Format>() with the class of `type` and returns what that returns.
template <typename Visitor>
auto visit_format(WeightType type, Visitor&& visit) {
    switch (type) {
#define HONE_WEIGHT_FORMAT(id, Format, ...) \
    case WeightType::id:                    \
        return visit.template operator()<Format>();
#include "kernels/weights/list.inc"
#undef HONE_WEIGHT_FORMAT
    }
    __builtin_unreachable();
}

// A row of list.inc says what its class can do, and nothing else.
template <WeightType type, typename Format>
constexpr bool row_agrees() {
    constexpr const WeightFormat& row = info(type);
    return row.exact_zeros == requires(std::byte * bytes) {
        Format::set_zero(bytes, 0, 0);
    }
    &&row.sparse == requires {
        Format::kSparse;
    }
    &&(row.gguf_carrier == type || row.sparse) != requires(const std::byte* from, std::byte* to) {
        Format::carry(from, to, 0);
    };
}
#define HONE_WEIGHT_FORMAT(id, Format, ...) static_assert(row_agrees<WeightType::id, Format>());
#include "kernels/weights/list.inc"
#undef HONE_WEIGHT_FORMAT

}  // namespace hone::kernels
