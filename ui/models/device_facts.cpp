// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/device_facts.h"

#include <QCoreApplication>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QString said(const char* words) {
    return QCoreApplication::translate("Device", words);
}

QString textField(const nlohmann::json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? QString::fromStdString(it->get<std::string>())
                                               : QString();
}

std::optional<double> numberField(const nlohmann::json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_number() ? std::optional(it->get<double>()) : std::nullopt;
}

bool flagField(const nlohmann::json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_boolean() && it->get<bool>();
}

DeviceFacts factsOf(const nlohmann::json& json) {
    DeviceFacts device;
    device.id = textField(json, "id");
    device.name = textField(json, "name");
    device.capability = textField(json, "compute_capability");
    device.driver = textField(json, "driver");
    device.runtime = textField(json, "runtime");
    device.memory = numberField(json, "memory").value_or(0);
    device.free = numberField(json, "memory_free");
    device.processors = static_cast<int>(numberField(json, "multiprocessors").value_or(0));
    device.mig = flagField(json, "mig");
    device.problem = textField(json, "problem");
    const auto tracing = json.find("tracing");
    if (tracing == json.end() || !tracing->is_object()) return device;
    device.tracingKnown = true;
    device.tracesKernels = flagField(*tracing, "kernels");
    device.tracer = textField(*tracing, "source");
    device.tracerProblem = textField(*tracing, "problem");
    return device;
}

}  // namespace

std::vector<DeviceFacts> devicesOf(const nlohmann::json& answer) {
    std::vector<DeviceFacts> devices;
    if (!answer.is_object()) return devices;
    for (const nlohmann::json& device : answer.value("devices", nlohmann::json::array()))
        devices.push_back(factsOf(device));
    return devices;
}

std::optional<DeviceFacts> deviceOf(const nlohmann::json& answer, const QString& id) {
    for (const DeviceFacts& device : devicesOf(answer))
        if (device.id == id) return device;
    return std::nullopt;
}

QString noDeviceReason(const nlohmann::json& answer) {
    if (!answer.is_object() || !answer.value("devices", nlohmann::json::array()).empty()) return {};
    const QString problem = textField(answer, "problem");
    return problem.isEmpty() ? said("the worker found none") : problem;
}

NcclFacts ncclOf(const nlohmann::json& answer) {
    const auto nccl = answer.find("nccl");
    if (nccl == answer.end() || !nccl->is_object()) return {};
    return {textField(*nccl, "version"), textField(*nccl, "problem")};
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
