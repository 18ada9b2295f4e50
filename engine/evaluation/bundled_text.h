// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace hone {

// The text that ships with Hone (resources/texts/sample.txt), part of the program so that it needs
// no data folder. Accuracy is measured from its start on; what calibrates a technique comes from
// its last third.
std::string_view bundled_text();

// The byte at which that third begins.
std::size_t calibration_begin();

}  // namespace hone
