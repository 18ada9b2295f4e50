// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <nlohmann/json.hpp>
#include <string>

// Lists that the settings keep as JSON: [{"name": …, …}, …], the one that was written last first.
// What settings hold is as untrusted as a file.
namespace hone::ui::kept {

nlohmann::json read(const QString& key);  // null where it is not JSON
void put(const QString& key, const nlohmann::json& value);
nlohmann::json entryOf(const QString& key, const std::string& name);  // {} where there is none
// The `most` names that were written last stay.
void putEntry(const QString& key, const std::string& name, nlohmann::json entry, std::size_t most);
// What a checkpoint's entry is called: a file is the same whatever way led to it.
std::string nameOf(const QString& checkpoint);

}  // namespace hone::ui::kept
