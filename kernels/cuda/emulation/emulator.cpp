// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/emulation/emulator.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <cstring>
#include <exception>
#include <iterator>
#include <map>
#include <new>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace hone::gpu::emulation {
namespace {

namespace context = boost::context;

constexpr std::size_t kStack = std::size_t{64} * 1024;
constexpr std::size_t kAlignment = 256;  // what cudaMalloc gives

// Who touched a byte of shared memory last, and when: times count barriers.
struct Shadow {
    static constexpr std::uint16_t kNobody = 0xFFFF;
    std::uint16_t writer = kNobody, reader = kNobody;
    bool written = false;        // and its data is there
    bool several_warps = false;  // have read it since
    bool several_lanes = false;  // of the reader's warp have
    std::uint32_t written_block = 0, written_warp = 0, read_block = 0, read_warp = 0;
};

struct SharedMemory {
    std::vector<std::byte> bytes;
    std::byte* begin = nullptr;  // aligned
    std::size_t size = 0;
    std::vector<Shadow> shadow;
};

struct AsyncCopy {
    void* to;
    const void* from;
    std::size_t bytes;
};

struct Thread {
    std::uint32_t index = 0;
    enum class State : std::uint8_t { ready, at_barrier, in_warp, done } state = State::ready;
    context::fiber fiber, scheduler;
    context::stack_context stack;
    const char* operation = nullptr;  // that the warp comes together for
    void* data = nullptr;
    std::vector<std::vector<AsyncCopy>> copies = {{}};  // the last group is open
};

struct Block {
    Dim3 index;
    const Launch* launch = nullptr;
    const std::function<void()>* body = nullptr;
    std::vector<Thread> threads;
    std::vector<std::uint32_t> warp_times;
    std::uint32_t time = 0;  // barriers so far
    std::map<const void*, SharedMemory> statics;
    SharedMemory dynamic;
    std::exception_ptr error;
    bool abandoned = false;
};

thread_local Block* the_block = nullptr;
thread_local Thread* the_thread = nullptr;

// Where each allocation begins → its end.
std::map<std::uintptr_t, std::uintptr_t>& allocations() {
    static std::map<std::uintptr_t, std::uintptr_t> all;
    return all;
}

Block& block() {
    if (the_block == nullptr) throw EmulationError("not in a kernel");
    return *the_block;
}

std::uintptr_t address_of(const void* memory) {
    return reinterpret_cast<std::uintptr_t>(memory);
}

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
    leave_stack(&kept, static_cast<const std::byte*>(thread.stack.sp) - thread.stack.size, thread.stack.size);
    thread.fiber = std::move(thread.fiber).resume();
    enter_stack(kept, nullptr, nullptr);
    the_thread = nullptr;
}

void make_shared(SharedMemory& memory, std::size_t bytes) {
    memory.bytes.resize(bytes + kAlignment);
    memory.size = bytes;
    memory.begin =
        memory.bytes.data() + (kAlignment - address_of(memory.bytes.data()) % kAlignment) % kAlignment;
    memory.shadow.assign(bytes, {});
}

std::span<Shadow> shadow_of(const void* address, std::size_t bytes) {
    const auto within = [&](SharedMemory& memory) {
        const std::uintptr_t begin = address_of(memory.begin), at = address_of(address);
        return memory.size != 0 && at >= begin && at + bytes <= begin + memory.size;
    };
    const auto found = [&](SharedMemory& memory) {
        return std::span(memory.shadow).subspan(address_of(address) - address_of(memory.begin), bytes);
    };
    if (within(block().dynamic)) return found(block().dynamic);
    for (auto& [key, memory] : block().statics) {
        if (within(memory)) return found(memory);
    }
    fail("shared memory: outside of it");
}

bool same_warp(std::uint32_t a, std::uint32_t b) {
    return a / kWarp == b / kWarp;
}

// Whether what `other` did at the time (block, warp) comes before what the running thread does now.
bool before_now(std::uint16_t other, std::uint32_t block_time, std::uint32_t warp_time) {
    const std::uint32_t me = the_thread->index;
    if (other == me || block_time < block().time) return true;
    return same_warp(other, me) && warp_time < block().warp_times[me / kWarp];
}

void check_write(const Shadow& byte) {
    if (byte.writer != Shadow::kNobody && !before_now(byte.writer, byte.written_block, byte.written_warp))
        fail("writes shared memory that thread " + std::to_string(byte.writer) +
             " wrote, without a barrier between");
    if (byte.reader == Shadow::kNobody || byte.read_block < block().time) return;
    const bool ordered =
        !byte.several_warps && before_now(byte.reader, byte.read_block, byte.read_warp) &&
        (!byte.several_lanes || byte.read_warp < block().warp_times[the_thread->index / kWarp]);
    if (!ordered)
        fail("writes shared memory that thread " + std::to_string(byte.reader) +
             " reads, without a barrier between");
}

void mark_write(Shadow& byte, bool there) {
    byte = {};
    byte.writer = static_cast<std::uint16_t>(the_thread->index);
    byte.written = there;
    byte.written_block = block().time;
    byte.written_warp = block().warp_times[the_thread->index / kWarp];
}

void mark_read(Shadow& byte) {
    const auto me = static_cast<std::uint16_t>(the_thread->index);
    const std::uint32_t warp_time = block().warp_times[me / kWarp];
    const bool fresh = byte.reader == Shadow::kNobody || byte.read_block < block().time;
    if (fresh) {
        byte.several_lanes = byte.several_warps = false;
    } else {
        byte.several_warps = byte.several_warps || !same_warp(byte.reader, me);
        byte.several_lanes = byte.several_lanes || byte.reader != me;
    }
    byte.reader = me;
    byte.read_block = block().time;
    byte.read_warp = warp_time;
}

