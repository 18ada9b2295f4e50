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

constexpr sock_filter load(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}
// Goes on with the next instruction where the loaded word is `value`, else skips `otherwise` of them.
constexpr sock_filter equals(unsigned value, unsigned char otherwise) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, otherwise);
}
// Skips so many instructions where it is.
constexpr sock_filter unless(unsigned value, unsigned char skipped) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skipped, 0);
}
constexpr sock_filter answer(unsigned value) {
    return BPF_STMT(BPF_RET | BPF_K, value);
}

}  // namespace

void forbid_what_no_worker_needs() {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || kArchitecture == 0) return;
    std::array filter{load(offsetof(seccomp_data, arch)),
                      equals(kArchitecture, 8),
                      load(offsetof(seccomp_data, nr)),
                      equals(SYS_io_uring_setup, 1),
                      answer(SECCOMP_RET_ERRNO | ENOSYS),
                      equals(SYS_socket, 4),
                      load(offsetof(seccomp_data, args)),  // its low word, the family
                      unless(AF_UNIX, 2),
                      unless(AF_NETLINK, 1),
                      answer(SECCOMP_RET_ERRNO | EACCES),
                      answer(SECCOMP_RET_ALLOW)};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

}  // namespace hone::cli
