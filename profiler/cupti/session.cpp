// SPDX-License-Identifier: Apache-2.0
#include "profiler/cupti/session.h"

#include <cupti.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "profiler/cupti/activity.h"

namespace hone::profiler {

// The library's entries, loaded by name: the program starts without it.
struct CuptiSession::Functions {
    decltype(&::cuptiSubscribe_v2) subscribe;  // may be missing: older than 12.9
    decltype(&::cuptiSubscribe) subscribe_plain;
    decltype(&::cuptiUnsubscribe) unsubscribe;
    decltype(&::cuptiEnableCallback) enable_callback;
    decltype(&::cuptiActivityRegisterCallbacks) register_buffers;
    decltype(&::cuptiActivityEnable) enable;
    decltype(&::cuptiActivityDisable) disable;
    decltype(&::cuptiActivityFlushAll) flush;
    decltype(&::cuptiActivityGetNextRecord) next_record;
    decltype(&::cuptiActivityGetNumDroppedRecords) dropped;
    decltype(&::cuptiActivityPushExternalCorrelationId) push;
    decltype(&::cuptiActivityPopExternalCorrelationId) pop;
    decltype(&::cuptiGetTimestamp) timestamp;
    decltype(&::cuptiGetGraphNodeId) graph_node_id;
    decltype(&::cuptiGetCallbackName) callback_name;
};

namespace {

constexpr std::size_t kBufferBytes = std::size_t{4} << 20;  // NVIDIA advises 1 to 10 MB
constexpr std::size_t kMostBuffers = 256;  // 1 GB: what comes after is dropped, and counted
constexpr std::size_t kAlignment = 8;
constexpr std::uint64_t kMarksAClockPair = 512;

// RUNTIME and DRIVER carry the external ids; CONCURRENT_KERNEL leaves the device its concurrency,
// which KERNEL would take.
constexpr std::array kKinds{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL,
                            CUPTI_ACTIVITY_KIND_MEMCPY,
                            CUPTI_ACTIVITY_KIND_MEMCPY2,
                            CUPTI_ACTIVITY_KIND_MEMSET,
                            CUPTI_ACTIVITY_KIND_RUNTIME,
                            CUPTI_ACTIVITY_KIND_DRIVER,
                            CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION,
                            CUPTI_ACTIVITY_KIND_SYNCHRONIZATION,
                            CUPTI_ACTIVITY_KIND_OVERHEAD,
                            CUPTI_ACTIVITY_KIND_MEMORY2};
// A trace is whole without these: pools that a library may use, and ranges that libraries announce
// by NVTX, which reach CUPTI only where NVTX_INJECTION64_PATH names it.
constexpr std::array kExtraKinds{CUPTI_ACTIVITY_KIND_MEMORY_POOL, CUPTI_ACTIVITY_KIND_MARKER};

struct Buffer {
    std::uint8_t* memory;
    std::size_t valid;
};

// What CUPTI's threads write, and the session reads at its end. Its callbacks take no function
// pointer's context.
struct Shared {
    std::mutex mutex;
    std::vector<std::uint8_t*> free;
    std::vector<Buffer> full;
    std::size_t made = 0;
    std::unordered_map<std::uint64_t, std::uint64_t> mark_of_node;
    std::atomic<std::uint64_t> mark{0};
    CUpti_SubscriberHandle subscriber = nullptr;
    decltype(&::cuptiGetGraphNodeId) graph_node_id = nullptr;
};

// Never destroyed: CUPTI's threads may hand over buffers while the process ends, after this
// program's own objects are gone.
Shared& shared() {
    static Shared& it = *new Shared;
    return it;
}

void CUPTIAPI give_buffer(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) {
    Shared& it = shared();
    *most_records = 0;
    *buffer = nullptr;
    *size = 0;
    const std::lock_guard lock(it.mutex);
    if (!it.free.empty()) {
        *buffer = it.free.back();
        it.free.pop_back();
    } else if (it.made < kMostBuffers) {
        *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, kBufferBytes));
        it.made += *buffer != nullptr ? 1 : 0;
    }
    if (*buffer != nullptr) *size = kBufferBytes;
}

void CUPTIAPI take_buffer(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t,
                          std::size_t valid) {
    Shared& it = shared();
    const std::lock_guard lock(it.mutex);
    it.full.push_back({buffer, valid});
}

