// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/device_facts.h"

#include <QCoreApplication>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QString said(const char* words) {
    return QCoreApplication::translate("Device", words);
}

QString shown(const std::string& text) {
    return QString::fromStdString(text);
}

QString shown(const std::optional<std::string>& text) {
    return shown(text.value_or(std::string()));
}

DeviceFacts factsOf(const messages::CudaDevice& device) {
    DeviceFacts facts;
    facts.id = shown(device.id);
    facts.name = shown(device.name);
    facts.capability = shown(device.compute_capability);
    facts.driver = shown(device.driver);
    facts.runtime = shown(device.runtime);
    facts.memory = static_cast<double>(device.memory);
    if (const auto free = device.memory_free.value_or(std::nullopt))
        facts.free = static_cast<double>(*free);
    facts.processors = device.multiprocessors;
    facts.mig = device.mig;
    facts.problem = shown(device.problem.value_or(std::nullopt));
    const auto tracing = device.tracing.value_or(std::nullopt);
    if (!tracing) return facts;
    facts.tracingKnown = true;
    facts.tracesKernels = tracing->kernels;
    facts.tracer = shown(tracing->source);
    facts.tracerProblem = shown(tracing->problem);
    return facts;
}

}  // namespace

std::vector<DeviceFacts> devicesOf(const DevicesAnswer& answer) {
    std::vector<DeviceFacts> devices;
    if (!answer) return devices;
    for (const messages::CudaDevice& device : answer->devices) devices.push_back(factsOf(device));
    return devices;
}

std::optional<DeviceFacts> deviceOf(const DevicesAnswer& answer, const QString& id) {
    for (const DeviceFacts& device : devicesOf(answer))
        if (device.id == id) return device;
    return std::nullopt;
}

QString noDeviceReason(const DevicesAnswer& answer) {
    if (!answer || !answer->devices.empty()) return {};
    const QString problem = shown(answer->problem);
    return problem.isEmpty() ? said("the worker found none") : problem;
}

NcclFacts ncclOf(const DevicesAnswer& answer) {
    const auto nccl = answer ? answer->nccl.value_or(std::nullopt) : std::nullopt;
    return nccl ? NcclFacts{shown(nccl->version), shown(nccl->problem)} : NcclFacts();
}

QString memoryText(const DeviceFacts& device) {
    if (device.memory <= 0) return {};
    if (!device.free) return formatBytes(device.memory);
    return said("%1 of %2 free").arg(formatBytes(*device.free), formatBytes(device.memory));
}

QString tracingText(const DeviceFacts& device) {
    if (!device.tracingKnown) return {};
    const QString how =
        device.tracesKernels ? said("kernel by kernel") : said("whole operations only");
    return device.tracer.isEmpty() ? how : QStringLiteral("%1 · %2").arg(how, device.tracer);
}

}  // namespace hone::ui
