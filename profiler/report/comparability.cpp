// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/comparability.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>

namespace hone::profiler {
namespace {

using Json = nlohmann::json;

Json at(const Json& object, const char* key) {
    return object.is_object() && object.contains(key) ? object[key] : Json();
}

std::string words(const Json& value) {
    if (value.is_null()) return "unknown";
    return value.is_string() ? value.get<std::string>() : value.dump();
}

struct Field {
    const char* key;
    const char* name;
};

// "other context: 512 and 1024" for the first field that differs. One side's null differs from the
// other's value only where `null_matters`: runs stored by an earlier version may lack a field.
std::string difference(const Json& a, const Json& b, std::initializer_list<Field> fields,
                       bool null_matters) {
    for (const Field& field : fields) {
        const Json first = at(a, field.key), second = at(b, field.key);
        if (first == second || (!null_matters && (first.is_null() || second.is_null()))) continue;
        return fmt::format("other {}: {} and {}", field.name, words(first), words(second));
    }
    return {};
}

std::string first_of(std::initializer_list<std::string> reasons) {
    for (const std::string& reason : reasons)
        if (!reason.empty()) return reason;
    return {};
}

std::string other_workload(const RunRecord& a, const RunRecord& b) {
    return difference(a.what.workload, b.what.workload,
                      {{"prompt_tokens", "prompt length"},
                       {"prompt_lengths", "mixture of prompt lengths"},
                       {"generated_tokens", "generated length"},
                       {"concurrency", "number of sequences"}},
                      true);
}

std::string other_device(const RunRecord& a, const RunRecord& b) {
    const std::string name =
        difference(at(a.what.environment, "device"), at(b.what.environment, "device"),
                   {{"name", "device"}}, false);
    return first_of({difference(a.what.target, b.what.target, {{"device", "device"}}, true), name});
}

// 0 was "as many as there are cores" before a worker said how many those are.
std::string other_threads(const RunRecord& a, const RunRecord& b) {
    const Json unknown = 0;
    if (at(a.what.target, "threads") == unknown || at(b.what.target, "threads") == unknown)
        return {};
    return difference(a.what.target, b.what.target, {{"threads", "thread count"}}, false);
}

std::string other_build(const RunRecord& a, const RunRecord& b) {
    return difference(a.what.environment, b.what.environment, {{"build_type", "build type"}},
                      false);
}

std::string other_hardware(const RunRecord& a, const RunRecord& b) {
    return first_of({other_machine(a.what.environment, b.what.environment), other_device(a, b),
                     other_threads(a, b)});
}

std::string other_text(const RunRecord& a, const RunRecord& b) {
    const Json &first = a.what.workload, &second = b.what.workload;
    const Json hash_a = at(first, "text_hash"), hash_b = at(second, "text_hash");
    // A hash says it all; names are compared only where one is missing.
    const std::string text =
        !hash_a.is_null() && !hash_b.is_null()
            ? (hash_a == hash_b
                   ? std::string()
                   : fmt::format("other text: {} ({}) and {} ({})", words(at(first, "text")),
                                 words(hash_a), words(at(second, "text")), words(hash_b)))
            : difference(first, second, {{"text", "text"}}, true);
    const bool strided = at(first, "protocol") == "strided";
    return first_of(
        {text, difference(first, second, {{"protocol", "protocol"}, {"context", "context"}}, true),
         strided ? difference(first, second, {{"stride", "stride"}}, true) : std::string()});
}

std::string other_vocabulary(const RunRecord& a, const RunRecord& b) {
    return difference(at(a.what.model, "config"), at(b.what.model, "config"),
                      {{"n_vocab", "vocabulary size"}}, false);
}

void add(std::vector<std::string>& warnings, std::string text) {
    if (!text.empty()) warnings.push_back(std::move(text));
}

// More was waiting to run than the machine has processors. Runs that follow one another keep it
// near the thread count.
std::string busy(const RunRecord& run) {
    constexpr double kCrowded = 1.25;
    const Json loads = at(run.what.environment, "load_average"),
               cores = at(run.what.environment, "logical_cores");
    if (!loads.is_array() || loads.empty() || !loads[0].is_number() || !cores.is_number())
        return {};
    const double load = loads[0].get<double>(), processors = cores.get<double>();
    if (load <= kCrowded * processors) return {};
    return fmt::format("the machine was busy at the beginning: load {:.1f} on {} processor{}", load,
                       processors, processors == 1 ? "" : "s");
}

// The hash, not the name, says whether two checkpoints are the same: names are what a file says of
// itself.
std::string other_checkpoint(const NewRun& a, const NewRun& b) {
    if (a.model_hash == b.model_hash) return {};
    // A hash covers the metadata from its version 2 on: hashes of two versions differ for the same
    // file.
    if (at(a.model, "hash_version") != at(b.model, "hash_version") && a.model_name == b.model_name)
        return fmt::format(
            "perhaps another model: the hashes of the two checkpoints called {} were made by two "
            "versions of "
            "Hone, and only the newer one covers the metadata",
            a.model_name);
    if (a.model_name != b.model_name)
        return fmt::format("other model: {} and {}", a.model_name, b.model_name);
    const auto beginning = [](const std::string& hash) {
        return hash.empty() ? std::string("unknown") : hash.substr(0, 8);
    };
    return fmt::format("other model: two checkpoints are called {} (hashes {} and {})",
                       a.model_name, beginning(a.model_hash), beginning(b.model_hash));
}

void add_program_warnings(std::vector<std::string>& warnings, const Json& a, const Json& b) {
    add(warnings,
        difference(a, b, {{"hone_version", "version of Hone"}, {"commit", "commit of Hone"}},
                   false));
    add(warnings, difference(a, b, {{"compiler", "compiler"}, {"kernel", "kernel"}}, false));
    add(warnings,
        difference(at(a, "device"), at(b, "device"),
                   {{"driver", "driver of the device"}, {"runtime", "CUDA runtime"}}, false));
    const Json first = at(a, "libraries"), second = at(b, "libraries");
    if (!first.is_object()) return;
    for (const auto& [name, version] : first.items())
        if (const Json other = at(second, name.c_str()); !other.is_null() && other != version)
            warnings.push_back(
                fmt::format("other {}: {} and {}", name, words(version), words(other)));
}

}  // namespace

std::string other_machine(const Json& environment, const Json& other) {
    return difference(environment, other,
                      {{"hostname", "machine"}, {"cpu", "processor"}, {"isa", "instruction set"}},
                      false);
}

std::string conditions_refusal(const MetricDefinition& metric, const RunRecord& baseline,
                               const RunRecord& candidate) {
    const auto where = [&metric, &baseline, &candidate](unsigned needed, auto differs) {
        return metric.needs(needed) ? differs(baseline, candidate) : std::string();
    };
    return first_of({where(condition::hardware, other_hardware),
                     where(condition::build, other_build),
                     where(condition::workload, other_workload), where(condition::text, other_text),
                     where(condition::vocabulary, other_vocabulary)});
}

std::string refusal(const MetricDefinition& metric, const RunRecord& baseline,
                    const RunRecord& candidate) {
    const bool first = baseline.metrics.contains(std::string(metric.id));
    if (!first || !candidate.metrics.contains(std::string(metric.id)))
        return fmt::format("run {} has no such figure", first ? candidate.id : baseline.id);
    return conditions_refusal(metric, baseline, candidate);
}

std::vector<std::string> comparison_warnings(const RunRecord& baseline, const RunRecord& candidate,
                                             bool interleaved) {
    std::vector<std::string> warnings;
    const Json &a = baseline.what.environment, &b = candidate.what.environment;
    add(warnings, difference(a, b, {{"hostname", "machine"}}, false));
    add(warnings, difference(a, b, {{"cpu", "processor"}}, false));
    add(warnings, difference(a, b, {{"isa", "instruction set"}}, false));
    add(warnings, other_threads(baseline, candidate));
    add(warnings, difference(a, b, {{"governor", "frequency governor"}}, false));
    add(warnings, other_build(baseline, candidate));
    add_program_warnings(warnings, a, b);
    add(warnings, difference(baseline.what.workload, candidate.what.workload,
                             {{"seed", "seed of the prompts"}}, false));
    add(warnings, other_checkpoint(baseline.what, candidate.what));
    if (!interleaved)
        warnings.push_back(
            "not interleaved: what the machine did differently between the two runs is not part of "
            "the "
            "intervals");
    return warnings;
}

std::vector<std::string> run_warnings(const RunRecord& run) {
    std::vector<std::string> warnings;
    add(warnings, busy(run));
    if (run.status != "done")
        warnings.push_back(fmt::format("{}: the figures are of a part of the run", run.status));
    if (run.unstable_warmup) warnings.emplace_back("unstable warm-up");
    return warnings;
}

}  // namespace hone::profiler