// A node that is captured now belongs to the operation that is marked now; a clone to its
// original's.
void CUPTIAPI see_graph_node(void*, CUpti_CallbackDomain domain, CUpti_CallbackId id,
                             const void* data) {
    if (domain != CUPTI_CB_DOMAIN_RESOURCE) return;
    const auto* const graph = static_cast<const CUpti_GraphData*>(
        static_cast<const CUpti_ResourceData*>(data)->resourceDescriptor);
    Shared& it = shared();
    std::uint64_t node = 0, original = 0;
    if (graph == nullptr || it.graph_node_id == nullptr ||
        it.graph_node_id(graph->node, &node) != CUPTI_SUCCESS)
        return;
    const std::lock_guard lock(it.mutex);
    if (id == CUPTI_CBID_RESOURCE_GRAPHNODE_CREATED) {
        if (const std::uint64_t mark = it.mark; mark != 0) it.mark_of_node[node] = mark;
    } else if (id == CUPTI_CBID_RESOURCE_GRAPHNODE_CLONED &&
               it.graph_node_id(graph->originalNode, &original) == CUPTI_SUCCESS) {
        const auto of = it.mark_of_node.find(original);
        if (of != it.mark_of_node.end()) it.mark_of_node[node] = std::uint64_t{of->second};
    }
}

std::int64_t steady_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

CuptiSession& CuptiSession::instance() {
    static CuptiSession& session = *new CuptiSession;  // kept, like what its callbacks write
    return session;
}

bool CuptiSession::load(const std::string& beside) {
    cupti_ = nullptr;
    if (!library_.open(beside)) {
        problem_ = library_.problem();
        return false;
    }
    static Functions found;
    library_.find("cuptiSubscribe_v2", found.subscribe);
    const bool whole = library_.find("cuptiSubscribe", found.subscribe_plain) &&
                       library_.find("cuptiUnsubscribe", found.unsubscribe) &&
                       library_.find("cuptiEnableCallback", found.enable_callback) &&
                       library_.find("cuptiActivityRegisterCallbacks", found.register_buffers) &&
                       library_.find("cuptiActivityEnable", found.enable) &&
                       library_.find("cuptiActivityDisable", found.disable) &&
                       library_.find("cuptiActivityFlushAll", found.flush) &&
                       library_.find("cuptiActivityGetNextRecord", found.next_record) &&
                       library_.find("cuptiActivityGetNumDroppedRecords", found.dropped) &&
                       library_.find("cuptiActivityPushExternalCorrelationId", found.push) &&
                       library_.find("cuptiActivityPopExternalCorrelationId", found.pop) &&
                       library_.find("cuptiGetTimestamp", found.timestamp) &&
                       library_.find("cuptiGetGraphNodeId", found.graph_node_id) &&
                       library_.find("cuptiGetCallbackName", found.callback_name);
    if (!whole) {
        problem_ =
            library_.version() + " lacks functions that tracing needs; version 13.0 has them";
        return false;
    }
    cupti_ = &found;
    shared().graph_node_id = found.graph_node_id;
    return true;
}

bool CuptiSession::fail(const char* what, int status) {
    problem_ = library_.failure(what, status);
    return false;
}

bool CuptiSession::begin(const std::string& beside) {
    problem_.clear();
    if (on_) return true;
    if (!load(beside)) return false;
    Shared& it = shared();
    std::array<char, CUPTI_OLD_SUBSCRIBER_NAME_MIN_LEN> other{};
    int status = CUPTI_SUCCESS;
    if (cupti_->subscribe != nullptr) {
        CUpti_SubscriberParams params{};
        params.structSize = CUpti_SubscriberParams_STRUCT_SIZE;
        params.subscriberName = "Hone";
        params.oldSubscriberName = other.data();
        params.oldSubscriberSize = other.size();
        status = cupti_->subscribe(&it.subscriber, &see_graph_node, nullptr, &params);
    } else {
        status = cupti_->subscribe_plain(&it.subscriber, &see_graph_node, nullptr);
    }
    if (status == CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED) {
        problem_ = library_.version() + " already serves another tool" +
                   (other[0] != '\0' ? std::string(" (") + other.data() + ")" : "") +
                   ": run Hone without it to see kernels";
        return false;
    }
    if (status != CUPTI_SUCCESS) return fail("subscribing", status);
    if (enable()) return true;
    disable();
    return false;
}

