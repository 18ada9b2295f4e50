// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/model_facts.h"

#include <QCoreApplication>

#include "ui/models/device_facts.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

namespace {

QString textField(const nlohmann::json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? text(it->get<std::string>()) : QString();
}

double numberField(const nlohmann::json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_number() ? it->get<double>() : 0;
}

bool flagField(const nlohmann::json& json, const char* key, bool fallback) {
    const auto it = json.find(key);
    return it != json.end() && it->is_boolean() ? it->get<bool>() : fallback;
}

}  // namespace

ModelFacts::ModelFacts(const nlohmann::json& inspected) {
    if (!inspected.is_object()) return;
    open = true;
    name = plainLine(textField(inspected, "name"));
    source = textField(inspected, "source");
    architecture = plainLine(textField(inspected, "architecture"));
    parameters = numberField(inspected, "parameters");
    bytes = numberField(inspected, "bytes");
    contextLength = numberField(inspected, "context_length");
    kvBytesPerToken = numberField(inspected, "kv_bytes_per_token");
    synthetic = flagField(inspected, "synthetic", false);
    supported = flagField(inspected, "supported", true);
    unsupportedReason = plainLine(textField(inspected, "unsupported_reason"));
    const auto byType = inspected.find("types");
    if (byType == inspected.end() || !byType->is_object()) return;
    double most = -1;
    for (const auto& [type, size] : byType->items()) {
        types << text(type);
        if (!size.is_number() || size.get<double>() <= most) continue;
        most = size.get<double>();
        mainType = text(type);
    }
}

QString targetText(const Target& target, const nlohmann::json& environment,
                   const nlohmann::json& devices) {
    QStringList parts{text(target.device)};
    // The environment describes what targets have by default.
    if (target.device != Target().device) {
        if (const auto device = deviceOf(devices, parts.front())) parts << device->name;
        return parts.join(QStringLiteral(" · "));
    }
    int threads = target.threads;
    if (threads == 0 && environment.is_object())
        threads = static_cast<int>(numberField(environment, "physical_cores"));
    if (threads > 0)
        parts << (threads == 1 ? QCoreApplication::translate("Target", "1 thread")
                               : QCoreApplication::translate("Target", "%1 threads").arg(threads));
    if (environment.is_object()) {
        const QString isa = textField(environment, "isa");
        if (!isa.isEmpty()) parts << isa;
    }
    return parts.join(QStringLiteral(" · "));
}

}  // namespace hone::ui
