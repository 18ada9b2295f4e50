// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/engaged_text.h"

#include <QCoreApplication>
#include <QStringList>
#include <nlohmann/json.hpp>

#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

QString techniqueTitle(const std::string& id, const Registry& registry) {
    const Descriptor* technique = registry.find(id);
    return technique == nullptr
               ? plainLine(id)
               : QString::fromUtf8(technique->title.data(),
                                   static_cast<qsizetype>(technique->title.size()));
}

QString countedText(const std::string& technique, const nlohmann::json& evidence,
                    const Registry& registry) {
    if (!evidence.is_object()) return {};
    // Runs of earlier versions named one counter.
    nlohmann::json counters = evidence.value("counters", nlohmann::json::object());
    if (!counters.is_object()) counters = nlohmann::json::object();
    const nlohmann::json one = evidence.value("counter", nlohmann::json());
    if (counters.empty() && one.is_string() && one != "")
        counters[one.get<std::string>()] = evidence.value("value", nlohmann::json(0.0));
    QStringList parts;
    for (const auto& [name, value] : counters.items()) {
        if (!value.is_number()) continue;
        const std::string title(counter_title(registry, technique, name));
        parts.append(
            QStringLiteral("%1: %2").arg(plainLine(title), formatExact(value.get<double>())));
    }
    return parts.join(QStringLiteral(", "));
}

QString engagedText(const nlohmann::json& evidence) {
    const nlohmann::json engaged =
        evidence.is_object() ? evidence.value("engaged", nlohmann::json()) : nlohmann::json();
    if (!engaged.is_boolean()) return {};
    return engaged.get<bool>() ? QCoreApplication::translate("Engaged", "engaged")
                               : QCoreApplication::translate("Engaged", "did not engage");
}

}  // namespace hone::ui