bool CuptiSession::enable() {
    Shared& it = shared();
    {
        const std::lock_guard lock(it.mutex);
        it.mark_of_node.clear();
        it.mark = 0;
    }
    clock_.clear();
    lost_ = damaged_ = 0;
    marks_ = 0;
    for (const CUpti_CallbackId id :
         {CUPTI_CBID_RESOURCE_GRAPHNODE_CREATED, CUPTI_CBID_RESOURCE_GRAPHNODE_CLONED}) {
        const int status = cupti_->enable_callback(1, it.subscriber, CUPTI_CB_DOMAIN_RESOURCE, id);
        if (status != CUPTI_SUCCESS) return fail("watching graphs", status);
    }
    int status = cupti_->register_buffers(give_buffer, take_buffer);
    if (status != CUPTI_SUCCESS) return fail("registering buffers", status);
    for (const CUpti_ActivityKind kind : kKinds) {
        status = cupti_->enable(kind);
        if (status != CUPTI_SUCCESS) return fail("enabling records", status);
    }
    for (const CUpti_ActivityKind kind : kExtraKinds) cupti_->enable(kind);
    on_ = true;
    read_clock();
    return true;
}

void CuptiSession::disable() {
    if (pushed_) cupti_->pop(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, nullptr);
    pushed_ = on_ = false;
    for (const CUpti_ActivityKind kind : kKinds) cupti_->disable(kind);
    for (const CUpti_ActivityKind kind : kExtraKinds) cupti_->disable(kind);
    cupti_->unsubscribe(std::exchange(shared().subscriber, nullptr));
}

// The reading of three whose two looks at the host's clock lie closest together.
void CuptiSession::read_clock() {
    ClockPair best;
    std::int64_t closest = INT64_MAX;
    for (int i = 0; i < 3; ++i) {
        std::uint64_t device = 0;
        const std::int64_t before = steady_now();
        if (cupti_->timestamp(&device) != CUPTI_SUCCESS) return;
        const std::int64_t apart = steady_now() - before;
        if (apart >= closest) continue;
        closest = apart;
        best = {static_cast<std::int64_t>(device), before + apart / 2};
    }
    clock_.push_back(best);
}

void CuptiSession::mark(std::uint64_t id) {
    if (!on_) return;
    shared().mark = id;
    if (pushed_) cupti_->pop(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, nullptr);
    pushed_ = id != 0 && cupti_->push(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, id) == CUPTI_SUCCESS;
    if (++marks_ % kMarksAClockPair == 0) read_clock();
}

void CuptiSession::end(int device, const ActivitySink& sink) {
    if (!on_) return;
    read_clock();
    cupti_->flush(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
    disable();
    Shared& it = shared();
    std::vector<Buffer> full;
    {
        const std::lock_guard lock(it.mutex);
        full = std::exchange(it.full, {});
    }
    // Not under the lock that the buffers' callbacks take: CUPTI holds one of its own here and
    // there.
    std::size_t dropped = 0;
    if (cupti_->dropped(nullptr, 0, &dropped) == CUPTI_SUCCESS)
        lost_ = static_cast<std::int64_t>(dropped);
    const ActivitySink named = [&](const Activity& activity, std::string_view name) {
        const bool memory =
            activity.kind == ActivityKind::memory || activity.kind == ActivityKind::pool;
        if (memory && activity.device != device) return;
        const bool runtime = activity.kind == ActivityKind::runtime_call;
        const char* call = nullptr;
        if (runtime || activity.kind == ActivityKind::driver_call)
            cupti_->callback_name(
                runtime ? CUPTI_CB_DOMAIN_RUNTIME_API : CUPTI_CB_DOMAIN_DRIVER_API,
                static_cast<std::uint32_t>(activity.call), &call);
        sink(activity, call != nullptr ? call : name);
    };
    const auto next = [](std::uint8_t* buffer, std::size_t valid, void** record) {
        return static_cast<int>(instance().cupti_->next_record(
            buffer, valid, reinterpret_cast<CUpti_Activity**>(record)));
    };
    for (const Buffer& buffer : full)
        damaged_ += parse_activities(next, buffer.memory, buffer.valid, named).complete ? 0 : 1;
    if (damaged_ > 0) {
        lost_ += damaged_;  // one record each, at the least
        problem_ = library_.version() + ": " + std::to_string(damaged_) + " of " +
                   std::to_string(full.size()) +
                   " buffers were damaged, and what came after the damage is lost";
    }
    Activity node;
    node.kind = ActivityKind::graph_node;
    for (const auto& [id, mark] : it.mark_of_node) {
        node.graph_node = id;
        node.mark = mark;
        sink(node, "");
    }
    const std::lock_guard lock(it.mutex);
    for (const Buffer& buffer : full) it.free.push_back(buffer.memory);
}

}  // namespace hone::profiler
