// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/cpu/pulse.h"

namespace hone::kernels {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than the gap between two kernels of a layer, shorter than anybody else would notice.
constexpr auto kSpin = std::chrono::microseconds(50);
constexpr int kPausesBetweenLooks = 32;  // reading the clock costs about as much as one pause
constexpr int kChunksPerThread =
    4;  // so that a thread that was interrupted does not hold up the others

void relax() {
    __builtin_ia32_pause();
}

// Spins until `done` or for kSpin.
template <typename Done>
bool spin_until(const Done& done) {
    const Clock::time_point limit = Clock::now() + kSpin;
    while (true) {
        for (int i = 0; i < kPausesBetweenLooks; ++i) {
            if (done()) return true;
            relax();
        }
        if (Clock::now() >= limit) return done();
    }
}

}  // namespace

// A job is open to whoever comes: a thread that is asleep, or that the system has taken off its
// core, is not waited for. `state` says in one word whether a job is open and how many workers are
// inside it, so that none can enter once it is closed; the caller closes it when no chunk is left,
// waits for those inside and may then change the job's fields.
struct ThreadPool::Impl {
    explicit Impl(int threads) : size(std::max(1, threads)) {
        workers.reserve(static_cast<std::size_t>(size - 1));
        for (int i = 1; i < size; ++i) workers.emplace_back([this, i] { serve(i); });
    }
    ~Impl() {
        stop.store(true, std::memory_order_relaxed);
        announce();
        for (std::thread& worker : workers) worker.join();
    }

    static constexpr std::uint32_t kOpen = 1U << 31U;

    void announce() {
        generation.fetch_add(1, std::memory_order_seq_cst);
        generation.notify_all();
    }

    bool enter() {
        std::uint32_t seen = state.load(std::memory_order_relaxed);
        while ((seen & kOpen) != 0) {
            if (state.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire)) return true;
        }
        return false;
    }

    void serve(int thread) {
        std::uint32_t seen = 0;
        while (true) {
            const auto changed = [&] { return generation.load(std::memory_order_acquire) != seen; };
            if (!spin_until(changed)) generation.wait(seen, std::memory_order_acquire);
            seen = generation.load(std::memory_order_acquire);
            if (stop.load(std::memory_order_relaxed)) return;
            if (!enter()) continue;
            work(thread);
            if (state.fetch_sub(1, std::memory_order_release) == 1) state.notify_all();
        }
    }

    void work(int thread) {
        while (true) {
            const std::int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
            if (begin >= count) return;
            pulse();
            try {
                (*body)(begin, std::min(begin + chunk, count), thread);
            } catch (...) {
                keep(std::current_exception());
                return;
            }
        }
    }

    void keep(std::exception_ptr thrown) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::move(thrown);
        next.store(count, std::memory_order_relaxed);
    }

    void close() {
        std::uint32_t seen = state.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
        const auto empty = [&] { return (seen = state.load(std::memory_order_acquire)) == 0; };
        if (seen == 0 || spin_until(empty)) return;
        while (!empty()) state.wait(seen, std::memory_order_acquire);
    }

    using Body = std::function<void(std::int64_t, std::int64_t, int)>;
    void run(std::int64_t the_count, std::int64_t grain, const Body& the_body) {
        body = &the_body;
        count = the_count;
        const std::int64_t share =
            (the_count + size * kChunksPerThread - 1) / (size * kChunksPerThread);
        chunk = std::max<std::int64_t>(1, (share + grain - 1) / grain) * grain;
        next.store(0, std::memory_order_relaxed);
        state.store(kOpen, std::memory_order_release);
        announce();
        work(0);
        close();
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    }

    const int size;
    std::vector<std::thread> workers;
    std::atomic<bool> stop = false;
    alignas(64) std::atomic<std::uint32_t> generation = 0;
    alignas(64) std::atomic<std::uint32_t> state = 0;
    alignas(64) std::atomic<std::int64_t> next = 0;
    alignas(64) const Body* body = nullptr;
    std::int64_t count = 0, chunk = 1;
    std::mutex failure_mutex;
    std::exception_ptr failure;
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
    if (impl_->size > 1 && count > grain) return impl_->run(count, grain, body);
    pulse();
    body(0, count, 0);
}

}  // namespace hone::kernels
