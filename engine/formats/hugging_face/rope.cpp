// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/rope.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

#include "engine/core/error.h"
#include "engine/formats/hugging_face/config_keys.h"

namespace hone::hf {
namespace {

constexpr std::int64_t kMostPositions = std::int64_t{1} << 24;
constexpr const char *kTheta = "rope_theta", *kOriginal = "original_max_position_embeddings";

double positive(const JsonObject& object, std::string_view key) {
    const auto value = object.real(key);
    if (!value || !(*value > 0) || *value > 1e12)
        object.fail(key, "a number above 0, at most 1e12");
    return *value;
}

// The object that counts; empty where there is none. An empty one counts as absent, as in Python.
std::optional<JsonObject> counting(const JsonObject& config, std::vector<std::string>& notes) {
    auto old = config.object("rope_scaling"), now = config.object("rope_parameters");
    if (old && old->json().empty()) old.reset();
    if (now && now->json().empty()) now.reset();
    if (old && now && old->json() != now->json())
        notes.push_back(
            "config.json has both rope_scaling and rope_parameters, and they differ: rope_scaling "
            "counts, as "
            "in "
            "transformers 5");
    return old ? std::move(old) : std::move(now);
}

double read_theta(const JsonObject& config, const std::optional<JsonObject>& rope,
                  double default_theta, std::vector<std::string>& notes) {
    const bool inside = rope && rope->find(kTheta) != nullptr,
               beside = config.find(kTheta) != nullptr;
    if (!inside && !beside) {
        note_default(notes, kTheta, fmt::format("{}", default_theta));
        return default_theta;
    }
    const double theta = positive(inside ? *rope : config, kTheta);
    if (inside && beside && positive(config, kTheta) != theta)
        notes.push_back(
            fmt::format("config.json gives two bases for the rotation, {} and {}: {} counts, as in "
                        "transformers 5",
                        theta, positive(config, kTheta), theta));
    return theta;
}

Llama3Scaling read_llama3(const JsonObject& config, const JsonObject& rope, std::int64_t context,
                          std::vector<std::string>& notes) {
    for (const char* key : {"factor", "low_freq_factor", "high_freq_factor"}) {
        if (rope.find(key) == nullptr) rope.fail(key, "a number, for rope type llama3");
    }
    Llama3Scaling scaling;
    scaling.factor = positive(rope, "factor");
    scaling.low_freq_factor = positive(rope, "low_freq_factor");
    scaling.high_freq_factor = positive(rope, "high_freq_factor");
    // A value beside the object goes before one inside, and the model's context stands in for both.
    const auto beside = config.integer(kOriginal, 1, kMostPositions),
               inside = rope.integer(kOriginal, 1, kMostPositions);
    scaling.original_context = beside.value_or(inside.value_or(context));
    if (beside && inside && *beside != *inside)
        notes.push_back(
            fmt::format("config.json gives two original contexts, {} and {}: {} counts, as in "
                        "transformers 5",
                        *beside, *inside, *beside));
    if (!beside && !inside)
        notes.push_back(
            fmt::format("config.json does not say the context before scaling ({}): {}, that of the "
                        "model, stands in for it, as in transformers 5",
                        kOriginal, context));
    if (scaling.high_freq_factor <= scaling.low_freq_factor)
        rope.fail("high_freq_factor",
                  fmt::format("above low_freq_factor, {}", scaling.low_freq_factor));
    return scaling;
}

// Keys that transformers knows for some type; of a type that does not use them it leaves them out
// of its computation.
constexpr std::array<std::string_view, 12> kOtherKeys{
    "factor",   "low_freq_factor", "high_freq_factor", kOriginal,   "beta_fast",    "beta_slow",
    "truncate", "mscale",          "mscale_all_dim",   "finetuned", "short_factor", "long_factor"};

// Whatever else stands in the object: refused where it could change what is computed.
void check_others(const JsonObject& rope, const std::string& type) {
    constexpr std::array<std::string_view, 3> kLinear{"factor"};
    constexpr std::array<std::string_view, 4> kLlama3{"factor", "low_freq_factor",
                                                      "high_freq_factor", kOriginal};
    const auto among = [](const auto& keys, std::string_view key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    for (const auto& [key, value] : rope.json().items()) {
        if (value.is_null() || key == "rope_type" || key == "type" || key == kTheta) continue;
        if ((type == "linear" && among(kLinear, key)) || (type == "llama3" && among(kLlama3, key)))
            continue;
        if (key == "partial_rotary_factor" || key == "attention_factor") {
            if (value != 1)
                rope.fail(key, excerpt(value), "1: anything else is not supported",
                          Fault::unsupported);
            continue;
        }
        if (!among(kOtherKeys, key))
            rope.fail(key, excerpt(value), "no such key: Hone does not know what it changes",
                      Fault::unsupported);
    }
}

}  // namespace

std::vector<float> Llama3Scaling::factors(double theta, std::int64_t rotary_dim) const {
    const auto context = static_cast<double>(original_context);
    std::vector<float> result;
    for (std::int64_t i = 0; i < rotary_dim; i += 2) {
        const double wave =
            2 * std::numbers::pi *
            std::pow(theta, static_cast<double>(i) / static_cast<double>(rotary_dim));
        const double mix = std::clamp(
            (context / wave - low_freq_factor) / (high_freq_factor - low_freq_factor), 0.0, 1.0);
        result.push_back(static_cast<float>(1 / ((1 - mix) / factor + mix)));
    }
    return result;
}

RopeSettings read_rope(const JsonObject& config, std::int64_t context, double default_theta,
                       std::vector<std::string>& notes) {
    const std::optional<JsonObject> rope = counting(config, notes);
    RopeSettings settings;
    settings.theta = read_theta(config, rope, default_theta, notes);
    if (!rope) return settings;
    const char* key = rope->find("rope_type") != nullptr ? "rope_type" : "type";
    const std::string type = rope->text(key).value_or("default");
    if (type != "default" && type != "linear" && type != "llama3")
        rope->fail(key, excerpt(type),
                   "default, linear or llama3: no other rope scaling is supported",
                   Fault::unsupported);
    check_others(*rope, type);
    std::vector<std::string> unused;
    for (const std::string_view other : kOtherKeys) {
        const bool used = type == "llama3"
                              ? other.find("factor") != std::string_view::npos || other == kOriginal
                              : type == "linear" && other == "factor";
        if (!used && rope->find(other) != nullptr) unused.emplace_back(other);
    }
    if (!unused.empty())
        notes.push_back(
            fmt::format("config.json gives the rope type {} {}, which it does not use, as in "
                        "transformers",
                        type, fmt::join(unused, ", ")));
    if (type == "linear") {
        if (rope->find("factor") == nullptr) rope->fail("factor", "a number, for rope type linear");
        settings.linear_factor = positive(*rope, "factor");
    } else if (type == "llama3") {
        settings.llama3 = read_llama3(config, *rope, context, notes);
    }
    return settings;
}

}  // namespace hone::hf
