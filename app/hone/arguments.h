// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/core/error.h"

// The library of the command line takes seconds to read: arguments.cpp and main.cpp alone do.
namespace CLI {
class App;
class Option;
class ParseError;
}  // namespace CLI

namespace hone::cli {

// A command below `app`.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help);
void require_command(CLI::App& app);                      // one below `app` must be named
void add_footer(CLI::App& app, const std::string& text);  // below the options of --help

// An option or argument of a command, to be told more of.
class Argument {
public:
    explicit Argument(CLI::Option* option) : option_(option) {}
    Argument& required();
    Argument& shows_default();                     // in --help: what the variable holds now
    Argument& shown_as(const std::string& value);  // in --help: "FILE"
    Argument& described_as(const std::string& help);
    Argument& rules_out(const Argument& other);
    Argument& exactly(int values);

private:
    CLI::Option* option_;
};
Argument argument_of(CLI::App& app, const std::string& name);  // one that was added

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

Argument add_whole_number(CLI::App& app, const std::string& name, Whole range,
                          const std::string& help, std::function<void(std::int64_t)> set,
                          std::function<std::int64_t()> get);
template <typename Number>
Argument add_whole(CLI::App& app, const std::string& name, Number& into, Whole range,
                   const std::string& help) {
    static_assert(std::is_integral_v<Number>);
    return add_whole_number(
        app, name, range, help,
        [&into](std::int64_t number) { into = static_cast<Number>(number); },
        [&into] { return static_cast<std::int64_t>(into); });
}
Argument add_switch(CLI::App& app, const std::string& name, bool& into, const std::string& help);
Argument add_real(CLI::App& app, const std::string& name, double& into, double low, double high,
                  const std::string& help);
Argument add_choice(CLI::App& app, const std::string& name, std::string& into,
                    std::vector<std::string> choices, const std::string& help);
Argument add_text(CLI::App& app, const std::string& name, std::string& into,
                  const std::string& help);
// Any number of them, from every place where the option stands.
Argument add_texts(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                   const std::string& help);
Argument add_path(CLI::App& app, const std::string& name, std::filesystem::path& into,
                  const std::string& help);
// Throws on what was caught. Errors of the place that is written to know "output file" and not the
// option that named it: they get its name.
[[noreturn]] void rethrow_naming(const std::string& option, const Error& error);
// Numbers of stored runs.
Argument add_runs_argument(CLI::App& app, std::vector<std::int64_t>& into);
// The same for as many as are typed. The parser's own lists take "[1,2]" apart and stop at "--", so
// it is given one number alone; take_more_runs, once `app` is parsed, appends what was left over.
Argument add_many_runs_argument(CLI::App& app, std::vector<std::int64_t>& into);
// Throws Error, as the parser's own complaints are told, where something is no number.
void take_more_runs(const CLI::App& app, std::vector<std::int64_t>& into);

// Looks at what was typed before it is parsed: bytes that are not UTF-8, and "--option=" without a
// value, are refused. Throws Error.
void check_arguments(const CLI::App& app, const std::vector<std::string>& arguments);

// What the parser found wrong, with the option's name and what was typed.
ErrorDetails parse_problem(const CLI::App& app, const CLI::ParseError& error);

}  // namespace hone::cli
