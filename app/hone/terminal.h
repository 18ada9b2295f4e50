// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
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

// Columns aligned by their widest cell; the first `words` columns to the left, figures to the
// right. Cells are text of any origin: they are made printable, and shortened where they are longer
// than any figure or name has reason to be. Widths are a terminal's columns.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t words = 1);

// Columns of the terminal that standard output is; 100 where it is none.
std::size_t output_columns();

// As table(), in as many tables below each other as `columns` asks for: each begins with the first
// `keys` columns of the rows, and columns that belong together (`groups`, their numbers after the
// keys) stay together. One group is written whatever its width.
std::string folded_table(const std::vector<std::vector<std::string>>& rows, std::size_t keys,
                         const std::vector<std::size_t>& groups, std::size_t columns);

// A line of words in as many lines as `columns` asks for, with those after the first indented. A
// word that is wider has a line of its own.
std::string folded_line(std::string_view line, std::size_t columns);

// A name out of a file, printable, cut where it is longer than 80 columns.
std::string name_text(std::string_view name);

// Standard output cannot be written. Where nobody reads it any more (`| head`) there is nothing to
// tell.
class OutputLost : public std::runtime_error {
public:
    explicit OutputLost(int code);
    bool unread() const { return unread_; }

private:
    bool unread_;
};

// Writes to standard output, all of it. Throws OutputLost. A document is valid JSON, whatever bytes
// are in it.
void print_json(const nlohmann::json& document);
void print(std::string_view text);
// What a model said: a terminal gets it printable, a file or pipe to the byte.
void print_answer(std::string_view text);
// A line to standard error, printable; what cannot be written is lost, and nothing else happens.
void tell(std::string_view text) noexcept;

// Progress, one line rewritten in place, only where stderr is a terminal; nothing otherwise.
// `verbose` also passes the workers' log on.
Observer progress_observer(bool verbose);
void clear_progress();

// What was answered to a question of yes and no; nothing where standard input or standard error is
// no terminal, and nobody is asked.
std::optional<bool> asked(const std::string& question);

}  // namespace hone::cli
