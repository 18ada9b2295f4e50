// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hone::cuda {

// A kernel as people read it, from its mangled name: "product<bf16, 1>" for Hone's own, without
// return type, namespaces and parameters for others. What cannot be demangled stays as it is.
std::string readable_kernel_name(std::string_view mangled);

}  // namespace hone::cuda
