// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/emulation/emulator.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include <algorithm>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <cstring>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "kernels/cuda/emulation/block_state.h"

namespace hone::cuda::emulation {

constinit thread_local Block* the_block = nullptr;
constinit thread_local Thread* the_thread = nullptr;

Block& block() {
    if (the_block == nullptr) throw EmulationError("not in a kernel");
    return *the_block;
}

namespace {

constexpr std::size_t kStack = std::size_t{64} * 1024;

// AddressSanitizer must know which stack is in use.
#if defined(__SANITIZE_ADDRESS__)
void leave_stack(void** kept, const void* bottom, std::size_t size) {
    __sanitizer_start_switch_fiber(kept, bottom, size);
}
void enter_stack(void* kept, const void** from, std::size_t* size) {
    __sanitizer_finish_switch_fiber(kept, from, size);
}
#else
void leave_stack(void**, const void*, std::size_t) {}
void enter_stack(void*, const void**, std::size_t*) {}
#endif

// Where the scheduler runs.
thread_local const void* scheduler_stack = nullptr;
thread_local std::size_t scheduler_stack_size = 0;

// A block that has failed: every thread that still waits goes home.
struct Abandoned {};

void yield() {
    Thread* const me = the_thread;
    void* kept = nullptr;
    leave_stack(&kept, scheduler_stack, scheduler_stack_size);
    me->scheduler = std::move(me->scheduler).resume();
    enter_stack(kept, nullptr, nullptr);
    if (block().abandoned) throw Abandoned();
}

// Lets a thread run until it waits or ends.
void resume(Thread& thread) {
    void* kept = nullptr;
    the_thread = &thread;
    leave_stack(&kept, static_cast<const std::byte*>(thread.stack.sp) - thread.stack.size,
                thread.stack.size);
    thread.fiber = std::move(thread.fiber).resume();
    enter_stack(kept, nullptr, nullptr);
    the_thread = nullptr;
}

// The lanes of a warp that have all come go on; an error where they came for different things.
void release_warp(std::uint32_t warp, Combine combine) {
    const auto lanes =
        std::span(block().threads).subspan(static_cast<std::size_t>(warp) * kWarp, kWarp);
    void* data[kWarp];
    for (std::size_t i = 0; i < kWarp; ++i) {
        if (std::strcmp(lanes[i].operation, lanes[0].operation) != 0)
            fail(std::string("lanes of a warp are in different operations: ") + lanes[0].operation +
                 " and " + lanes[i].operation);
        data[i] = lanes[i].data;
    }
    if (combine != nullptr)
        combine(data);
    else
        ++block().warp_times[warp];
    for (Thread& lane : lanes) lane.state = Thread::State::ready;
}

std::string standstill() {
    std::size_t at_barrier = 0, in_warp = 0, done = 0;
    const char* operation = "";
    for (const Thread& thread : block().threads) {
        at_barrier += thread.state == Thread::State::at_barrier ? 1 : 0;
        done += thread.state == Thread::State::done ? 1 : 0;
        if (thread.state != Thread::State::in_warp) continue;
        ++in_warp;
        operation = thread.operation;
    }
    std::string what = "block (" + std::to_string(block().index.x) + ", " +
                       std::to_string(block().index.y) + ", " + std::to_string(block().index.z) +
                       "): ";
    if (at_barrier != 0) what += std::to_string(at_barrier) + " threads wait in sync_block";
    if (in_warp != 0)
        what +=
            std::string(at_barrier != 0 ? ", " : "") + std::to_string(in_warp) + " in " + operation;
    return what + ", which " + std::to_string(done) + " that have ended will never reach";
}

// Stacks of a pool, of which each thread knows its own.
struct ThreadStack {
    context::pooled_fixedsize_stack* pool;
    Thread* thread;
    context::stack_context allocate() { return thread->stack = pool->allocate(); }
    void deallocate(context::stack_context& stack) noexcept { pool->deallocate(stack); }
};

void start(Thread& thread, context::pooled_fixedsize_stack& stacks) {
    thread.fiber = context::fiber(
        std::allocator_arg, ThreadStack{&stacks, &thread}, [&thread](context::fiber&& scheduler) {
            enter_stack(nullptr, &scheduler_stack, &scheduler_stack_size);
            thread.scheduler = std::move(scheduler);
            try {
                if (!block().abandoned) (*block().body)();
                if (std::any_of(thread.copies.begin(), thread.copies.end(),
                                [](const auto& group) { return !group.empty(); }))
                    fail("ends with asynchronous copies that nobody waited for");
            } catch (const Abandoned&) {
            } catch (const EmulationError&) {
                if (!block().abandoned) block().error = std::current_exception();
            }
            thread.state = Thread::State::done;
            leave_stack(nullptr, scheduler_stack, scheduler_stack_size);
            return std::move(thread.scheduler);
        });
}

// Ends what is left of a block that failed, so that its stacks can go.
void abandon(Block& it) {
    it.abandoned = true;
    for (Thread& thread : it.threads) {
        if (thread.state != Thread::State::done) resume(thread);
    }
}

// All numbers below `count` once each, in an order of their own for every `order`; from 0 on for 0.
class Order {
public:
    Order(std::uint64_t count, std::uint32_t order) : count_(count) {
        constexpr std::uint64_t kPrimes[] = {2'147'483'647, 1'000'003, 7919, 1009};
        if (order == 0) return;
        const std::uint64_t prime = kPrimes[order % std::size(kPrimes)];
        if (prime % count != 0 && std::gcd(prime, count) == 1) step_ = prime % count;
        first_ = order * std::uint64_t{2'654'435'761} % count;
    }
    std::uint64_t operator[](std::uint64_t i) const { return (first_ + i * step_) % count_; }

private:
    std::uint64_t count_, first_ = 0, step_ = 1;
};

void run_block(Block& it, context::pooled_fixedsize_stack& stacks, std::uint32_t order) {
    for (Thread& thread : it.threads) start(thread, stacks);
    const Order turns(it.threads.size(), order);
    for (std::size_t done = 0; done < it.threads.size();) {
        bool moved = false;
        for (std::size_t i = 0; i < it.threads.size(); ++i) {
            Thread& thread = it.threads[turns[i]];
            if (thread.state != Thread::State::ready) continue;
            moved = true;
            resume(thread);
            if (it.error) {
                abandon(it);
                std::rethrow_exception(it.error);
            }
            done += thread.state == Thread::State::done ? 1 : 0;
        }
        if (moved) continue;
        const bool all = std::all_of(
            it.threads.begin(), it.threads.end(),
            [](const Thread& thread) { return thread.state == Thread::State::at_barrier; });
        if (!all) {
            const std::string what = standstill();
            abandon(it);
            throw EmulationError(what);
        }
        ++it.time;
        for (Thread& thread : it.threads) thread.state = Thread::State::ready;
    }
}

struct Running {
    explicit Running(Block& block) { the_block = &block; }
    ~Running() {
        the_block->threads.clear();
        the_block = nullptr;
        the_thread = nullptr;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
};

}  // namespace

void run(const Launch& launch, const std::function<void()>& body, std::uint32_t order) {
    if (launch.threads == 0 || launch.threads % kWarp != 0 || launch.threads > 1024)
        throw EmulationError("a block of " + std::to_string(launch.threads) +
                             " threads: whole warps, at most 1,024");
    if (launch.grid.volume() == 0 || launch.grid.y > 65535 || launch.grid.z > 65535 ||
        launch.grid.x > 0x7FFFFFFFU)
        throw EmulationError("a grid of " + std::to_string(launch.grid.x) + " x " +
                             std::to_string(launch.grid.y) + " x " + std::to_string(launch.grid.z) +
                             " blocks");
    context::pooled_fixedsize_stack stacks(kStack);
    const Order blocks(launch.grid.volume(), order);
    for (std::uint64_t i = 0; i < launch.grid.volume(); ++i) {
        const std::uint64_t number = blocks[i], row = number / launch.grid.x;
        Block it;
        const Running running(it);
        it.index = {static_cast<std::uint32_t>(number % launch.grid.x),
                    static_cast<std::uint32_t>(row % launch.grid.y),
                    static_cast<std::uint32_t>(row / launch.grid.y)};
        it.launch = &launch;
        it.body = &body;
        it.threads = std::vector<Thread>(launch.threads);
        for (std::uint32_t t = 0; t < launch.threads; ++t) it.threads[t].index = t;
        it.warp_times.assign(launch.threads / kWarp, 0);
        make_shared(it.dynamic, launch.shared_bytes);
        run_block(it, stacks, order);
    }
}

void fail(const std::string& what) {
    if (the_block == nullptr || the_thread == nullptr) throw EmulationError(what);
    const Dim3 at = the_block->index;
    throw EmulationError("block (" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " +
                         std::to_string(at.z) + "), thread " + std::to_string(the_thread->index) +
                         ": " + what);
}

Dim3 block_index() {
    return block().index;
}

Dim3 grid_size() {
    return block().launch->grid;
}

std::uint32_t thread_index() {
    return the_thread->index;
}

std::uint32_t block_threads() {
    return block().launch->threads;
}

void sync_block() {
    the_thread->state = Thread::State::at_barrier;
    yield();
}

void warp_together(const char* name, void* data, Combine combine) {
    Thread& me = *the_thread;
    me.operation = name;
    me.data = data;
    me.state = Thread::State::in_warp;
    const std::uint32_t warp = me.index / kWarp;
    const auto lanes =
        std::span(block().threads).subspan(static_cast<std::size_t>(warp) * kWarp, kWarp);
    const bool all = std::all_of(lanes.begin(), lanes.end(), [](const Thread& lane) {
        return lane.state == Thread::State::in_warp;
    });
    if (all) return release_warp(warp, combine);
    yield();
}

}  // namespace hone::cuda::emulation
