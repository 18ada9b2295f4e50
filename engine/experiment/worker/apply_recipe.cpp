// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/apply_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <set>

#include "engine/core/error.h"
#include "engine/runtime/layer_walk.h"
#include "engine/techniques/apply/technique.h"
#include "engine/weights/sparse.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

void require_support(const RecipeStep& step, const Technique& technique,
                     const TechniqueQuery& query) {
    const Support support = technique.supports(query);
    if (!support.ok)
        throw Error(ErrorDetails{step.technique + ": " + support.reason, query.checkpoint.source,
                                 step.technique, support.reason,
                                 "a model and workload that it supports"});
}

using Owners = std::set<const void*>;

Owners owners(const Checkpoint& checkpoint) {
    Owners result;
    for (const StoredTensor& tensor : checkpoint.tensors) result.insert(tensor.owner.get());
    return result;
}

// Tensors that no transform touched still point into the mapped file and would keep all of its
// pages counted.
void own_what_is_left(Checkpoint& checkpoint, const Owners& before) {
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (!before.contains(tensor.owner.get())) continue;
        const std::size_t bytes = tensor.data.size();
        std::shared_ptr<std::byte[]> copy(new std::byte[bytes]);
        std::memcpy(copy.get(), tensor.data.data(), bytes);
        tensor.data = {copy.get(), bytes};
        tensor.owner = copy;
    }
}

// Nothing for "keep". Throws Error for what is no type of a file.
std::optional<DType> type_named(const std::string& dtype) {
    if (dtype == "keep") return std::nullopt;
    const auto type = dtype_from_id(dtype);
    if (!type || info(*type).gguf_carrier != *type)
        throw Error(ErrorDetails{
            "", "", "type", "'" + dtype + "'",
            "keep, " + names_of_dtypes(
                           [](const DTypeInfo& row) { return row.ggml_type.has_value(); }, "or")});
    return type;
}

// Weight transforms in the recipe's order, then what configures the run: that is asked about, and
// may prepare, the weights as they are then. `act` transforms or plans, and returns notes;
// `transformed` is called between the two.
template <typename Act, typename Transformed>
AppliedRecipe follow(Checkpoint& checkpoint, const Recipe& recipe, int concurrency,
                     const Place& place, const Act& act, const Transformed& transformed) {
    AppliedRecipe followed;
    followed.run = place.baseline();
    const auto note = [&followed](const std::vector<std::string>& notes) {
        followed.notes.insert(followed.notes.end(), notes.begin(), notes.end());
    };
    const auto take = [&](const RecipeStep& step, const ModelConfig& config) {
        const std::unique_ptr<const Technique> technique = technique_of(step);
        require_support(step, *technique, {checkpoint, config, concurrency, place});
        technique->configure(followed.run);
        if (const auto* weights = dynamic_cast<const WeightTechnique*>(technique.get()))
            note(act(*weights));
    };
    const RecipeParts parts = parts_of(recipe, builtin_registry());
    for (const RecipeStep& step : parts.weights.steps) take(step, read_config(checkpoint));
    transformed();
    const ModelConfig config = read_config(checkpoint);
    for (const RecipeStep& step : parts.run.steps) take(step, config);
    followed.left_out = parts.run_techniques();
    return followed;
}

std::vector<DType> types_of(const Checkpoint& checkpoint) {
    std::vector<DType> types;
    for (const StoredTensor& tensor : checkpoint.tensors) types.push_back(tensor.type);
    return types;
}

// Follows a plan's weights that no file backs. What replaces a tensor is there beside it for a
// moment.
class OwnedBytes {
public:
    explicit OwnedBytes(const Checkpoint& checkpoint) {
        for (const StoredTensor& tensor : checkpoint.tensors) {
            if (tensor.data.empty()) owned_ += tensor.bytes();  // made or copied when it is opened
        }
        most_ = owned_;
    }

    // After a technique, which may have replaced any tensor; what it left alone is copied out of
    // the file.
    void rewritten(const Checkpoint& checkpoint) {
        become(checkpoint.bytes(), largest(checkpoint));
    }

    void converted(const Checkpoint& checkpoint, const std::vector<DType>& before) {
        if (types_of(checkpoint) == before) return;
        std::int64_t bytes = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (checkpoint.tensors[i].type != before[i]) bytes += checkpoint.tensors[i].bytes();
        }
        become(owned_ > 0 ? checkpoint.bytes() : bytes, largest(checkpoint));
    }

    std::int64_t most() const { return most_; }

private:
    static std::int64_t largest(const Checkpoint& checkpoint) {
        std::int64_t most = 0;
        for (const StoredTensor& tensor : checkpoint.tensors) most = std::max(most, tensor.bytes());
        return most;
    }

    void become(std::int64_t owned, std::int64_t beside) {
        most_ = std::max(most_, std::max(owned_, owned) + beside);
        owned_ = owned;
    }

    std::int64_t owned_ = 0, most_ = 0;
};

// Activations of the calibration text, of the technique that takes most.
std::int64_t calibration_bytes(const Checkpoint& checkpoint, const Recipe& recipe) {
    std::int64_t most = 0;
    for (const RecipeStep& step : recipe.steps) {
        const std::int64_t tokens = technique_of(step)->calibration_tokens();
        if (tokens > 0) most = std::max(most, LayerWalk::bytes(checkpoint, tokens));
    }
    return most;
}

