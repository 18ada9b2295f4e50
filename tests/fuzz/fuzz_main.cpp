// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry for one target: HONE_FUZZ_TARGET. See scripts/fuzz.sh.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    hone::fuzz::HONE_FUZZ_TARGET.run({reinterpret_cast<const char*>(data), size});
    return 0;
}
