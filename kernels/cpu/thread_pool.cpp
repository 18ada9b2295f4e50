// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace hone::kernels {
namespace {

// Some tens of microseconds: longer than the gap between two kernels of a layer, shorter than anybody else would notice.
constexpr int kSpins = 4000;
constexpr int kChunksPerThread = 4;  // so that a thread that was interrupted does not hold up the others

void relax() {
    __builtin_ia32_pause();
}

}  // namespace

struct ThreadPool::Impl {
    explicit Impl(int threads) : size(std::max(1, threads)) {
        for (int i = 1; i < size; ++i) workers.emplace_back([this, i] { serve(i); });
    }
    ~Impl() {
        stop.store(true);
        generation.fetch_add(1);
        generation.notify_all();
        for (std::thread& worker : workers) worker.join();
    }

    void serve(int thread) {
        std::uint32_t seen = 0;
        while (true) {
            for (int i = 0; i < kSpins && generation.load(std::memory_order_acquire) == seen; ++i) relax();
            generation.wait(seen);
            seen = generation.load(std::memory_order_acquire);
            if (stop.load()) return;
            work(thread);
            running.fetch_sub(1, std::memory_order_release);
        }
    }

    void work(int thread) {
        while (true) {
            const std::int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
            if (begin >= count) return;
            (*body)(begin, std::min(begin + chunk, count), thread);
        }
    }

    using Body = std::function<void(std::int64_t, std::int64_t, int)>;
    void run(std::int64_t the_count, std::int64_t grain, const Body& the_body) {
        body = &the_body;
        count = the_count;
        const std::int64_t share = (the_count + size * kChunksPerThread - 1) / (size * kChunksPerThread);
        chunk = std::max<std::int64_t>(1, (share + grain - 1) / grain) * grain;
        next.store(0, std::memory_order_relaxed);
        running.store(size - 1, std::memory_order_relaxed);
        generation.fetch_add(1, std::memory_order_release);
        generation.notify_all();
        work(0);
        for (int i = 0; running.load(std::memory_order_acquire) != 0; ++i) {
            relax();
            if (i > kSpins) std::this_thread::yield();
        }
    }

    const int size;
    std::vector<std::thread> workers;
    std::atomic<bool> stop = false;
    alignas(64) std::atomic<std::uint32_t> generation = 0;
    alignas(64) std::atomic<std::int64_t> next = 0;
    alignas(64) std::atomic<int> running = 0;
    const Body* body = nullptr;
    std::int64_t count = 0, chunk = 1;
};

ThreadPool::ThreadPool(int threads) : impl_(std::make_unique<Impl>(threads)) {}
ThreadPool::~ThreadPool() = default;
int ThreadPool::size() const {
    return impl_->size;
}

void ThreadPool::parallel_for(std::int64_t count, std::int64_t grain,
                              const std::function<void(std::int64_t, std::int64_t, int)>& body) {
    if (count <= 0) return;
    grain = std::max<std::int64_t>(1, grain);
    if (impl_->size == 1 || count <= grain)
        body(0, count, 0);
    else
        impl_->run(count, grain, body);
}

}  // namespace hone::kernels
