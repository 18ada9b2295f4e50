// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/experiment/protocol/messages/machine.h"
#include "engine/experiment/protocol/messages/model.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/hashing.h"
#include "engine/experiment/worker/requests.h"
#include "engine/experiment/worker/target_place.h"
#include "engine/experiment/worker/told_files.h"
#include "engine/families/family.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/synthetic.h"
#include "engine/model/model.h"
#include "engine/runtime/kv_cache.h"
#include "engine/tokenizer/chat_template.h"
#include "kernels/cpu/isa.h"
#include "profiler/environment/environment.h"

namespace hone {
namespace {

// "10203" is 1.2.3.
std::string library_version(unsigned number) {
    return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

std::vector<messages::TensorFacts> tensor_list(const Checkpoint& checkpoint) {
    std::vector<messages::TensorFacts> list;
    for (const StoredTensor& tensor : checkpoint.tensors)
        list.push_back({.name = tensor.name,
                        .role = std::string(role_name(tensor.place.role)),
                        .layer = tensor.place.layer,
                        .part = std::string(part_name(tensor.name)),
                        .type = std::string(info(tensor.type).name),
                        .shape = tensor.shape,
                        .elements = tensor.elements(),
                        .bytes = tensor.bytes()});
    return list;
}

void add_config(messages::InspectReply& reply, const ModelConfig& config) {
    reply.context_length = config.context_length;
    reply.config = {.n_layers = config.n_layers,
                    .n_embd = config.n_embd,
                    .n_heads = config.n_heads,
                    .n_kv_heads = config.n_kv_heads,
                    .head_dim = config.head_dim,
                    .n_ff = config.n_ff,
                    .n_vocab = config.n_vocab,
                    .rope_theta = config.rope_theta,
                    .tied_embeddings = config.tied_embeddings};
    reply.kv_bytes_per_token = contiguous_kv_bytes(config, KvStorage::f32, 1);
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

template <>
messages::HelloReply answer(const messages::Hello& request, WorkerContext&) {
    if (request.version != messages::kVersion)
        throw Error(ErrorDetails{"", "", "version", std::to_string(request.version),
                                 std::to_string(messages::kVersion)});
    nlohmann::json environment = profiler::describe_environment();
    environment["libraries"]["xxHash"] = library_version(XXH_versionNumber());
    environment["isa"] = kernels::isa_name(kernels::best_isa());
    environment["cpu_features"] = kernels::cpu_features();
    environment["memory_available"] = available_memory_bytes();
    const auto limit = cgroup_memory_limit();
    environment["cgroup_memory_limit"] = limit ? nlohmann::json(*limit) : nlohmann::json();
    if (request.target) {
        if (const auto facts = target_place(*request.target)->facts())
            environment["device"] = messages::write(told(*facts));
    }
    messages::HelloReply reply;
    reply.program = "hone " + environment["hone_version"].get<std::string>();
    reply.pid = getpid();
    for (const SyntheticShape& shape : synthetic_shapes())
        reply.synthetic_shapes.emplace_back(shape.name);
    for (const Family* family : families()) reply.families.emplace_back(family->title);
    reply.environment = std::move(environment);
    return reply;
}

template <>
messages::InspectReply answer(const messages::Inspect& request, WorkerContext&) {
    const Checkpoint checkpoint = open_checkpoint(request.checkpoint, false);
    messages::InspectReply reply;
    reply.name = checkpoint.name;
    reply.source = checkpoint.source;
    reply.architecture = checkpoint.text_or("general.architecture", "unknown");
    reply.parameters = checkpoint.parameters();
    reply.types = bytes_by_type(checkpoint);
    for (const auto& [type, bytes] : reply.types) reply.bytes += bytes;
    reply.hash = checkpoint_hash(checkpoint);
    reply.hash_version = kCheckpointHashVersion;
    reply.chat_template = template_name(recognise_chat_template(checkpoint));
    reply.synthetic = checkpoint.synthetic;
    reply.notes = checkpoint.notes;
    reply.files = told_files(checkpoint.files);
    // What this version cannot run can still be looked at.
    try {
        const ModelConfig config = read_config(checkpoint);
        add_config(reply, config);
        reply.notes.insert(reply.notes.end(), config.notes.begin(), config.notes.end());
        reply.tokenizer = Tokenizer::from_checkpoint(checkpoint).kind();
    } catch (const Error& error) {
        reply.supported = false;
        reply.unsupported_reason = error.details().message;
        reply.unsupported = error.details();
    }
    if (request.tensors) reply.tensors = tensor_list(checkpoint);
    return reply;
}

}  // namespace hone
