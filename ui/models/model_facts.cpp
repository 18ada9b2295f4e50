// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/model_facts.h"

#include <QCoreApplication>
#include <nlohmann/json.hpp>

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

}  // namespace

ModelFacts::ModelFacts(const std::optional<messages::InspectReply>& inspected) {
    if (!inspected) return;
    open = true;
    name = plainLine(text(inspected->name));
    source = text(inspected->source);
    architecture = plainLine(text(inspected->architecture));
    parameters = static_cast<double>(inspected->parameters);
    bytes = static_cast<double>(inspected->bytes);
    contextLength = static_cast<double>(inspected->context_length.value_or(0));
    kvBytesPerToken = static_cast<double>(inspected->kv_bytes_per_token.value_or(0));
    synthetic = inspected->synthetic;
    supported = inspected->supported;
    unsupportedReason = plainLine(text(inspected->unsupported_reason));
    std::int64_t most = -1;
    for (const auto& [type, size] : inspected->types) {
        types << text(type);
        if (size <= most) continue;
        most = size;
        mainType = text(type);
    }
}

QString targetText(const Target& target, const nlohmann::json& environment,
                   const DevicesAnswer& devices) {
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
