// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>
#include <vector>

#include "engine/experiment/protocol/messages/machine.h"

namespace hone::ui {

// A CUDA device as the worker describes it, in the words that the window uses. What it does not say
// is empty or zero.
struct DeviceFacts {
    QString id, name, capability, driver, runtime;
    double memory = 0;
    std::optional<double> free;  // bytes; nothing where the device could not be opened
    int processors = 0;
    bool mig = false;  // an instance of a divided device
    QString problem;   // why it cannot be opened

    bool tracingKnown = false;
    bool tracesKernels = false;
    QString tracer, tracerProblem;  // "CUPTI 13.0.1"; why it sees no single kernels
};

// What a worker answered; nothing: none has yet.
using DevicesAnswer = std::optional<messages::DevicesReply>;

std::vector<DeviceFacts> devicesOf(const DevicesAnswer& answer);
std::optional<DeviceFacts> deviceOf(const DevicesAnswer& answer, const QString& id);
// Why there is no CUDA device; empty where there is one or nobody has answered yet.
QString noDeviceReason(const DevicesAnswer& answer);

// NCCL as the worker found it; both are empty where it has not answered, or has no plug-in.
struct NcclFacts {
    QString version, problem;
};
NcclFacts ncclOf(const DevicesAnswer& answer);

// "78.2 of 85.0 GB free"
QString memoryText(const DeviceFacts& device);
// "kernel by kernel, CUPTI 13.0.1", "whole operations only, CUDA events"
QString tracingText(const DeviceFacts& device);

}  // namespace hone::ui
