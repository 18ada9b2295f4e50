// SPDX-License-Identifier: Apache-2.0
// What a worker may no longer ask of the system, each in a process of its own, which cannot undo
// it.
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "app/hone/worker_limits.h"

namespace hone::cli {
namespace {

constexpr int kSucceeded = 0, kKilled = 255;

// 0, or the error number with which `call` fails where the limits hold; kKilled where the process
// ended by a signal.
template <typename Call>
int with_limits(const Call& call, bool limits = true) {
    const pid_t child = fork();
    if (child == 0) {
        if (limits) forbid_what_no_worker_needs();
        errno = 0;
        _exit(call() >= 0 ? kSucceeded : errno);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : kKilled;
}

int open_socket(int family, int type) {
    return socket(family, type | SOCK_CLOEXEC, 0);
}

std::string own_status(const std::string& key) {
    std::ifstream stream("/proc/self/status");
    for (std::string line; std::getline(stream, line);) {
        if (line.rfind(key + ":", 0) == 0) return line.substr(line.find_last_of(" \t") + 1);
    }
    return "";
}

// Elsewhere the limits are documented to change nothing: there is nothing to hold.
class WorkerLimits : public ::testing::Test {
protected:
    void SetUp() override {
        if (with_limits([] { return own_status("Seccomp") == "2" ? 0 : -1; }) != kSucceeded)
            GTEST_SKIP() << "this system takes no seccomp filters";
    }
};

TEST_F(WorkerLimits, ReachNoNetwork) {
    struct Family {
        int family, type;
        const char* name;
    };
    for (const Family& family :
         {Family{AF_INET, SOCK_STREAM, "AF_INET"},
          Family{AF_INET, SOCK_DGRAM, "AF_INET, datagrams"},
          Family{AF_INET6, SOCK_STREAM, "AF_INET6"}, Family{AF_PACKET, SOCK_RAW, "AF_PACKET"},
          Family{AF_VSOCK, SOCK_STREAM, "AF_VSOCK"},
          Family{AF_BLUETOOTH, SOCK_RAW, "AF_BLUETOOTH"}})
        EXPECT_EQ(with_limits([&] { return open_socket(family.family, family.type); }), EACCES)
            << family.name;
    EXPECT_EQ(with_limits([] { return open_socket(AF_INET, SOCK_STREAM); }, false), kSucceeded)
        << "refused without limits, too: the cases above say nothing";
}

TEST_F(WorkerLimits, ReachNoNetworkByAnotherNumber) {
    std::array<char, 256> parameters{};
    EXPECT_EQ(with_limits([&] {
                  return static_cast<int>(syscall(SYS_io_uring_setup, 1, parameters.data()));
              }),
              ENOSYS);
#if defined(__x86_64__)
    constexpr long kX32 = 0x40000000;
    EXPECT_EQ(with_limits([] {
                  return static_cast<int>(syscall(kX32 | SYS_socket, AF_INET, SOCK_STREAM, 0));
              }),
              ENOSYS);
    // 32-bit calls: "getpid" shows that it is the filter which refuses. Kernels without them end
    // the process.
    const auto call_of_32_bits = [](int number) {
        int result = 0;
        asm volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(AF_INET), "c"(SOCK_STREAM), "d"(0)
                     : "memory");
        if (result >= 0) return result;
        errno = -result;
        return -1;
    };
    constexpr int kSocket = 359, kGetpid = 20;
    for (const int number : {kSocket, kGetpid}) {
        const int ended = with_limits([&] { return call_of_32_bits(number); });
        EXPECT_TRUE(ended == ENOSYS || ended == kKilled) << number << ": " << ended;
    }
#endif
}

TEST_F(WorkerLimits, GainNoRightsByAnotherProgram) {
    EXPECT_EQ(with_limits([] { return own_status("NoNewPrivs") == "1" ? 0 : -1; }), kSucceeded);
}

TEST_F(WorkerLimits, LeaveWhatAJobNeeds) {
    EXPECT_EQ(with_limits([] { return open_socket(AF_UNIX, SOCK_STREAM); }), kSucceeded);
    EXPECT_EQ(with_limits([] { return open_socket(AF_NETLINK, SOCK_RAW); }), kSucceeded);
    EXPECT_EQ(with_limits([] {
                  std::array<int, 2> ends{};
                  return socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data());
              }),
              kSucceeded);
    EXPECT_EQ(with_limits([] {
                  int answer = -1;
                  std::thread([&answer] {
                      answer = std::ifstream("/proc/self/exe").good() ? 0 : -1;
                  }).join();
                  return answer;
              }),
              kSucceeded);
}

}  // namespace
}  // namespace hone::cli
