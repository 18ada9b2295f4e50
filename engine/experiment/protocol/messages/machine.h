// SPDX-License-Identifier: Apache-2.0
// Requests about the machine: who the worker is, which CUDA devices there are, how fast the
// processor's kernels are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/message.h"

namespace hone::messages {

inline constexpr int kVersion = 1;  // of the protocol

struct HelloReply {
    int version = kVersion;
    std::string program{};
    std::int64_t pid = 0;
    std::vector<std::string> synthetic_shapes{};
    std::vector<std::string> families{};
    Document environment{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("version", self.version, "of the protocol");
        field("program", self.program, "\"hone 0.1.0\"");
        field("pid", self.pid, "of the worker's process");
        field("synthetic_shapes", self.synthetic_shapes, "names for `synthetic:NAME`");
        field("families", self.families, "of models that it runs, as people write them");
        field("environment", self.environment, "see below");
    }
};

struct Hello {
    static constexpr std::string_view kType = "hello",
                                      kHelp = "Says who the worker is and where it runs.";
    using Reply = HelloReply;
    int version = kVersion;
    std::optional<Target> target{};  // whose device the environment tells
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field.optional("version", self.version, "that the client speaks; another one is refused");
        field.optional("target", self.target, "whose device `environment` is to tell");
    }
};

// Whether a device's kernels can be traced.
struct CudaTracing {
    std::string source{};
    bool kernels = false;
    std::optional<std::string> problem{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("source", self.source, "what records: \"CUPTI 13.0.1\", \"CUDA events\"");
        field("kernels", self.kernels, "whether single kernels are seen");
        field("problem", self.problem, "why not");
    }
};

// What is null of an open device could not be told; what has no value was not asked for.
struct CudaDevice {
    std::optional<std::string> id{};
    std::string name{}, uuid{}, compute_capability{};
    int multiprocessors = 0;
    std::int64_t memory = 0, l2 = 0;
    int clock_mhz = 0, memory_clock_mhz = 0;
    std::string driver{}, runtime{};
    bool mig = false;
    std::optional<std::optional<std::int64_t>> memory_free{};
    std::optional<std::optional<CudaTracing>> tracing{};
    std::optional<std::optional<std::string>> problem{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field.optional("id", self.id, "\"cuda:0\"");
        field("name", self.name, "as the driver gives it");
        field("uuid", self.uuid, "as the driver gives it");
        field("compute_capability", self.compute_capability, "\"9.0\"");
        field("multiprocessors", self.multiprocessors, "of the device, or of its instance");
        field("memory", self.memory, "bytes");
        field("l2", self.l2, "bytes of the second cache");
        field("clock_mhz", self.clock_mhz, "the highest");
        field("memory_clock_mhz", self.memory_clock_mhz, "the highest");
        field("driver", self.driver, "the CUDA version that it runs, \"13.1\"");
        field("runtime", self.runtime, "the CUDA version of the plug-in");
        field("mig", self.mig, "whether it is an instance of a divided device");
        field.optional("memory_free", self.memory_free, "bytes; where `open`");
        field.optional("tracing", self.tracing, "where `open`");
        field.optional("problem", self.problem, "why it cannot be opened; where `open`");
    }
};

struct DeviceLibrary {
    std::optional<std::string> version{}, problem{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("version", self.version, "null where it cannot be used");
        field("problem", self.problem, "why it cannot be used");
    }
};

struct DevicesReply {
    std::vector<CudaDevice> devices{};
    std::optional<std::string> problem{};
    std::optional<std::optional<DeviceLibrary>> nccl{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("devices", self.devices, "in the order of their numbers");
        field("problem", self.problem, "why there are none");
        field.optional("nccl", self.nccl, "where `open`; null without a plug-in");
    }
};

struct Devices {
    static constexpr std::string_view kType = "devices",
                                      kHelp = "Lists the CUDA devices that a worker can use.";
    using Reply = DevicesReply;
    bool open = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field.optional("open", self.open,
                       "opens each device and looks for NCCL, which takes a context a device and "
                       "some tenths of "
                       "a second");
    }
};

struct TypeSpeed {
    std::string type{};
    double read_bytes_per_second = 0, flops_per_second = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("type", self.type, "of weights");
        field("read_bytes_per_second", self.read_bytes_per_second,
              "of weights, by a product with one row");
        field("flops_per_second", self.flops_per_second, "of products with many rows");
    }
};

struct CalibrateReply {
    Document calibration{};
    std::vector<TypeSpeed> types{};
    bool measured = false;
    std::string file{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("calibration", self.calibration, "as kept, see engine/prediction/calibration.h");
        field("types", self.types, "what it says of each type of weights");
        field("measured", self.measured, "false where it was kept already");
        field("file", self.file, "where it is kept");
    }
};

struct Calibrate {
    static constexpr std::string_view kType = "calibrate";
    static constexpr std::string_view kHelp =
        "Times every kernel on weights that come from memory (some 15 seconds) unless that is "
        "known for this "
        "processor, build, version of the measurement and thread count. An error where others use "
        "more than "
        "a "
        "tenth of the processors, where repeats lie far apart, or where there are more threads "
        "than "
        "processors.";
    using Reply = CalibrateReply;
    Target target{};
    bool refresh = false, even_if_busy = false, kept_only = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field.optional("target", self.target, "whose threads compute");
        field.optional("refresh", self.refresh, "measures even where a calibration is kept");
        field.optional("even_if_busy", self.even_if_busy,
                       "measures although others use the processors");
        field.optional("kept_only", self.kept_only,
                       "measures nothing: null and no types where no calibration is kept");
    }
};

using MachineRequests = List<Hello, Devices, Calibrate>;

}  // namespace hone::messages
