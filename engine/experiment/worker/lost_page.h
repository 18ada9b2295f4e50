// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hone {

// A mapped file that somebody cuts short takes pages away that a worker may read a moment later:
// SIGBUS. From now on the worker then answers the request under way on `output` with an error that
// names the file, and ends with status 1. A SIGBUS anywhere else stays what it is.
void report_lost_pages(int output);

// Whose request a lost page ends.
void lost_pages_end_request(std::int64_t id);

}  // namespace hone
