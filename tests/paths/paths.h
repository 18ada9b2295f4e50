// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace hone::test {

// Where this build's sources and programs lie. They are linked, not defined for each source, so
// that several checkouts share what a compiler cache holds.
std::string source_dir();
std::string fixtures();  // tests/fixtures
std::string program();   // the built `hone`

}  // namespace hone::test
