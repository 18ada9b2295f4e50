// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/device_target.h"
#include "engine/experiment/worker/hashing.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/synthetic.h"
#include "engine/model/model.h"
#include "engine/tokenizer/chat_template.h"
#include "kernels/cpu/isa.h"
#include "profiler/environment/environment.h"

namespace hone {
namespace {

// "10203" is 1.2.3.
std::string library_version(unsigned number) {
    return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

constexpr int kProtocolVersion = 1;

nlohmann::json tensor_list(const Checkpoint& checkpoint) {
    nlohmann::json list = nlohmann::json::array();
    for (const StoredTensor& tensor : checkpoint.tensors)
        list.push_back({{"name", tensor.name},
                        {"role", role_name(tensor.place.role)},
                        {"layer", tensor.place.layer},
                        {"part", part_name(tensor.name)},
                        {"type", info(tensor.type).name},
                        {"shape", tensor.shape},
                        {"elements", tensor.elements()},
                        {"bytes", tensor.bytes()}});
    return list;
}

void add_config(nlohmann::json& result, const ModelConfig& config) {
    result["context_length"] = config.context_length;
    result["config"] = {{"n_layers", config.n_layers},
                        {"n_embd", config.n_embd},
                        {"n_heads", config.n_heads},
                        {"n_kv_heads", config.n_kv_heads},
                        {"head_dim", config.head_dim},
                        {"n_ff", config.n_ff},
                        {"n_vocab", config.n_vocab},
                        {"rope_theta", config.rope_theta},
                        {"tied_embeddings", config.tied_embeddings}};
    constexpr std::int64_t kFloat = 4;
    result["kv_bytes_per_token"] = 2 * config.n_layers * config.n_kv_heads * config.head_dim * kFloat;
}

const char* template_name(ChatTemplate which) {
    switch (which) {
        case ChatTemplate::chatml:
        case ChatTemplate::chatml_smollm2:
            return "chatml";
        case ChatTemplate::unknown:
            return "unknown";
        case ChatTemplate::none:
            break;
    }
    return "none";
}

}  // namespace

std::string text_field(const nlohmann::json& request, const char* name) {
    const auto found = request.find(name);
    if (found == request.end() || !found->is_string())
        throw Error(ErrorDetails{"", "", name, found == request.end() ? "nothing" : found->dump(), "a text"});
    return found->get<std::string>();
}

nlohmann::json hello(const nlohmann::json& request) {
    if (request.value("version", kProtocolVersion) != kProtocolVersion)
        throw Error(
            ErrorDetails{"", "", "version", request["version"].dump(), std::to_string(kProtocolVersion)});
    nlohmann::json environment = profiler::describe_environment();
    environment["libraries"]["xxHash"] = library_version(XXH_versionNumber());
    environment["isa"] = kernels::isa_name(kernels::best_isa());
    environment["cpu_features"] = kernels::cpu_features();
    environment["memory_available"] = available_memory_bytes();
    const auto limit = cgroup_memory_limit();
    environment["cgroup_memory_limit"] = limit ? nlohmann::json(*limit) : nlohmann::json();
    if (request.contains("target"))
        environment["device"] = describe_device(target_from_json(request["target"]));
    nlohmann::json shapes = nlohmann::json::array();
    for (const SyntheticShape& shape : synthetic_shapes()) shapes.push_back(shape.name);
    return {{"version", kProtocolVersion},
            {"program", "hone " + environment["hone_version"].get<std::string>()},
            {"pid", getpid()},
            {"synthetic_shapes", std::move(shapes)},
            {"environment", std::move(environment)}};
}

nlohmann::json inspect_checkpoint(const nlohmann::json& request) {
    const Checkpoint checkpoint = open_checkpoint(text_field(request, "checkpoint"), false);
    nlohmann::json result{{"name", checkpoint.name},
                          {"source", checkpoint.source},
                          {"architecture", checkpoint.text_or("general.architecture", "unknown")},
                          {"parameters", checkpoint.parameters()},
                          {"types", bytes_by_type(checkpoint)},
                          {"hash", checkpoint_hash(checkpoint)},
                          {"hash_version", kCheckpointHashVersion},
                          {"chat_template", template_name(recognise_chat_template(checkpoint))},
                          {"synthetic", checkpoint.synthetic},
                          {"notes", checkpoint.notes},
                          {"files", files_to_json(checkpoint.files)},
                          {"supported", true},
                          {"unsupported_reason", ""}};
    std::int64_t bytes = 0;
    for (const auto& amount : result["types"]) bytes += amount.get<std::int64_t>();
    result["bytes"] = bytes;
    // What this version cannot run can still be looked at.
    try {
        const ModelConfig config = read_config(checkpoint);
        add_config(result, config);
        for (const std::string& note : config.notes) result["notes"].push_back(note);
        result["tokenizer"] = Tokenizer::from_checkpoint(checkpoint).kind();
    } catch (const Error& error) {
        result["supported"] = false;
        result["unsupported_reason"] = error.details().message;
        result["unsupported"] = to_json(error.details());
    }
    if (request.value("tensors", false)) result["tensors"] = tensor_list(checkpoint);
    return result;
}

}  // namespace hone
