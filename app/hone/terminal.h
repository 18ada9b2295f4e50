// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/client/client.h"

namespace hone::cli {

// Three significant digits, thousands apart: "1,234", "0.0461", "12.3".
std::string number(double value);
// "1 token", "1,204 tokens".
std::string counted(std::int64_t n, std::string_view noun);
// By the metric's unit: "155 tok/s", "113 ms", "271 MB", "88.0 %".
std::string figure(const std::string& metric, double value);
std::string bytes_text(double bytes);  // decimal units, as files are shown

// Columns aligned by their widest cell; the first column to the left, the others to the right. Widths count
// characters, not bytes.
std::string table(const std::vector<std::vector<std::string>>& rows);

void print_json(const nlohmann::json& document);
void print(std::string_view text);

// Progress, one line rewritten in place, only where stderr is a terminal; nothing otherwise. `verbose` also passes the workers' log on.
Observer progress_observer(bool verbose);
void clear_progress();

}  // namespace hone::cli
