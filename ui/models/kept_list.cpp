// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/kept_list.h"

#include <QFileInfo>
#include <QSettings>

namespace hone::ui::kept {

namespace {

using nlohmann::json;

json list(const QString& key) {
    json all = read(key);
    return all.is_array() ? all : json::array();
}

bool isOf(const json& entry, const std::string& name) {
    return entry.is_object() && entry.contains("name") && entry["name"] == name;
}

}  // namespace

json read(const QString& key) {
    return json::parse(QSettings().value(key).toByteArray().toStdString(), nullptr, false);
}

void put(const QString& key, const json& value) {
    const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
    QSettings().setValue(key, QByteArray::fromStdString(text));
}

json entryOf(const QString& key, const std::string& name) {
    for (const json& entry : list(key))
        if (isOf(entry, name)) return entry;
    return json::object();
}

void putEntry(const QString& key, const std::string& name, json entry, std::size_t most) {
    json all = list(key), kept = json::array();
    entry["name"] = name;
    kept.push_back(std::move(entry));
    for (const json& other : all)
        if (!isOf(other, name) && kept.size() < most) kept.push_back(other);
    put(key, kept);
}

std::string nameOf(const QString& checkpoint) {
    const bool file = !checkpoint.isEmpty() && !checkpoint.startsWith(QLatin1String("synthetic:"));
    return (file ? QFileInfo(checkpoint).absoluteFilePath() : checkpoint).toStdString();
}

}  // namespace hone::ui::kept
