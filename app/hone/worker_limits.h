// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hone::cli {

// A worker reads files that strangers wrote. Should one of them take it over, it gains no rights by
// starting another program, and reaches no network: sockets of other families than AF_UNIX and
// AF_NETLINK are refused with EACCES; io_uring, which could make one unseen, and calls by another
// architecture's numbers, which the filter would not know, with ENOSYS. Workers of CUDA devices
// have the same filter: CUDA's libraries need no more. Where the system knows no filters (or is
// another architecture) nothing changes.
void forbid_what_no_worker_needs();

}  // namespace hone::cli
