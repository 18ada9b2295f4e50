// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

constexpr kernels::Arithmetic kInt8 = kernels::Arithmetic::i8;

bool is_int8(const StoredTensor& tensor) {
    return kernels::multiplies(kInt8, kernel_type(tensor.type));
}

// The matrices whose products are to be in int8.
template <typename Source>
auto chosen(Source& checkpoint, const nlohmann::json& options) {
    auto all = matrices(checkpoint, options.at("output").get<bool>());
    const bool tied = checkpoint.find("output.weight") == nullptr;
    // The embedding is multiplied with only where it is the output matrix too.
    std::erase_if(
        all, [tied](const StoredTensor* tensor) { return tensor->name == "token_embd.weight" && !tied; });
    return all;
}

Support supports(const TechniqueQuery& query) {
    const bool cuda = query.device == DeviceKind::cuda;
    if (!cuda && !kernels::has_arithmetic(kInt8, kernels::best_isa()))
        return {false, "this processor has no int8 products (AVX2 or AVX-512 VNNI)"};
    for (const StoredTensor* tensor : chosen(query.checkpoint, query.options)) {
        // Tensor cores sum a whole row before a scale comes in.
        if (cuda && tensor->type == DType::q8_0)
            return {false, fmt::format("{} is stored as Q8_0, whose scales change within a row, which int8 "
                                       "products on CUDA devices do not "
                                       "take; quantise weights to int8_channel, or start from 16-bit weights",
                                       tensor->name)};
        if (!info(tensor->type).floating && !is_int8(*tensor))
            return {false,
                    fmt::format("{} is stored as {}, which is multiplied in fp32 only; quantise weights to "
                                "int8_channel or q8_0, or start from 16-bit weights",
                                tensor->name, info(tensor->type).name)};
    }
    return {};
}

void configure(RunConfig& run, const nlohmann::json& options) {
    run.arithmetic = kInt8;
    run.reduced_output = options.at("output").get<bool>();
}

std::vector<std::string> notes_on(std::int64_t converted) {
    if (converted == 0) return {};
    return {
        fmt::format("{} matrices are stored as int8 with one scale a row, for products in int8", converted)};
}

std::vector<std::string> apply(Checkpoint& checkpoint, const nlohmann::json& options,
                               const kernels::Context& context, const Progress& progress) {
    std::vector<StoredTensor*> floating = chosen(checkpoint, options);
    std::erase_if(floating, [](const StoredTensor* tensor) { return is_int8(*tensor); });
    double done = 0;
    for (StoredTensor* tensor : floating) {
        progress.update(done / static_cast<double>(floating.size()), tensor->name);
        *tensor = convert_tensor(*tensor, DType::i8_channel, context, Progress{{}, progress.stop});
        done += 1;
    }
    return notes_on(std::ssize(floating));
}

std::vector<std::string> plan(Checkpoint& checkpoint, const nlohmann::json& options) {
    std::int64_t converted = 0;
    for (StoredTensor* tensor : chosen(checkpoint, options)) {
        if (is_int8(*tensor)) continue;
        tensor->type = DType::i8_channel;
        ++converted;
    }
    return notes_on(converted);
}

std::string_view counter(const nlohmann::json&) {
    return "int8_products";
}

}  // namespace

Technique quantize_activations() {
    return {descriptors::quantize_activations, supports, counter, RunTechnique{configure, apply, plan}};
}

}  // namespace hone
