// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace hone {

// Where a technique acts. Two techniques of a recipe may share a slot unless they conflict.
enum class Slot : std::uint8_t {
    weights,
    activations,
    attention,
    kv_cache,
    batching,
    precision,
    tokenization,
    placement,
    training
};
std::string_view slot_id(Slot slot);     // "kv_cache": JSON
std::string_view slot_title(Slot slot);  // "KV cache": people

struct Flag {
    bool fallback;
};
struct Integer {
    std::int64_t low, high, fallback, step;
    std::string_view unit;  // "tokens", or empty
};
struct Real {
    double low, high, fallback, step;
    int decimals;  // shown in forms
    std::string_view unit;
};
struct ChoiceItem {
    std::string_view id, label;
};
struct Choice {
    std::span<const ChoiceItem> items;
    std::string_view fallback;  // an id
};

// Shown only while another option of the same technique has this value; it keeps its value (and is
// ignored) otherwise.
struct OnlyWhen {
    std::string_view key, value;
};

struct Option {
    std::string_view key, label, help;
    std::variant<Flag, Integer, Real, Choice> type;
    std::optional<OnlyWhen> only_when = std::nullopt;
    bool in_label = false;  // part of a recipe's short name even where it has its default
};

struct Conflict {
    std::string_view technique;  // id of the other
    std::string_view reason;     // one sentence for a person
};

// What tests of every technique use besides its defaults, so that no test knows its options.
// "key=value key=value".
struct Trial {
    std::string_view small =
        {};  // with which a model of two layers and prompts of some twenty tokens show it at work
    std::span<const std::string_view> variants =
        {};  // what counts something else, or runs through other code
};

// A figure of the run that moves where the technique acts (CounterUse), as screens name it: "int8
// products".
struct Counted {
    std::string_view id, title;
};

enum class Stage : std::uint8_t { transforms_weights, configures_run, configures_training };

// One optimisation as plain data: what the window, the command line, recipes and docs are made
// from.
struct Descriptor {
    std::string_view id;       // command-line prefix and database key: never renamed
    std::string_view title;    // "Quantise weights"
    std::string_view summary;  // one line under the title
    std::string_view source;   // paper and section, or where it is defined
    Slot slot;
    Stage stage;
    std::span<const Option> options = {};
    std::span<const Conflict> conflicts = {};  // declared on either side
    // Key of the whole-number option that says how many sequences a workload needs before the
    // technique can show anything; empty where one is enough. Clients choose their default
    // concurrency by it.
    std::string_view sequences = {};
    // Ids of figures that every run has and that are of interest where a recipe has this technique.
    std::span<const std::string_view> metrics = {};
    std::span<const Counted> counters = {};  // that any of its options asks for
    Trial trial = {};
};

// The techniques a front end knows: a value, so that tests can add one.
class Registry {
public:
    explicit Registry(std::span<const Descriptor> descriptors) : descriptors_(descriptors) {}
    std::span<const Descriptor> descriptors() const { return descriptors_; }
    const Descriptor* find(std::string_view id) const;
    // Why the two cannot be used together; empty where they can. Symmetric.
    std::string_view conflict(std::string_view a, std::string_view b) const;

private:
    std::span<const Descriptor> descriptors_;
};

const Registry& builtin_registry();

nlohmann::json default_value(const Option& option);
nlohmann::json default_options(const Descriptor& descriptor);  // {key: value} of every option

// Fills in defaults and checks every value against its type and range. Throws Error naming
// "technique.option", found and expected.
nlohmann::json complete_options(const Descriptor& descriptor, const nlohmann::json& options);

// From the command line's or a form's text ("int8", "0.5", "true"). Throws Error as
// complete_options.
nlohmann::json parse_value(const Descriptor& descriptor, const Option& option,
                           std::string_view text);

// `options` with "key=value key=value" set. Throws Error as parse_value, and for a key that the
// technique lacks.
nlohmann::json with_settings(const Descriptor& descriptor, nlohmann::json options,
                             std::string_view settings);

// What a person calls the counter `id` of the technique; the id where the registry knows no such
// technique or counter, as in runs that another version stored.
std::string_view counter_title(const Registry& registry, std::string_view technique,
                               std::string_view id);

nlohmann::json to_json(const Registry& registry);  // as `hone techniques --json`

}  // namespace hone
