// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

using kernels::Arithmetic;

constexpr int kFp8Capability = 89;

Arithmetic arithmetic_of(const nlohmann::json& options) {
    return options.at("scheme") == "fp8_token" ? Arithmetic::e4m3 : Arithmetic::i8;
}

DType weights_of(const nlohmann::json& options) {
    return arithmetic_of(options) == Arithmetic::e4m3 ? DType::e4m3_channel : DType::i8_channel;
}

bool is_stored_so(const StoredTensor& tensor, const nlohmann::json& options) {
    return kernels::multiplies(arithmetic_of(options), kernel_type(tensor.type));
}

// The matrices whose products are to be in int8 or FP8.
template <typename Source>
auto chosen(Source& checkpoint, const nlohmann::json& options) {
    auto all = matrices(checkpoint, options.at("output").get<bool>());
    const bool tied = checkpoint.find(Role::output) == nullptr;
    // The embedding is multiplied with only where it is the output matrix too.
    std::erase_if(
        all, [tied](const StoredTensor* tensor) { return tensor->place.role == Role::token_embd && !tied; });
    return all;
}

std::string refusal(const StoredTensor& tensor, const char* schemes) {
    return fmt::format(
        "{} is stored as {}, which is multiplied in fp32 only; quantise weights to {}, or start from 16-bit "
        "weights",
        tensor.name, info(tensor.type).name, schemes);
}

Support supports_fp8(const TechniqueQuery& query) {
    constexpr std::int64_t kAlignment = 16;  // what the vendor's FP8 products ask of a row's bytes
    const int capability = query.device.compute_capability;
    if (query.device.kind != DeviceKind::cuda || capability < kFp8Capability)
        return {false, fmt::format("FP8 products need a CUDA device of compute capability 8.9 or later{}",
                                   capability == 0 ? ""
                                                   : fmt::format("; this one has {}.{}", capability / 10,
                                                                 capability % 10))};
    for (const StoredTensor* tensor : chosen(query.checkpoint, query.options)) {
        if (!info(tensor->type).floating && !is_stored_so(*tensor, query.options))
            return {false, refusal(*tensor, "fp8_channel")};
        if (tensor->cols() % kAlignment != 0)
            return {false, fmt::format("rows of {} have {} weights; FP8 products take multiples of {}",
                                       tensor->name, tensor->cols(), kAlignment)};
    }
    return {};
}

Support supports(const TechniqueQuery& query) {
    if (arithmetic_of(query.options) == Arithmetic::e4m3) return supports_fp8(query);
    const bool cuda = query.device.kind == DeviceKind::cuda;
    if (!cuda && !kernels::has_arithmetic(Arithmetic::i8, kernels::best_isa()))
        return {false, "this processor has no int8 products (AVX2 or AVX-512 VNNI)"};
    for (const StoredTensor* tensor : chosen(query.checkpoint, query.options)) {
        // Tensor cores sum a whole row before a scale comes in.
        if (cuda && tensor->type == DType::q8_0)
            return {false, fmt::format("{} is stored as Q8_0, whose scales change within a row, which int8 "
                                       "products on CUDA devices do not "
                                       "take; quantise weights to int8_channel, or start from 16-bit weights",
                                       tensor->name)};
        if (!info(tensor->type).floating && !is_stored_so(*tensor, query.options))
            return {false, refusal(*tensor, "int8_channel or q8_0")};
    }
    return {};
}

void configure(RunConfig& run, const nlohmann::json& options) {
    run.arithmetic = arithmetic_of(options);
    run.reduced_output = options.at("output").get<bool>();
}

std::vector<std::string> notes_on(std::int64_t converted, const nlohmann::json& options) {
    if (converted == 0) return {};
    const char* const type = arithmetic_of(options) == Arithmetic::e4m3 ? "FP8" : "int8";
    return {fmt::format("{} matrices are stored as {} with one scale a row, for products in {}", converted,
                        type, type)};
}

std::vector<std::string> apply(Checkpoint& checkpoint, const nlohmann::json& options,
                               const kernels::Context& context, const Progress& progress) {
    const Progress quiet{{}, progress.stop};
    std::vector<StoredTensor*> floating = chosen(checkpoint, options);
    for (const StoredTensor* tensor : floating) {
        if (is_stored_so(*tensor, options)) require_finite(*tensor, info(tensor->type).name, context, quiet);
    }
    std::erase_if(floating, [&](const StoredTensor* tensor) { return is_stored_so(*tensor, options); });
    double done = 0;
    std::int64_t vanished = 0;
    for (StoredTensor* tensor : floating) {
        progress.update(done / static_cast<double>(floating.size()), tensor->name);
        *tensor = convert_tensor(*tensor, weights_of(options), context, quiet, &vanished);
        done += 1;
    }
    std::vector<std::string> notes = notes_on(std::ssize(floating), options);
    for (std::string& note : vanished_note(vanished)) notes.push_back(std::move(note));
    return notes;
}

std::vector<std::string> plan(Checkpoint& checkpoint, const nlohmann::json& options) {
    std::int64_t converted = 0;
    for (StoredTensor* tensor : chosen(checkpoint, options)) {
        if (is_stored_so(*tensor, options)) continue;
        tensor->type = weights_of(options);
        ++converted;
    }
    return notes_on(converted, options);
}

CounterUses counters(const nlohmann::json& options) {
    return {{arithmetic_of(options) == Arithmetic::e4m3 ? "fp8_products" : "int8_products"}};
}

}  // namespace

Technique quantize_activations() {
    return {descriptors::quantize_activations, supports, counters, RunTechnique{configure, apply, plan}};
}

}  // namespace hone