// Weights are refused by tensor and row; of which model is known here.
template <typename Work>
auto of_model(const std::string& source, const Work& work) {
    try {
        return work();
    } catch (const OutOfMemory&) {
        throw;
    } catch (const Error& error) {
        ErrorDetails details = error.details();
        if (!details.file.empty()) throw;
        details.file = source;
        details.message.clear();
        throw Error(details);
    }
}

}  // namespace

std::unique_ptr<const Technique> technique_of(const RecipeStep& step) {
    std::unique_ptr<const Technique> technique = make_technique(step.technique, step.options);
    if (technique == nullptr)
        throw Error(ErrorDetails{"", "", "technique", "'" + step.technique + "'",
                                 "a technique of this version"});
    return technique;
}

AppliedRecipe apply_recipe(Checkpoint& checkpoint, const Recipe& recipe, int concurrency,
                           const kernels::Context& context, const Progress& progress,
                           const Place& place) {
    const Owners before = owners(checkpoint);
    const std::string source = checkpoint.source;
    bool transformed = false;
    const auto act = [&](const WeightTechnique& technique) {
        transformed = true;
        return of_model(source, [&] { return technique.apply(checkpoint, context, progress); });
    };
    AppliedRecipe applied = follow(checkpoint, recipe, concurrency, place, act, [] {});
    applied.run.isa = context.isa;
    if (transformed) own_what_is_left(checkpoint, before);
    return applied;
}

AppliedRecipe plan_recipe(Checkpoint& checkpoint, const Recipe& recipe, int concurrency,
                          const Place& place, const std::string& dtype) {
    OwnedBytes owned(checkpoint);
    Checkpoint file;
    const auto act = [&](const WeightTechnique& technique) {
        std::vector<std::string> notes = technique.plan(checkpoint);
        owned.rewritten(checkpoint);
        return notes;
    };
    AppliedRecipe planned =
        follow(checkpoint, recipe, concurrency, place, act, [&] { file = checkpoint; });
    plan_matrices(file, dtype);
    planned.file = std::move(file);
    const std::vector<DType> before = types_of(checkpoint);
    plan_matrices(checkpoint, dtype);
    owned.converted(checkpoint, before);
    planned.most_bytes = owned.most() + calibration_bytes(checkpoint, recipe);
    return planned;
}

std::vector<std::string> convert_matrices(Checkpoint& checkpoint, const std::string& dtype,
                                          const kernels::Context& context,
                                          const Progress& progress) {
    const std::optional<DType> type = type_named(dtype);
    if (!type) return {};
    const Progress quiet{{}, progress.stop};
    double done = 0;
    std::int64_t vanished = 0;
    for (StoredTensor& tensor : checkpoint.tensors) {
        progress.update(done / static_cast<double>(checkpoint.tensors.size()), tensor.name);
        if (tensor.shape.size() >= 2)
            of_model(checkpoint.source, [&] {
                if (tensor.type == *type)
                    return require_finite(tensor, info(*type).name, context, quiet);
                tensor = convert_tensor(tensor, *type, context, quiet, &vanished);
            });
        done += 1;
    }
    return vanished_note(vanished);
}

void plan_matrices(Checkpoint& checkpoint, const std::string& dtype) {
    const std::optional<DType> type = type_named(dtype);
    if (!type) return;
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() >= 2 && row_fits(*type, tensor.cols())) tensor.type = *type;
    }
}

bool leaves_zeros_out(const Recipe& recipe, const RunConfig& run, const Place& place) {
    return std::any_of(recipe.steps.begin(), recipe.steps.end(), [&](const RecipeStep& step) {
        const std::optional<ZeroPattern> pattern = technique_of(step)->leaves_zeros_out();
        return pattern && place.leaves_out(*pattern, run.arithmetic);
    });
}

std::vector<std::string> leave_zeros_out(Checkpoint& checkpoint, const Place& place,
                                         const kernels::Context& context,
                                         const Progress& progress) {
    std::int64_t matrices = 0, before = 0, after = 0, done = 0;
    const auto all = static_cast<double>(checkpoint.parameters());
    for (StoredTensor& tensor : checkpoint.tensors) {
        progress.update(static_cast<double>(done) / all, tensor.name);
        done += tensor.elements();
        if (tensor.shape.size() != 2) continue;
        std::optional<StoredTensor> smaller = without_zeros(tensor, context, {{}, progress.stop});
        if (!smaller || !place.takes(*smaller)) continue;
        ++matrices;
        before += tensor.bytes();
        after += smaller->bytes();
        tensor = *std::move(smaller);
    }
    if (matrices == 0)
        return {"no matrix takes less memory without its zeros: all are kept with them"};
    return {
        fmt::format("{} matrices are in memory without their zeros: {:.1f} MB instead of {:.1f} MB",
                    matrices, static_cast<double>(after) / 1e6, static_cast<double>(before) / 1e6)};
}

void plan_without_zeros(Checkpoint& checkpoint, const Place& place) {
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() != 2) continue;
        StoredTensor planned = tensor;
        planned.type = planned_without_zeros(tensor);
        planned.data = {};  // what is there is not what the type says
        if (place.takes(planned)) tensor.type = planned.type;
    }
}

std::map<std::string, std::int64_t> bytes_by_type(const Checkpoint& checkpoint) {
    std::map<std::string, std::int64_t> types;
    for (const StoredTensor& tensor : checkpoint.tensors)
        types[std::string(info(tensor.type).name)] += tensor.bytes();
    return types;
}

}  // namespace hone
