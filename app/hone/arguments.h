// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/core/error.h"

namespace hone::cli {

// Options that check what was typed themselves: what cannot be used is an Error that names the
// option, what was typed (not what a conversion made of it) and what may stand there. Nothing
// empty, and no other option's name, is ever taken for a value.

// A whole number in decimal digits.
std::int64_t whole_number(const std::string& option, const std::string& typed, std::int64_t low,
                          std::int64_t high);
// A number in decimal, finite.
double real_number(const std::string& option, const std::string& typed, double low, double high);
// One of `choices`, typed in any case; returned as it is written there.
std::string one_of(const std::string& option, const std::string& typed,
                   const std::vector<std::string>& choices);

struct Whole {
    std::int64_t low, high;
};

template <typename Number>
CLI::Option* add_whole(CLI::App& app, const std::string& name, Number& into, Whole range,
                       const std::string& help) {
    static_assert(std::is_integral_v<Number>);
    CLI::Option* option = app.add_option(
        name,
        [&into, name, range](const CLI::results_t& typed) {
            into = static_cast<Number>(whole_number(name, typed.front(), range.low, range.high));
            return true;
        },
        help, false, [&into] { return std::to_string(into); });
    return option->expected(1)->type_name("NUMBER");
}
CLI::Option* add_real(CLI::App& app, const std::string& name, double& into, double low, double high,
                      const std::string& help);
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& into,
                        std::vector<std::string> choices, const std::string& help);
CLI::Option* add_text(CLI::App& app, const std::string& name, std::string& into,
                      const std::string& help);
CLI::Option* add_texts(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                       const std::string& help);
CLI::Option* add_path(CLI::App& app, const std::string& name, std::filesystem::path& into,
                      const std::string& help);
// Throws on what was caught. Errors of the place that is written to know "output file" and not the
// option that named it: they get its name.
[[noreturn]] void rethrow_naming(const std::string& option, const Error& error);
// Numbers of stored runs.
CLI::Option* add_runs_argument(CLI::App& app, std::vector<std::int64_t>& into);
// The same for as many as are typed. The parser's own lists take "[1,2]" apart and stop at "--", so
// it is given one number alone; take_more_runs, once `app` is parsed, appends what was left over.
CLI::Option* add_many_runs_argument(CLI::App& app, std::vector<std::int64_t>& into);
// Throws Error, as the parser's own complaints are told, where something is no number.
void take_more_runs(const CLI::App& app, std::vector<std::int64_t>& into);

// Looks at what was typed before it is parsed: bytes that are not UTF-8, and "--option=" without a
// value, are refused. Throws Error.
void check_arguments(const CLI::App& app, const std::vector<std::string>& arguments);

// What the parser found wrong, with the option's name and what was typed.
ErrorDetails parse_problem(const CLI::App& app, const CLI::ParseError& error);

}  // namespace hone::cli
