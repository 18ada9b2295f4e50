// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/schema_text.h"

#include <QCoreApplication>
#include <QStringList>

#include "ui/theme/plain_text.h"

namespace hone::ui {

namespace {

// As `OnlyWhen::value` writes it: "true", "64", "nm".
std::string plainValue(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

QString withUnit(const QString& number, std::string_view unit) {
    return unit.empty() ? number : number + QChar(0x00A0) + text(unit);
}

QString flagText(const Option& option, bool on) {
    const QString label = text(option.label);
    return on ? label : QCoreApplication::translate("OptionText", "%1: off").arg(label);
}

}  // namespace

QString text(std::string_view utf8) {
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

QString wrappedTip(const QString& text) {
    return plainTip(text);
}

bool applies(const Option& option, const nlohmann::json& options) {
    if (!option.only_when) return true;
    const auto other = options.find(std::string(option.only_when->key));
    return other == options.end() || plainValue(*other) == option.only_when->value;
}

QString valueText(const Option& option, const nlohmann::json& value) {
    if (const auto* choice = std::get_if<Choice>(&option.type))
        for (const ChoiceItem& item : choice->items)
            if (value == item.id) return text(item.label);
    if (const auto* whole = std::get_if<Integer>(&option.type); whole && value.is_number())
        return withUnit(QString::number(value.get<std::int64_t>()), whole->unit);
    if (const auto* real = std::get_if<Real>(&option.type); real && value.is_number())
        return withUnit(QString::number(value.get<double>()), real->unit);
    if (std::holds_alternative<Flag>(option.type) && value.is_boolean())
        return value.get<bool>() ? QCoreApplication::translate("OptionText", "on")
                                 : QCoreApplication::translate("OptionText", "off");
    return QString::fromStdString(plainValue(value));
}

QString optionsText(const Descriptor& descriptor, const nlohmann::json& options,
                    const ValueLists& lists) {
    QStringList parts;
    for (const Option& option : descriptor.options) {
        const std::string key(option.key);
        const auto value = options.find(key);
        if (value == options.end() || !applies(option, options)) continue;
        const bool flag = std::holds_alternative<Flag>(option.type);
        const bool leading = &option == &descriptor.options.front() && !flag;
        if (const auto list = lists.find(key); list != lists.end()) {
            QStringList values;
            for (const nlohmann::json& each : list->second) values += valueText(option, each);
            const QString all = values.join(QStringLiteral(", "));
            parts += leading ? all : QStringLiteral("%1: %2").arg(text(option.label), all);
        } else if (leading) {
            parts += valueText(option, *value);
        } else if (*value != default_value(option)) {
            parts +=
                flag && value->is_boolean()
                    ? flagText(option, value->get<bool>())
                    : QStringLiteral("%1: %2").arg(text(option.label), valueText(option, *value));
        }
    }
    return parts.join(QStringLiteral(" · "));
}

}  // namespace hone::ui
