// SPDX-License-Identifier: Apache-2.0
#include "app/hone/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/letter_case.h"
#include "engine/base/utf8.h"

namespace hone::cli {
namespace {

std::string in_quotes(const std::string& text) {
    return "'" + text + "'";
}

[[noreturn]] void refuse(const std::string& option, const std::string& typed,
                         const std::string& expected, const std::string& action = {}) {
    ErrorDetails details{"", "", option, in_quotes(typed), expected, Fault::argument};
    details.summary = "The value of " + option + " cannot be used.";
    details.action = action;
    throw Error(std::move(details));
}

// A single value of text. Another option of the same command where a value should be is a value
// that was forgotten.
const std::string& value_of(const CLI::App& app, const std::string& name,
                            const std::string& typed) {
    if (typed.empty()) refuse(name, typed, "something that is not empty");
    if (typed.size() > 2 && typed.starts_with("--") && app.get_option_no_throw(typed) != nullptr)
        refuse(name, typed, "a value", "For a file of that name, write ./" + typed + ".");
    return typed;
}

// The command whose arguments were being parsed, as it is called: "hone runs show".
const CLI::App& deepest(const CLI::App& app, std::string& name) {
    const CLI::App* command = &app;
    name = "hone";
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
        name += " " + command->get_name();
    }
    return *command;
}

std::string subcommands_of(const CLI::App& app) {
    std::string text;
    for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; }))
        if (each->get_group() != "") text += (text.empty() ? "" : ", ") + each->get_name();
    return text;
}

bool is_option_name(const CLI::App& app, const std::string& name) {
    if (app.get_option_no_throw(name) != nullptr) return true;
    const auto below = app.get_subcommands([](const CLI::App*) { return true; });
    return std::any_of(below.begin(), below.end(),
                       [&name](const CLI::App* each) { return is_option_name(*each, name); });
}

// An option that is known but cannot be used as it was. The parser's text begins with its name.
void misused(ErrorDetails& details, const CLI::App& command, const CLI::ParseError& error) {
    const std::string text = error.what();
    const bool converted = dynamic_cast<const CLI::ConversionError*>(&error) != nullptr;
    const std::size_t at = converted ? text.find("--") : 0;
    details.field =
        at == std::string::npos ? "argument" : text.substr(at, text.find_first_of(": ,=", at) - at);
    const CLI::Option* option = command.get_option_no_throw(details.field);
    const std::size_t count = option == nullptr ? 0 : option->count();
    details.summary = details.field + " cannot be used like this.";
    if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) {
        details.found = "another option beside it that rules it out";
        details.expected =
            "one of " + text.substr(0, text.find(' ')) + " and " + text.substr(text.rfind(' ') + 1);
    } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
        details.found = count == 0 ? "nothing" : fmt::format("{} values", count);
        details.expected = option == nullptr ? "a value"
                           : option->get_items_expected_min() > 1
                               ? fmt::format("{} values", option->get_items_expected_min())
                               : "one value";
    } else {
        details.found = "a value";
        details.expected = "none: it is a switch";
    }
}

// One that no option and no argument of `command` ("hone runs show") takes.
ErrorDetails unexpected_argument(const std::string& command, const std::string& typed) {
    ErrorDetails details{"",
                         "",
                         "argument",
                         in_quotes(typed),
                         "an option or argument of " + command,
                         Fault::argument};
    details.summary = "One argument is too many, or unknown.";
    details.action = "See " + command + " --help.";
    if (typed.starts_with('-') && !typed.starts_with("--"))
        details.action += " A file of that name is written ./" + typed + ".";
    return details;
}

std::int64_t run_number(const std::string& typed) {
    constexpr std::int64_t kMost = std::int64_t{1} << 53;  // what JSON's readers hold exactly
    return whole_number("RUN", typed, 1, kMost);
}

}  // namespace

std::int64_t whole_number(const std::string& option, const std::string& typed, std::int64_t low,
                          std::int64_t high) {
    std::int64_t number = 0;
    const char* const end = typed.data() + typed.size();
    const auto read = std::from_chars(typed.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number < low || number > high)
        refuse(option, typed, fmt::format("a whole number from {} to {}", low, high));
    return number;
}

