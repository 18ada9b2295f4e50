// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace hone::kernels {

// The one pool of a worker. The calling thread takes part as thread 0, so a pool of 1 starts no
// thread. Between jobs the threads sleep; while a job is under way they may spin for at most some
// tens of microseconds between two parallel_for. A thread that is still asleep is not waited for:
// the others do its share.
class ThreadPool {
public:
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int size() const;

    // Calls body(begin, end, thread) for disjoint ranges that cover [0, count), each a multiple of
    // `grain` long but the last; returns when all are done. thread in [0, size()). Not re-entrant.
    // The first exception that body throws (want of memory) is thrown to the caller once every
    // thread has left; ranges that had not begun are then left out.
    void parallel_for(
        std::int64_t count, std::int64_t grain,
        const std::function<void(std::int64_t begin, std::int64_t end, int thread)>& body);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hone::kernels