// The lanes of a warp that have all come go on; an error where they came for different things.
void release_warp(std::uint32_t warp, Combine combine) {
    const auto lanes = std::span(block().threads).subspan(static_cast<std::size_t>(warp) * kWarp, kWarp);
    void* data[kWarp];
    for (std::size_t i = 0; i < kWarp; ++i) {
        if (std::strcmp(lanes[i].operation, lanes[0].operation) != 0)
            fail(std::string("lanes of a warp are in different operations: ") + lanes[0].operation + " and " +
                 lanes[i].operation);
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
    std::string what = "block (" + std::to_string(block().index.x) + ", " + std::to_string(block().index.y) +
                       ", " + std::to_string(block().index.z) + "): ";
    if (at_barrier != 0) what += std::to_string(at_barrier) + " threads wait in sync_block";
    if (in_warp != 0)
        what += std::string(at_barrier != 0 ? ", " : "") + std::to_string(in_warp) + " in " + operation;
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
    thread.fiber = context::fiber(std::allocator_arg, ThreadStack{&stacks, &thread},
                                  [&thread](context::fiber&& scheduler) {
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
        const bool all = std::all_of(it.threads.begin(), it.threads.end(), [](const Thread& thread) {
            return thread.state == Thread::State::at_barrier;
        });
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

void* allocate(std::size_t bytes) {
    auto* const memory = static_cast<std::byte*>(
        ::operator new (std::max<std::size_t>(bytes, 1), std::align_val_t{kAlignment}));
    std::memset(memory, 0xFF, bytes);
    allocations()[address_of(memory)] = address_of(memory) + bytes;
    return memory;
}

void release(void* memory) {
    if (memory == nullptr) return;
    if (allocations().erase(address_of(memory)) == 0)
        throw EmulationError("release() of what allocate() did not give");
    ::operator delete (memory, std::align_val_t{kAlignment});
}

Mapping::Mapping(const void* memory, std::size_t bytes) : memory_(memory) {
    allocations()[address_of(memory)] = address_of(memory) + bytes;
}

Mapping::~Mapping() {
    allocations().erase(address_of(memory_));
}

void fail(const std::string& what) {
    if (the_block == nullptr || the_thread == nullptr) throw EmulationError(what);
    const Dim3 at = the_block->index;
    throw EmulationError("block (" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " +
                         std::to_string(at.z) + "), thread " + std::to_string(the_thread->index) + ": " +
                         what);
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
    const auto lanes = std::span(block().threads).subspan(static_cast<std::size_t>(warp) * kWarp, kWarp);
    const bool all = std::all_of(lanes.begin(), lanes.end(),
                                 [](const Thread& lane) { return lane.state == Thread::State::in_warp; });
    if (all) return release_warp(warp, combine);
    yield();
}

std::byte* static_shared(const void* key, std::size_t bytes) {
    const auto [it, made] = block().statics.try_emplace(key);
    if (made) make_shared(it->second, bytes);
    return it->second.begin;
}

std::byte* dynamic_shared(std::size_t offset, std::size_t bytes) {
    if (offset + bytes > block().dynamic.size)
        fail("dynamic shared memory: bytes " + std::to_string(offset) + " to " +
             std::to_string(offset + bytes) + " of " + std::to_string(block().dynamic.size));
    return block().dynamic.begin + offset;
}

void read_shared(const void* address, std::size_t bytes) {
    for (Shadow& byte : shadow_of(address, bytes)) {
        if (!byte.written)
            fail(byte.writer == Shadow::kNobody
                     ? "reads shared memory that nobody wrote"
                     : "reads shared memory that an asynchronous copy is still writing");
        if (!before_now(byte.writer, byte.written_block, byte.written_warp))
            fail("reads shared memory that thread " + std::to_string(byte.writer) +
                 " wrote, without a barrier between");
        mark_read(byte);
    }
}

void wrote_shared(const void* address, std::size_t bytes) {
    for (Shadow& byte : shadow_of(address, bytes)) {
        check_write(byte);
        mark_write(byte, true);
    }
}

void check_global(const void* address, std::size_t bytes) {
    static thread_local std::uintptr_t last_begin = 0, last_end = 0;
    const std::uintptr_t at = address_of(address);
    const auto& all = allocations();
    // The last allocation again, mostly; it may have gone since.
    if (at >= last_begin && at + bytes <= last_end) {
        const auto still = all.find(last_begin);
        if (still != all.end() && still->second == last_end) return;
    }
    auto found = all.upper_bound(at);
    if (found == all.begin()) fail("global memory: outside of every allocation");
    --found;
    if (at + bytes > found->second)
        fail("global memory: byte " + std::to_string(at - found->first) + " and " +
             std::to_string(bytes - 1) + " more, of an allocation of " +
             std::to_string(found->second - found->first));
    last_begin = found->first;
    last_end = found->second;
}

void copy_async(void* to, const void* from, std::size_t bytes) {
    for (Shadow& byte : shadow_of(to, bytes)) {
        check_write(byte);
        mark_write(byte, false);
    }
    the_thread->copies.back().push_back({to, from, bytes});
}

void commit_async() {
    the_thread->copies.emplace_back();
}

void wait_async(std::size_t groups_left) {
    auto& groups = the_thread->copies;  // the open one is not waited for
    while (groups.size() - 1 > groups_left) {
        for (const AsyncCopy& copy : groups.front()) {
            std::memcpy(copy.to, copy.from, copy.bytes);
            for (Shadow& byte : shadow_of(copy.to, copy.bytes)) mark_write(byte, true);
        }
        groups.erase(groups.begin());
    }
}

}  // namespace hone::gpu::emulation
