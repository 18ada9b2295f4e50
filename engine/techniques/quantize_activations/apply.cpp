// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

using kernels::Arithmetic;

// The schemes after which the place multiplies the matrix in `arithmetic`: "int8_channel or q8_0".
std::string schemes(const Place& place, Arithmetic arithmetic, const StoredTensor& matrix) {
    std::string text;
    for (const DTypeInfo& type : all_dtypes()) {
        if (type.scheme.id.empty() || !kernels::multiplies(arithmetic, type.type) ||
            !row_fits(type.type, matrix.cols()))
            continue;
        StoredTensor converted = matrix;
        converted.type = type.type;
        if (place.refusal(arithmetic, converted).empty())
            text = std::string(type.scheme.id) + (text.empty() ? "" : " or ") + text;
    }
    return text;
}

// What makes a quantised matrix one that the place multiplies; empty where nothing does. The matrix
// of the logits is quantised apart from the others: of it, only leaving it out helps in every case.
std::string remedy(const Place& place, Arithmetic arithmetic, const StoredTensor& matrix) {
    if (is_embedding(matrix)) return "; leave the output matrix out";
    const std::string accepted = schemes(place, arithmetic, matrix);
    return accepted.empty()
               ? ""
               : fmt::format("; quantise weights to {}, or start from 16-bit weights", accepted);
}

// The matrices whose products are to be in int8 or FP8.
template <typename Source>
auto multiplied(Source& checkpoint, bool with_output) {
    auto all = matrices(checkpoint, with_output);
    const bool tied = checkpoint.find(Role::output) == nullptr;
    // The embedding is multiplied with only where it is the output matrix too.
    std::erase_if(all, [tied](const StoredTensor* tensor) {
        return tensor->place.role == Role::token_embd && !tied;
    });
    return all;
}

class QuantizeActivations final : public WeightTechnique {
public:
    explicit QuantizeActivations(const nlohmann::json& options)
        : fp8_(options.at("scheme") == "fp8_token"), output_(options.at("output").get<bool>()) {}

    Support supports(const TechniqueQuery& query) const override {
        if (std::string reason = query.place.refusal(arithmetic()); !reason.empty())
            return {false, reason};
        for (const StoredTensor* tensor : multiplied(query.checkpoint, output_)) {
            // Those in floating point are converted.
            const bool quantised = !info(tensor->type).floating;
            std::string reason =
                quantised && !is_stored_so(*tensor)
                    ? fmt::format("{} is stored as {}, which is multiplied in fp32 only",
                                  tensor->name, info(tensor->type).name)
                    : query.place.refusal(arithmetic(), *tensor);
            if (reason.empty()) continue;
            if (quantised) reason += remedy(query.place, arithmetic(), *tensor);
            return {false, std::move(reason)};
        }
        return {};
    }

    CounterUses counters() const override { return {{fp8_ ? "fp8_products" : "int8_products"}}; }

    void configure(RunConfig& run) const override {
        run.arithmetic = arithmetic();
        run.reduced_output = output_;
    }

    Notes apply(Checkpoint& checkpoint, const kernels::Context& context,
                const Progress& progress) const override {
        const Progress quiet{{}, progress.stop};
        std::vector<StoredTensor*> floating = multiplied(checkpoint, output_);
        for (const StoredTensor* tensor : floating) {
            if (is_stored_so(*tensor))
                require_finite(*tensor, info(tensor->type).name, context, quiet);
        }
        std::erase_if(floating, [&](const StoredTensor* tensor) { return is_stored_so(*tensor); });
        double done = 0;
        std::int64_t vanished = 0;
        for (StoredTensor* tensor : floating) {
            progress.update(done / static_cast<double>(floating.size()), tensor->name);
            *tensor = convert_tensor(*tensor, stored_type(), context, quiet, &vanished);
            done += 1;
        }
        Notes notes = notes_on(std::ssize(floating));
        for (std::string& note : vanished_note(vanished)) notes.push_back(std::move(note));
        return notes;
    }

    Notes plan(Checkpoint& checkpoint) const override {
        std::int64_t converted = 0;
        for (StoredTensor* tensor : multiplied(checkpoint, output_)) {
            if (is_stored_so(*tensor)) continue;
            tensor->type = stored_type();
            ++converted;
        }
        return notes_on(converted);
    }

private:
    Arithmetic arithmetic() const { return fp8_ ? Arithmetic::e4m3 : Arithmetic::i8; }
    DType stored_type() const { return fp8_ ? DType::e4m3_channel : DType::i8_channel; }
    bool is_stored_so(const StoredTensor& tensor) const {
        return kernels::multiplies(arithmetic(), tensor.type);
    }

    Notes notes_on(std::int64_t converted) const {
        if (converted == 0) return {};
        const char* const type = fp8_ ? "FP8" : "int8";
        return {fmt::format("{} matrices are stored as {} with one scale a row, for products in {}",
                            converted, type, type)};
    }

    bool fp8_, output_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::quantize_activations(
    const nlohmann::json& options) {
    return std::make_unique<QuantizeActivations>(options);
}

}  // namespace hone
