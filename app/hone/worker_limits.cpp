// SPDX-License-Identifier: Apache-2.0
#include "app/hone/worker_limits.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace hone::cli {
namespace {

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned kArchitecture = 0;
#endif

constexpr unsigned kFirstForeignCall =
    0x40000000;  // x86's x32 calls: the same ones by other numbers

constexpr sock_filter load(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}
// Skips so many instructions where the loaded word is `value`, and so many where it is not.
constexpr sock_filter skip_where(unsigned value, unsigned char skipped,
                                 unsigned char otherwise = 0) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skipped, otherwise);
}
constexpr sock_filter skip_from(unsigned value, unsigned char skipped) {
    return BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, skipped, 0);
}
constexpr sock_filter answer(unsigned value) {
    return BPF_STMT(BPF_RET | BPF_K, value);
}

}  // namespace

void forbid_what_no_worker_needs() {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || kArchitecture == 0) return;
    std::array filter{
        load(offsetof(seccomp_data, arch)),
        skip_where(kArchitecture, 0,
                   8),  // 32-bit calls of a 64-bit program: nothing of ours makes them
        load(offsetof(seccomp_data, nr)),
        skip_from(kFirstForeignCall, 6),
        skip_where(SYS_io_uring_setup, 5),
        skip_where(SYS_socket, 0, 5),
        load(offsetof(seccomp_data, args)),  // its low word, the family
        skip_where(AF_UNIX, 3),
        skip_where(AF_NETLINK, 2),
        answer(SECCOMP_RET_ERRNO | EACCES),
        answer(SECCOMP_RET_ERRNO | ENOSYS),
        answer(SECCOMP_RET_ALLOW)};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

}  // namespace hone::cli
