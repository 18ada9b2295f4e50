// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "kernels/cuda/device.h"

namespace hone::cuda {

// Whether the vendor's library takes products of one type: of 1, 2, 8 and 17 tokens and more, and
// with results that begin at a multiple of 256, 16 or 4 bytes. For each: what was refused, what
// kernels/cuda/plugin/dense_product.h says of it, and whether the results are right: where the two
// differ, the rules that the emulated device holds everybody to are not the library's.
nlohmann::json dense_probe(Device& device, std::string_view type);

}  // namespace hone::cuda
