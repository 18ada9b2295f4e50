// SPDX-License-Identifier: Apache-2.0
#include "profiler/cupti/session.h"

#include <cupti.h>
#include <dlfcn.h>

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
    decltype(&::cuptiGetVersion) version;
    decltype(&::cuptiGetResultString) result_text;
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
constexpr std::size_t kMostBuffers = 256;                   // 1 GB: what comes after is dropped, and counted
constexpr std::size_t kAlignment = 8;
constexpr std::uint64_t kMarksAClockPair = 512;

// RUNTIME and DRIVER carry the external ids; CONCURRENT_KERNEL leaves the device its concurrency, which KERNEL would take.
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
// A trace is whole without these: pools that a library may use, and ranges that libraries announce by NVTX, which reach CUPTI only where
// NVTX_INJECTION64_PATH names it.
constexpr std::array kExtraKinds{CUPTI_ACTIVITY_KIND_MEMORY_POOL, CUPTI_ACTIVITY_KIND_MARKER};

struct Buffer {
    std::uint8_t* memory;
    std::size_t valid;
};

// What CUPTI's threads write, and the session reads at its end. Its callbacks take no function pointer's context.
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

Shared& shared() {
    static Shared it;
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

void CUPTIAPI take_buffer(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t, std::size_t valid) {
    Shared& it = shared();
    const std::lock_guard lock(it.mutex);
    it.full.push_back({buffer, valid});
}

// A node that is captured now belongs to the operation that is marked now; a clone to its original's.
void CUPTIAPI see_graph_node(void*, CUpti_CallbackDomain domain, CUpti_CallbackId id, const void* data) {
    if (domain != CUPTI_CB_DOMAIN_RESOURCE) return;
    const auto* const graph =
        static_cast<const CUpti_GraphData*>(static_cast<const CUpti_ResourceData*>(data)->resourceDescriptor);
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

template <typename Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

std::int64_t steady_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

CuptiSession& CuptiSession::instance() {
    static CuptiSession session;
    return session;
}

std::vector<std::string> CuptiSession::candidates(const std::string& beside) {
    const char* const chosen = std::getenv("HONE_CUPTI_LIBRARY");
    if (chosen != nullptr && *chosen != '\0') return {chosen};
    std::vector<std::string> paths{"libcupti.so.13"};
    if (!beside.empty()) paths.push_back(beside + "/libcupti.so.13");
    for (const char* const variable : {"CUDA_HOME", "CUDA_PATH"}) {
        const char* const root = std::getenv(variable);
        if (root != nullptr && *root != '\0') paths.push_back(std::string(root) + "/lib64/libcupti.so.13");
    }
    paths.push_back("/usr/local/cuda/lib64/libcupti.so.13");
    return paths;
}

bool CuptiSession::load(const std::string& beside) {
    if (cupti_ != nullptr) return true;
    void* library = nullptr;
    std::string tried;
    for (const std::string& path : candidates(beside)) {
        library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library != nullptr) break;
        if (tried.empty()) tried = dlerror();
    }
    if (library == nullptr) {
        problem_ = "CUPTI is not there (" + tried +
                   "): kernels are not seen one by one; install the CUDA toolkit's CUPTI, or name the "
                   "library in HONE_CUPTI_LIBRARY";
        return false;
    }
    static Functions found;
    find(library, "cuptiSubscribe_v2", found.subscribe);
    const bool whole = find(library, "cuptiGetVersion", found.version) &&
                       find(library, "cuptiGetResultString", found.result_text) &&
                       find(library, "cuptiSubscribe", found.subscribe_plain) &&
                       find(library, "cuptiUnsubscribe", found.unsubscribe) &&
                       find(library, "cuptiEnableCallback", found.enable_callback) &&
                       find(library, "cuptiActivityRegisterCallbacks", found.register_buffers) &&
                       find(library, "cuptiActivityEnable", found.enable) &&
                       find(library, "cuptiActivityDisable", found.disable) &&
                       find(library, "cuptiActivityFlushAll", found.flush) &&
                       find(library, "cuptiActivityGetNextRecord", found.next_record) &&
                       find(library, "cuptiActivityGetNumDroppedRecords", found.dropped) &&
                       find(library, "cuptiActivityPushExternalCorrelationId", found.push) &&
                       find(library, "cuptiActivityPopExternalCorrelationId", found.pop) &&
                       find(library, "cuptiGetTimestamp", found.timestamp) &&
                       find(library, "cuptiGetGraphNodeId", found.graph_node_id) &&
                       find(library, "cuptiGetCallbackName", found.callback_name);
    std::uint32_t version = 0;
    if (!whole || found.version(&version) != CUPTI_SUCCESS) {
        problem_ =
            "the CUPTI library that is installed lacks functions that tracing needs; version 13.0 has them";
        return false;
    }
    constexpr std::uint32_t kOldest = 130000;
    version_ = "CUPTI " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
               std::to_string(version % 100);
    if (version < kOldest) {
        problem_ = version_ + " is too old: tracing needs 13.0";
        return false;
    }
    cupti_ = &found;
    shared().graph_node_id = found.graph_node_id;
    return true;
}

bool CuptiSession::fail(const char* what, int status) {
    const char* text = nullptr;
    cupti_->result_text(static_cast<CUptiResult>(status), &text);
    problem_ = std::string(version_) + ", " + what + ": " + (text != nullptr ? text : "unknown error") +
               " (" + std::to_string(status) + ")";
    if (status == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES)
        problem_ += "; the driver's NVreg_RestrictProfilingToAdminUsers=0, or CAP_SYS_ADMIN, grants it";
    if (status == CUPTI_ERROR_VIRTUALIZED_DEVICE_NOT_SUPPORTED ||
        status == CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES)
        problem_ += "; the device is a virtual one, whose host must allow profiling";
    return false;
}

bool CuptiSession::begin(const std::string& beside) {
    problem_.clear();
    if (on_ || !load(beside)) return on_;
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
        problem_ = version_ + " already serves another tool" +
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
    lost_ = 0;
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

void CuptiSession::end(const ActivitySink& sink) {
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
    // Not under the lock that the buffers' callbacks take: CUPTI holds one of its own here and there.
    std::size_t dropped = 0;
    if (cupti_->dropped(nullptr, 0, &dropped) == CUPTI_SUCCESS) lost_ = static_cast<std::int64_t>(dropped);
    const ActivitySink named = [&](const Activity& activity, std::string_view name) {
        const bool runtime = activity.kind == ActivityKind::runtime_call;
        const char* call = nullptr;
        if (runtime || activity.kind == ActivityKind::driver_call)
            cupti_->callback_name(runtime ? CUPTI_CB_DOMAIN_RUNTIME_API : CUPTI_CB_DOMAIN_DRIVER_API,
                                  static_cast<std::uint32_t>(activity.call), &call);
        sink(activity, call != nullptr ? call : name);
    };
    const auto next = [](std::uint8_t* buffer, std::size_t valid, void** record) {
        return static_cast<int>(
            instance().cupti_->next_record(buffer, valid, reinterpret_cast<CUpti_Activity**>(record)));
    };
    for (const Buffer& buffer : full) parse_activities(next, buffer.memory, buffer.valid, named);
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
