// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/device.h"

#include <dlfcn.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <system_error>
#include <unordered_map>

namespace hone::cuda {

std::filesystem::path plugin_path() {
    const char* const chosen = std::getenv("HONE_CUDA_PLUGIN");
    if (chosen != nullptr && *chosen != '\0') return chosen;
    std::error_code none;
    return std::filesystem::read_symlink("/proc/self/exe", none).parent_path().parent_path() /
           "lib" / "hone" / "libhone_cuda.so";
}

const PluginLoad& load_plugin(const std::filesystem::path& path) {
    static std::mutex mutex;
    static std::map<std::filesystem::path, PluginLoad> loads;
    const std::lock_guard lock(mutex);
    const auto [at, first] = loads.try_emplace(path);
    PluginLoad& load = at->second;
    if (!first) return load;
    load.path = path.string();
    if (!std::filesystem::exists(load.path)) {
        load.problem = load.path + " is not there: Hone was built without CUDA";
        return load;
    }
    // RTLD_LOCAL: its CUDA libraries are nobody else's. Never closed: CUDA does not like to be
    // unloaded.
    void* const library = dlopen(load.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        load.problem = dlerror();
        return load;
    }
    const auto entry = reinterpret_cast<PluginEntry>(dlsym(library, kPluginEntry));
    load.table = entry == nullptr ? nullptr : entry(kPluginVersion);
    if (load.table == nullptr) load.problem = load.path + " is of another version of Hone";
    return load;
}

DeviceList list_devices(const PluginLoad& plugin) {
    DeviceList list;
    if (plugin.table == nullptr) {
        list.problem = plugin.problem;
        return list;
    }
    PluginError error;
    int count = 0;
    if (plugin.table->device_count(&count, &error) != 0) {
        list.problem = error.text;
        return list;
    }
    for (int i = 0; i < count; ++i) {
        DeviceFacts facts{};
        if (plugin.table->device_facts(i, &facts, &error) == 0)
            list.devices.push_back(facts);
        else
            list.problem = error.text;
    }
    if (list.devices.empty() && list.problem.empty())
        list.problem = "the driver knows of no device";
    return list;
}

LibraryFacts find_nccl(const PluginLoad& plugin) {
    LibraryFacts facts;
    if (plugin.table != nullptr) plugin.table->nccl(&facts);
    return facts;
}

Device::Device(const PluginTable& table, int index) : table_(table), index_(index) {
    PluginError error;
    check(table_.open(index, &device_, &error), error);
    check(table_.device_facts(index, &facts_, &error), error);
}

Device::~Device() {
    if (begin_ != nullptr) table_.release_event(begin_);
    if (end_ != nullptr) table_.release_event(end_);
    table_.close(device_);
}

void* Device::allocate(std::int64_t bytes) {
    PluginError error;
    void* memory = nullptr;
    if (table_.allocate(device_, static_cast<std::size_t>(bytes), &memory, &error) == 0)
        return memory;
    constexpr int kOutOfMemory = 2;  // cudaErrorMemoryAllocation
    if (error.code == kOutOfMemory) throw DeviceOutOfMemory(error, bytes, free_bytes());
    throw DeviceError(error);
}

void Device::release(void* memory) noexcept {
    PluginError error;  // what cannot be freed went with its context
    if (memory != nullptr) table_.release(device_, memory, &error);
}

void* Device::allocate_host(std::int64_t bytes) {
    void* memory = nullptr;
    PluginError error;
    check(table_.allocate_host(device_, static_cast<std::size_t>(bytes), &memory, &error), error);
    return memory;
}

void Device::release_host(void* memory) noexcept {
    PluginError ignored;
    table_.release_host(device_, memory, &ignored);
}

std::int64_t Device::free_bytes() const {
    PluginError error;
    std::int64_t free = 0, total = 0;
    check(table_.free_bytes(device_, &free, &total, &error), error);
    return free;
}

void Device::upload(void* to, const void* from, std::int64_t bytes) {
    PluginError error;
    check(table_.upload(device_, to, from, static_cast<std::size_t>(bytes), &error), error);
}

void Device::download(void* to, const void* from, std::int64_t bytes) {
    PluginError error;
    check(table_.download(device_, to, from, static_cast<std::size_t>(bytes), &error), error);
}

void Device::copy(void* to, const void* from, std::int64_t bytes) {
    PluginError error;
    check(table_.copy(device_, to, from, static_cast<std::size_t>(bytes), &error), error);
}

void Device::fill(void* memory, int byte, std::int64_t bytes) {
    PluginError error;
    check(table_.fill(device_, memory, byte, static_cast<std::size_t>(bytes), &error), error);
}

void Device::synchronise() {
    PluginError error;
    check(table_.synchronise(device_, &error), error);
}

void Device::begin_capture() {
    PluginError error;
    check(table_.begin_capture(device_, &error), error);
}

Graph Device::end_capture() {
    PluginError error;
    PluginGraph* graph = nullptr;
    check(table_.end_capture(device_, &graph, &error), error);
    return Graph(table_, graph);
}

void Device::launch(const Graph& graph) {
    PluginError error;
    check(table_.launch_graph(device_, graph.graph_, &error), error);
}

void Device::begin_timing() {
    PluginError error;
    if (begin_ == nullptr) check(table_.make_event(device_, &begin_, &error), error);
    if (end_ == nullptr) check(table_.make_event(device_, &end_, &error), error);
    check(table_.record_event(device_, begin_, &error), error);
}

float Device::end_timing() {
    PluginError error;
    float milliseconds = 0;
    check(table_.record_event(device_, end_, &error), error);
    check(table_.milliseconds(begin_, end_, &milliseconds, &error), error);
    return milliseconds;
}

bool Device::begin_trace() {
    PluginError error;
    trace_start_ = {};
    check(table_.begin_trace(device_, &trace_start_, &error), error);
    tracing_ = true;
    traces_kernels_ = trace_start_.kernels;
    return traces_kernels_;
}

void Device::end_trace(profiler::CudaRecording& recording) {
    struct Collected {
        profiler::CudaRecording& recording;
        std::unordered_map<std::string, std::uint32_t> index_of;
    } collected{recording, {}};
    recording.names.clear();
    recording.records.clear();
    recording.clock.clear();
    const TraceSink sink{&collected,
                         [](void* context, const profiler::Activity* activity, const char* name) {
                             auto& [into, index_of] = *static_cast<Collected*>(context);
                             const auto [at, added] = index_of.try_emplace(
                                 name, static_cast<std::uint32_t>(into.names.size()));
                             if (added) into.names.push_back(at->first);
                             into.records.push_back({*activity, at->second});
                         },
                         [](void* context, const profiler::ClockPair* pair) {
                             static_cast<Collected*>(context)->recording.clock.push_back(*pair);
                         }};
    TraceEnd end;
    PluginError error;
    tracing_ = traces_kernels_ = false;
    check(table_.end_trace(device_, &sink, &end, &error), error);
    recording.device = facts_.name;
    recording.source = trace_start_.source;
    recording.problem = end.problem[0] != '\0' ? end.problem : trace_start_.problem;
    recording.graph_kernels = end.graph_kernels;
    recording.own_launches = end.own_launches;
    recording.lost_records = end.lost_records;
}

bool Device::begin_counters() {
    PluginError error;
    counters_start_ = {};
    check(table_.begin_counters(device_, &counters_start_, &error), error);
    return counting_ = counters_start_.counting;
}

Device::Counters Device::end_counters() {
    Counters counters{counters_start_.source, counters_start_.problem, {}};
    if (!counting_) return counters;
    counting_ = false;
    const CountersSink sink{
        &counters.counted,
        [](void* context, std::uint64_t mark, const profiler::HardwareCounters* counted) {
            static_cast<decltype(counters.counted)*>(context)->push_back({mark, *counted});
        }};
    CountersEnd end;
    PluginError error;
    check(table_.end_counters(device_, &sink, &end, &error), error);
    if (end.lost > 0)
        counters.problem =
            "the counters of " + std::to_string(end.lost) + " operations could not be read";
    if (end.problem[0] != '\0') counters.problem = end.problem;
    return counters;
}

bool Device::try_multiply(DenseProduct product) {
    product.alignment = alignment_of(product);
    PluginError error;
    const int code = table_.multiply(device_, &product, &error);
    if (code == kNoAlgorithm) return false;
    check(code, error);
    return true;
}

void Device::multiply(DenseProduct product) {
    product.alignment = alignment_of(product);
    PluginError error;
    check(table_.multiply(device_, &product, &error), error);
}

}  // namespace hone::cuda