double real_number(const std::string& option, const std::string& typed, double low, double high) {
    double number = 0;
    const char* const end = typed.data() + typed.size();
    const auto read = std::from_chars(typed.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || !std::isfinite(number) || number < low ||
        number > high)
        refuse(option, typed, fmt::format("a number from {} to {}", low, high));
    return number;
}

std::string one_of(const std::string& option, const std::string& typed,
                   const std::vector<std::string>& choices) {
    const auto found = std::find_if(choices.begin(), choices.end(),
                                    [wanted = lower_case(typed)](const std::string& each) {
                                        return lower_case(each) == wanted;
                                    });
    if (found == choices.end())
        refuse(option, typed, fmt::format("one of {}", fmt::join(choices, ", ")));
    return *found;
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help) {
    return app.add_subcommand(name, help);
}

void require_command(CLI::App& app) {
    app.require_subcommand(1);
}

void add_footer(CLI::App& app, const std::string& text) {
    app.footer(text);
}

Argument argument_of(CLI::App& app, const std::string& name) {
    return Argument(app.get_option(name));
}

Argument& Argument::required() {
    option_->required();
    return *this;
}

Argument& Argument::shows_default() {
    option_->capture_default_str();
    return *this;
}

Argument& Argument::shown_as(const std::string& value) {
    option_->type_name(value);
    return *this;
}

Argument& Argument::described_as(const std::string& help) {
    option_->description(help);
    return *this;
}

Argument& Argument::rules_out(const Argument& other) {
    option_->excludes(other.option_);
    return *this;
}

Argument& Argument::exactly(int values) {
    option_->expected(values);
    return *this;
}

Argument add_whole_number(CLI::App& app, const std::string& name, Whole range,
                          const std::string& help, std::function<void(std::int64_t)> set,
                          std::function<std::int64_t()> get) {
    CLI::Option* option = app.add_option(
        name,
        [set = std::move(set), name, range](const CLI::results_t& typed) {
            set(whole_number(name, typed.front(), range.low, range.high));
            return true;
        },
        help, false, [get = std::move(get)] { return std::to_string(get()); });
    return Argument(option->expected(1)->type_name("NUMBER"));
}

Argument add_switch(CLI::App& app, const std::string& name, bool& into, const std::string& help) {
    return Argument(app.add_flag(name, into, help));
}

Argument add_real(CLI::App& app, const std::string& name, double& into, double low, double high,
                  const std::string& help) {
    CLI::Option* option = app.add_option(
        name,
        [&into, name, low, high](const CLI::results_t& typed) {
            into = real_number(name, typed.front(), low, high);
            return true;
        },
        help, false, [&into] { return fmt::format("{}", into); });
    return Argument(option->expected(1)->type_name("NUMBER"));
}

Argument add_choice(CLI::App& app, const std::string& name, std::string& into,
                    std::vector<std::string> choices, const std::string& help) {
    const std::string names = fmt::format("{}", fmt::join(choices, "|"));
    const std::string shown = name.substr(0, name.find(','));
    CLI::Option* option = app.add_option(
        name,
        [&into, shown, listed = std::move(choices)](const CLI::results_t& typed) {
            into = one_of(shown, typed.front(), listed);
            return true;
        },
        help, false, [&into] { return into; });
    return Argument(option->expected(1)->type_name(names));
}

Argument add_text(CLI::App& app, const std::string& name, std::string& into,
                  const std::string& help) {
    CLI::Option* option = app.add_option(
        name,
        [&app, &into, name](const CLI::results_t& typed) {
            into = value_of(app, name, typed.front());
            return true;
        },
        help, false, [&into] { return into; });
    return Argument(option->expected(1)->type_name("TEXT"));
}

