// SPDX-License-Identifier: Apache-2.0
#include "app/hone/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <iostream>

#include "engine/base/printable.h"
#include "engine/base/text_width.h"
#include "profiler/statistics/metrics.h"

namespace hone::cli {
namespace {

constexpr std::size_t kWidestCell = 400, kWidestName = 80;
constexpr std::size_t kColumns = 100, kFewestColumns = 40;  // of output that is no terminal
constexpr std::string_view kGap = "   ";                    // between a table's columns

// 0, or why not all of it could be written.
int write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(descriptor, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            pollfd wait{descriptor, POLLOUT, 0};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

std::string with_thousands(std::string digits) {
    for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3;
         at > (digits[0] == '-' ? 1 : 0); at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

bool shows_progress() {
    return isatty(STDERR_FILENO) == 1;
}

using Rows = std::vector<std::vector<std::string>>;

Rows shown_cells(const Rows& rows) {
    Rows cells;
    for (const auto& row : rows) {
        cells.emplace_back();
        for (const std::string& cell : row)
            cells.back().push_back(shortened(printable(cell), kWidestCell));
    }
    return cells;
}

std::vector<std::size_t> column_widths(const Rows& cells) {
    std::vector<std::size_t> widths;
    for (const auto& row : cells) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], text_width(row[i]));
    }
    return widths;
}

}  // namespace

std::string number(double value) {
    if (!std::isfinite(value)) return "—";
    if (value == 0) return "0";
    const double magnitude = std::floor(std::log10(std::abs(value)));
    if (magnitude >= 2) return with_thousands(fmt::format("{:.0f}", value));
    if (magnitude < -4) return fmt::format("{:.2e}", value);
    return fmt::format("{:.{}f}", value, static_cast<int>(2 - magnitude));
}

std::string counted(std::int64_t n, std::string_view noun) {
    return fmt::format("{} {}{}", with_thousands(std::to_string(n)), noun, n == 1 ? "" : "s");
}

std::string bytes_text(double bytes) {
    constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    int unit = 0;
    while (std::abs(bytes) >= 1000 && unit < 4) {
        bytes /= 1000;
        ++unit;
    }
    return number(bytes) + " " + kUnits[unit];
}

std::string figure(const std::string& metric, double value) {
    const profiler::MetricDefinition* definition = profiler::find_metric(metric);
    const std::string_view unit = definition == nullptr ? std::string_view() : definition->unit;
    if (unit == "bytes") return bytes_text(value);
    if (unit == "B/s") return bytes_text(value) + "/s";
    if (unit == "share") return number(value * 100) + " %";
    if (unit == "s") return value < 1 ? number(value * 1000) + " ms" : number(value) + " s";
    return unit.empty() ? number(value) : number(value) + " " + std::string(unit);
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t words) {
    const std::vector<std::vector<std::string>> cells = shown_cells(rows);
    const std::vector<std::size_t> widths = column_widths(cells);
    std::string text;
    for (const auto& row : cells) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - text_width(row[i]), ' ');
            line += (i == 0 ? "" : std::string(kGap)) +
                    (i < words ? row[i] + padding : padding + row[i]);
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

std::size_t output_columns() {
    winsize size{};
    if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
        size.ws_col == 0)
        return kColumns;
    return std::max<std::size_t>(size.ws_col, kFewestColumns);
}

std::string folded_table(const Rows& rows, std::size_t keys, const std::vector<std::size_t>& groups,
                         std::size_t columns) {
    const std::vector<std::size_t> widths = column_widths(shown_cells(rows));
    const auto width = [&widths](std::size_t begin, std::size_t end) {
        std::size_t sum = 0;
        for (std::size_t i = begin; i < std::min(end, widths.size()); ++i)
            sum += widths[i] + kGap.size();
        return sum;
    };
    std::string text;
    std::size_t begin = keys;
    for (std::size_t group = 0; group < groups.size();) {
        std::size_t end = begin + groups[group++];
        while (group < groups.size() &&
               width(0, keys) + width(begin, end + groups[group]) <= columns + kGap.size())
            end += groups[group++];
        Rows part;
        for (const auto& row : rows) {
            const auto at = [&row](std::size_t i) {
                return row.begin() + static_cast<std::ptrdiff_t>(std::min(i, row.size()));
            };
            part.emplace_back(row.begin(), at(keys));
            part.back().insert(part.back().end(), at(begin), at(end));
        }
        text += (text.empty() ? "" : "\n") + table(part);
        begin = end;
    }
    return text;
}

std::string folded_line(std::string_view line, std::size_t columns) {
    std::string text, current;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        const std::string word(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
        if (!current.empty() && text_width(current) + 1 + text_width(word) > columns) {
            text += current + "\n";
            current = "  " + word;
        } else {
            current += (current.empty() ? "" : " ") + word;
        }
    }
    return text + current;
}

std::string name_text(std::string_view name) {
    return shortened(printable(name), kWidestName);
}

OutputLost::OutputLost(int code)
    : std::runtime_error(
          code == ENOSPC ? "The output could not be written: the disk is full."
          : code == EFBIG
              ? "The output could not be written: the file is as large as the system allows."
          : code == EBADF
              ? "The output could not be written: standard output is closed."
              : std::string("The output could not be written: ") + std::strerror(code) + "."),
      unread_(code == EPIPE) {}

void print_json(const nlohmann::json& document) {
    print(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void print(std::string_view text) {
    const int failed = write_all(STDOUT_FILENO, text);
    if (failed != 0) throw OutputLost(failed);
}

void print_answer(std::string_view text) {
    static const bool kTerminal = isatty(STDOUT_FILENO) == 1;
    if (kTerminal)
        print(printable_lines(text));
    else
        print(text);
}

void tell(std::string_view text) noexcept {
    try {
        write_all(STDERR_FILENO, printable_lines(text) + "\n");
    } catch (...) {
        write_all(STDERR_FILENO, "hone: no memory is left to say what went wrong\n");
    }
}

Observer progress_observer(bool verbose) {
    Observer observer;
    if (shows_progress()) {
        observer.progress = [](const LiveProgress& progress) {
            std::string line = progress.phase;
            if (!progress.detail.empty()) line += " · " + progress.detail;
            if (progress.fraction >= 0)
                line = fmt::format("{:3.0f} %  {}", progress.fraction * 100, line);
            write_all(STDERR_FILENO, "\r\033[K" + shortened(printable(line), kWidestName));
        };
    }
    if (verbose) observer.log = [](std::string_view line) { tell(line); };
    return observer;
}

std::optional<bool> asked(const std::string& question) {
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) return std::nullopt;
    write_all(STDERR_FILENO, printable(question) + " [y/N] ");
    std::string answer;
    if (!std::getline(std::cin, answer)) write_all(STDERR_FILENO, "\n");
    return answer == "y" || answer == "Y" || answer == "yes";
}

void clear_progress() {
    if (shows_progress()) write_all(STDERR_FILENO, "\r\033[K");
}

}  // namespace hone::cli
