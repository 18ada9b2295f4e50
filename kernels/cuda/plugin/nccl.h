// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "kernels/cuda/plugin/api.h"

namespace hone::cuda {

// Loads libnccl.so.2 (HONE_NCCL_LIBRARY's, the loader's, one in `beside` or in the packages beside
// that, a toolkit's) and fills in its version, or why it cannot be used. It stays loaded. Never
// throws.
void find_nccl(const std::string& beside, LibraryFacts& facts) noexcept;

}  // namespace hone::cuda