Argument add_texts(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                   const std::string& help) {
    // The parser takes "[a,b]" apart where a value goes into a list, or where an option takes any
    // number of them.
    constexpr int kMany = 1 << 20;
    CLI::Option* option = app.add_option(
        name,
        [&app, &into, name](const CLI::results_t& typed) {
            into.clear();
            for (const std::string& each : typed) into.push_back(value_of(app, name, each));
            return true;
        },
        help, false, [&into] { return fmt::format("{}", fmt::join(into, " ")); });
    return Argument(option->expected(1, kMany)->type_name("TEXT ...")->take_all());
}

Argument add_path(CLI::App& app, const std::string& name, std::filesystem::path& into,
                  const std::string& help) {
    CLI::Option* option = app.add_option(
        name,
        [&app, &into, name](const CLI::results_t& typed) {
            into = value_of(app, name, typed.front());
            return true;
        },
        help);
    return Argument(option->expected(1)->type_name("FILE"));
}

void rethrow_naming(const std::string& option, const Error& error) {
    ErrorDetails details = error.details();
    if (!details.field.starts_with("output ")) throw;
    details.field = option;
    details.message.clear();  // made anew, with the field
    throw Error(std::move(details));
}

Argument add_runs_argument(CLI::App& app, std::vector<std::int64_t>& into) {
    CLI::Option* option = app.add_option(
        "RUN",
        [&into](const CLI::results_t& typed) {
            into.clear();
            for (const std::string& each : typed) into.push_back(run_number(each));
            return true;
        },
        "The number of a stored run (hone runs list)");
    return Argument(option->expected(1)->type_name("NUMBER"));
}

Argument add_many_runs_argument(CLI::App& app, std::vector<std::int64_t>& into) {
    app.allow_extras();
    return add_runs_argument(app, into).shown_as("NUMBER ...");
}

void take_more_runs(const CLI::App& app, std::vector<std::int64_t>& into) {
    for (const std::string& each : app.remaining()) {
        if (each == "--") continue;
        if (each.starts_with("--"))
            throw Error(unexpected_argument("hone runs " + app.get_name(), each));
        into.push_back(run_number(each));
    }
}

void check_arguments(const CLI::App& app, const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
        if (valid_utf8_prefix(argument) != argument.size()) {
            ErrorDetails details{
                "", "", "argument", in_quotes(argument), "text in UTF-8", Fault::argument};
            details.summary = "An argument is not UTF-8, and Hone keeps names as UTF-8 only.";
            details.action = "Rename the file, or link to it under another name.";
            throw Error(std::move(details));
        }
        if (argument == "--") return;
        if (!argument.starts_with("--") || !argument.ends_with('=')) continue;
        const std::string name = argument.substr(0, argument.size() - 1);
        if (is_option_name(app, name)) refuse(name, "", "something that is not empty");
    }
}

ErrorDetails parse_problem(const CLI::App& app, const CLI::ParseError& error) {
    std::string name;
    const CLI::App& command = deepest(app, name);
    ErrorDetails details;
    details.fault = Fault::argument;
    details.action = "See " + name + " --help.";
    std::vector<std::string> extra = app.remaining(true);
    std::erase(extra, "--json");  // it is answered in JSON all the same
    const auto* forgotten = dynamic_cast<const CLI::RequiredError*>(&error);
    const auto options =
        command.get_options([](const CLI::Option* each) { return each->get_required(); });
    const auto missing = std::find_if(options.begin(), options.end(),
                                      [](const CLI::Option* each) { return each->count() == 0; });
    if (!extra.empty() && command.get_require_subcommand_min() == 0) {
        details = unexpected_argument(name, extra.front());
    } else if (!extra.empty()) {
        details.summary = "There is no such command.";
        details.field = "command";
        details.found = in_quotes(extra.front());
        details.expected = "one of " + subcommands_of(command);
    } else if (forgotten != nullptr && missing != options.end()) {
        details.summary = (*missing)->get_name() + " is missing.";
        details.field = (*missing)->get_name();
        details.found = "nothing";
        details.expected = (*missing)->get_description();
    } else if (forgotten != nullptr) {
        details.summary = "A command is missing.";
        details.field = "command";
        details.found = "nothing";
        details.expected = "one of " + subcommands_of(command);
    } else {
        misused(details, command, error);
    }
    return Error(std::move(details)).details();
}

}  // namespace hone::cli
