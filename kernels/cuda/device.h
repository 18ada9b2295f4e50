// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/plugin/api.h"
#include "profiler/trace/cuda_trace.h"
#include "profiler/trace/recorder.h"

namespace hone::cuda {

// What a device's runtime refused. `sticky`: nothing more will work in this process.
class DeviceError : public std::runtime_error {
public:
    explicit DeviceError(const PluginError& error)
        : std::runtime_error(error.text), code(error.code), sticky(error.sticky) {}
    int code;
    bool sticky;
};

// Device memory is spent: how much was asked for, and how much is free.
class DeviceOutOfMemory : public DeviceError {
public:
    DeviceOutOfMemory(const PluginError& error, std::int64_t asked_bytes, std::int64_t free_bytes)
        : DeviceError(error), asked(asked_bytes), free(free_bytes) {}
    std::int64_t asked, free;
};

// The plug-in, or why there is none.
struct PluginLoad {
    const PluginTable* table = nullptr;
    std::string path;     // of the file that was tried
    std::string problem;  // of the loader, or another version; empty where `table` is there
};

// ../lib/hone/libhone_cuda.so beside the program that runs; what the environment's HONE_CUDA_PLUGIN
// names instead, where it is set.
std::filesystem::path plugin_path();

// Loads the plug-in at `path`, once a process, and keeps it. Nothing is loaded before this is
// called.
const PluginLoad& load_plugin(const std::filesystem::path& path = plugin_path());

// The devices that there are. Where there are none `problem` says why: no plug-in, no driver, a
// driver that is too old, or no device.
struct DeviceList {
    std::vector<DeviceFacts> devices;
    std::string problem;
};
DeviceList list_devices(const PluginLoad& plugin);

// NCCL's version, or why there is none; both empty without a plug-in. Loads it, so that only who
// shows it should ask.
LibraryFacts find_nccl(const PluginLoad& plugin);

class Device;

// Work that was captured: queued again by Device::launch(). Must not outlive its device.
class Graph {
public:
    Graph() = default;
    Graph(Graph&& other) noexcept
        : table_(other.table_), graph_(std::exchange(other.graph_, nullptr)) {}
    Graph& operator=(Graph&& other) noexcept {
        std::swap(table_, other.table_);
        std::swap(graph_, other.graph_);
        return *this;
    }
    ~Graph() {
        if (graph_ != nullptr) table_->release_graph(graph_);
    }

private:
    friend class Device;
    Graph(const PluginTable& table, PluginGraph* graph) : table_(&table), graph_(graph) {}
    const PluginTable* table_ = nullptr;
    PluginGraph* graph_ = nullptr;
};

// One open device: a context and a stream, on which everything below is queued in order. Throws
// DeviceError. Not thread-safe.
class Device {
public:
    Device(const PluginTable& table, int index);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const DeviceFacts& facts() const { return facts_; }
    int index() const { return index_; }

    void* allocate(std::int64_t bytes);  // throws DeviceOutOfMemory
    void release(void* memory) noexcept;
    std::int64_t free_bytes() const;
    // Pinned host memory, which the device reaches without a copy on the way.
    void* allocate_host(std::int64_t bytes);
    void release_host(void* memory) noexcept;

    // Host memory must stay as it is until synchronise(), unless it is pageable and small: then it
    // has been staged.
    void upload(void* to, const void* from, std::int64_t bytes);
    void download(void* to, const void* from, std::int64_t bytes);
    void copy(void* to, const void* from, std::int64_t bytes);
    void fill(void* memory, int byte, std::int64_t bytes);
    void synchronise();

    template <typename Params>
    void launch(KernelChoice kernel, const Launch& shape, const Params& params) {
        PluginError error;
        check(table_.launch(device_, kernel, shape, &params, sizeof params, &error), error);
    }
    // On the vendor's library, which is told how the addresses are aligned. try_multiply(): false,
    // and nothing queued, where it has no algorithm.
    void multiply(DenseProduct product);
    [[nodiscard]] bool try_multiply(DenseProduct product);

    // What is queued between begin_capture() and the end becomes a graph instead of running.
    // Nothing may be allocated, uploaded from pageable memory or waited for in between.
    void begin_capture();
    Graph end_capture();
    void launch(const Graph& graph);

    // Milliseconds between two points of the stream: from begin_timing() to now, when everything
    // queued in between has run. Events resolve some half a microsecond.
    void begin_timing();
    float end_timing();

    // From now on what the device does is recorded, and belongs to the mark that is set. False
    // where single kernels are not seen, but only the time from mark to mark: then graphs are not
    // to be used.
    bool begin_trace();
    bool tracing() const { return tracing_; }
    bool traces_kernels() const { return traces_kernels_; }
    void mark(std::uint64_t mark) {
        if (tracing_ || counting_) table_.mark(device_, mark);
    }
    // Waits for the device; fills in who recorded what. Host times are the steady clock's.
    void end_trace(profiler::CudaRecording& recording);

    // From now on the hardware's counters are read mark by mark, which takes far longer: nothing
    // may be timed, and no graphs used. Not while a trace is recorded. False where they cannot be
    // read, and end_counters() then says why.
    bool begin_counters();
    bool counting() const { return counting_; }
    struct Counters {
        std::string source, problem;  // who read them; why not, or not all
        std::vector<profiler::TraceRecorder::Counted> counted;
    };
    Counters end_counters();  // waits for the device

private:
    static void check(int code, const PluginError& error) {
        if (code != 0) throw DeviceError(error);
    }

    const PluginTable& table_;
    int index_;
    PluginDevice* device_ = nullptr;
    PluginEvent *begin_ = nullptr, *end_ = nullptr;
    DeviceFacts facts_{};
    bool tracing_ = false, traces_kernels_ = false, counting_ = false;
    TraceStart trace_start_;
    CountersStart counters_start_;
};

}  // namespace hone::cuda
