// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "engine/core/error.h"
#include "engine/runtime/layer_walk.h"
#include "engine/techniques/apply/calibration.h"
#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

using Scores = std::vector<double>;         // of a layer's neurons
using Neurons = std::vector<std::int64_t>;  // of a layer, ascending

// How a tensor of a layer depends on the layer's neurons: a neuron is a row of what computes it and
// a column of what reads it.
enum class Side : std::uint8_t { none, rows, columns };

Side side_of(const StoredTensor& tensor, const Family& family) {
    const TensorRow* row = tensor.place.layer < 0 ? nullptr : family.row(tensor.place.role);
    if (row == nullptr) return Side::none;
    if (row->rows == Extent::feed_forward) return Side::rows;
    return row->cols == Extent::feed_forward ? Side::columns : Side::none;
}

// Σ of the squares of each column. The parts do not depend on the number of threads, and neither
// does what rounding does to the sums.
Scores column_squares(const StoredTensor& tensor, const kernels::Context& context,
                      const Progress& progress) {
    constexpr std::int64_t kParts = 16;
    const std::int64_t rows = tensor.rows(), cols = tensor.cols();
    std::array<Scores, kParts> parts;
    context.pool.parallel_for(kParts, 1, [&](std::int64_t begin, std::int64_t end, int) {
        std::vector<float> values(static_cast<std::size_t>(cols));
        for (std::int64_t part = begin; part < end; ++part) {
            Scores& sums = parts[static_cast<std::size_t>(part)];
            sums.resize(values.size());
            progress.check();
            for (std::int64_t r = part * rows / kParts; r < (part + 1) * rows / kParts; ++r) {
                dequantize_row(tensor.type, tensor.row(r), values.data(), cols);
                for (std::size_t c = 0; c < values.size(); ++c)
                    sums[c] += static_cast<double>(values[c]) * static_cast<double>(values[c]);
            }
        }
    });
    for (std::size_t part = 1; part < parts.size(); ++part)
        std::transform(parts[0].begin(), parts[0].end(), parts[part].begin(), parts[0].begin(),
                       std::plus());
    return parts[0];
}

Scores row_squares(const StoredTensor& tensor, const kernels::Context& context,
                   const Progress& progress) {
    Scores sums(static_cast<std::size_t>(tensor.rows()));
    for_each_row(tensor, context, progress, [&](std::int64_t row, const float* values, int) {
        sums[static_cast<std::size_t>(row)] = std::transform_reduce(
            values, values + tensor.cols(), 0.0, std::plus(),
            [](float value) { return static_cast<double>(value) * static_cast<double>(value); });
    });
    return sums;
}

void multiply(Scores& scores, const Scores& squares) {
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] *= std::sqrt(squares[i]);
}

// The least of `scores` go; of equals the first.
Neurons kept_of(const Scores& scores, std::int64_t count) {
    Neurons ranked(scores.size());
    std::iota(ranked.begin(), ranked.end(), 0);
    std::stable_sort(ranked.begin(), ranked.end(), [&scores](std::int64_t a, std::int64_t b) {
        return scores[static_cast<std::size_t>(a)] < scores[static_cast<std::size_t>(b)];
    });
    ranked.erase(ranked.begin(), ranked.end() - count);
    std::sort(ranked.begin(), ranked.end());
    return ranked;
}

// What is known of a tensor that keeps `count` of the layer's neurons; its values are still to be
// set.
StoredTensor smaller(const StoredTensor& tensor, Side side, std::int64_t count) {
    StoredTensor result = tensor;
    std::int64_t& size = side == Side::rows ? result.shape.front() : result.shape.back();
    // Zeros are taken to lie evenly: where they are counted, they are counted anew.
    result.zeros = tensor.zeros * count / size;
    size = count;
    result.data = {};
    result.owner = nullptr;
    result.unread = {};
    return result;
}

std::byte* allocate(StoredTensor& tensor) {
    const auto bytes = static_cast<std::size_t>(tensor.bytes());
    std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
    tensor.data = {data.get(), bytes};
    tensor.owner = data;
    return data.get();
}

StoredTensor with_rows(const StoredTensor& tensor, const Neurons& kept) {
    StoredTensor result = smaller(tensor, Side::rows, std::ssize(kept));
    std::byte* target = allocate(result);
    const std::int64_t bytes = row_bytes(tensor.type, tensor.elements() / tensor.shape.front());
    for (const std::int64_t row : kept) {
        std::memcpy(target, tensor.data.data() + row * bytes, static_cast<std::size_t>(bytes));
        target += bytes;
    }
    return result;
}

// Columns of floating types are copied. Blocks of the others lose some of their values: they are
// expanded and quantised anew.
StoredTensor with_columns(const StoredTensor& tensor, const Neurons& kept,
                          const kernels::Context& context, const Progress& progress,
                          std::int64_t& vanished) {
    constexpr std::int64_t kRowsTogether = 16;
    StoredTensor result = smaller(tensor, Side::columns, std::ssize(kept));
    std::byte* const target = allocate(result);
    const std::int64_t bytes = row_bytes(result.type, result.cols());
    const auto element = static_cast<std::size_t>(bytes / result.cols());
    std::atomic<std::int64_t> lost = 0, overflowing = -1;
    context.pool.parallel_for(
        tensor.rows(), kRowsTogether, [&](std::int64_t begin, std::int64_t end, int) {
            std::vector<float> values(static_cast<std::size_t>(tensor.cols())), taken(kept.size());
            progress.check();
            for (std::int64_t r = begin; r < end; ++r) {
                std::byte* const row = target + r * bytes;
                if (info(tensor.type).floating) {
                    for (std::size_t i = 0; i < kept.size(); ++i)
                        std::memcpy(row + i * element,
                                    tensor.row(r) + static_cast<std::size_t>(kept[i]) * element,
                                    element);
                    continue;
                }
                dequantize_row(tensor.type, tensor.row(r), values.data(), tensor.cols());
                for (std::size_t i = 0; i < kept.size(); ++i)
                    taken[i] = values[static_cast<std::size_t>(kept[i])];
                const RowLoss loss = quantize_row(result.type, taken.data(), row, result.cols());
                if (loss.overflows) overflowing = r;
                lost += loss.vanished;
            }
        });
    if (overflowing >= 0)
        throw Error(ErrorDetails{
            "", "", fmt::format("tensor '{}', row {}", tensor.name, overflowing.load()),
            fmt::format("weights that {} cannot hold beside each other", info(tensor.type).name),
            "weights whose scale F16 holds"});
    vanished += lost;
    return result;
}

class PruneNeurons final : public WeightTechnique {
public:
    explicit PruneNeurons(const nlohmann::json& options)
        : sparsity_(options.at("sparsity").get<double>()),
          by_activation_(options.at("criterion") == "activation"),
          tokens_(options.at("tokens").get<std::int64_t>()) {}

    Support supports(const TechniqueQuery& query) const override {
        const Family& family = *query.config.family;
        const std::int64_t neurons = query.config.n_ff;
        std::int64_t readers = 0;
        for (const StoredTensor& tensor : query.checkpoint.tensors)
            readers += side_of(tensor, family) == Side::columns ? 1 : 0;
        if (readers != query.config.n_layers)
            return {false,
                    "the model has layers without the feed-forward matrices that it could prune"};
        const std::int64_t block = block_of(query.checkpoint, family);
        if (count_of(neurons, block) < neurons) return {};
        return {false, fmt::format("a layer has {} neurons and {} of them stay or go together: "
                                   "{:.0f} % rounds to none",
                                   neurons, block, 100 * sparsity_)};
    }

    CounterUses counters() const override {
        return {{.name = "removed_neurons",
                 .of_shapes = [](const ModelConfig& before, const ModelConfig& after) {
                     return (before.n_ff - after.n_ff) * after.n_layers;
                 }}};
    }

    std::int64_t calibration_tokens() const override { return by_activation_ ? tokens_ : 0; }

    Notes apply(Checkpoint& checkpoint, const kernels::Context& context,
                const Progress& progress) const override {
        const Progress quiet{{}, progress.stop};
        require_finite_weights(checkpoint, "ranking neurons", context, quiet);
        const ModelConfig config = read_config(checkpoint);
        const std::int64_t count = count_of(config.n_ff, block_of(checkpoint, *config.family));
        Notes notes = notes_on(checkpoint, config, count);
        std::vector<Scores> scores(static_cast<std::size_t>(config.n_layers),
                                   Scores(static_cast<std::size_t>(config.n_ff), 1.0));
        if (by_activation_) measure_activations(checkpoint, scores, context, progress);
        for (const StoredTensor& tensor : checkpoint.tensors) {
            const Side side = side_of(tensor, *config.family);
            if (side == Side::none || (side == Side::rows && by_activation_)) continue;
            multiply(scores[static_cast<std::size_t>(tensor.place.layer)],
                     side == Side::rows ? row_squares(tensor, context, quiet)
                                        : column_squares(tensor, context, quiet));
        }
        std::vector<Neurons> kept;
        for (const Scores& layer : scores) kept.push_back(kept_of(layer, count));
        std::int64_t vanished = 0;
        for (StoredTensor& tensor : checkpoint.tensors) {
            const Side side = side_of(tensor, *config.family);
            if (side == Side::none) continue;
            const Neurons& staying = kept[static_cast<std::size_t>(tensor.place.layer)];
            tensor = side == Side::rows ? with_rows(tensor, staying)
                                        : with_columns(tensor, staying, context, quiet, vanished);
        }
        set_count(checkpoint, count);
        for (std::string& note : vanished_note(vanished)) notes.push_back(std::move(note));
        return notes;
    }

    Notes plan(Checkpoint& checkpoint) const override {
        const ModelConfig config = read_config(checkpoint);
        const std::int64_t count = count_of(config.n_ff, block_of(checkpoint, *config.family));
        Notes notes = notes_on(checkpoint, config, count);
        for (StoredTensor& tensor : checkpoint.tensors) {
            const Side side = side_of(tensor, *config.family);
            if (side != Side::none) tensor = smaller(tensor, side, count);
        }
        set_count(checkpoint, count);
        return notes;
    }

private:
    // What the number of neurons that stay is a multiple of.
    static std::int64_t block_of(const Checkpoint& checkpoint, const Family& family) {
        std::int64_t block =
            32;  // of the least quantised type, so that a recipe may quantise afterwards
        for (const StoredTensor& tensor : checkpoint.tensors) {
            if (side_of(tensor, family) == Side::columns)
                block = std::lcm(block, std::max<std::int64_t>(1, info(tensor.type).block));
        }
        return block;
    }

    // How many stay: all of them where not even one block may go.
    std::int64_t count_of(std::int64_t neurons, std::int64_t block) const {
        const auto blocks = std::llround((1 - sparsity_) * static_cast<double>(neurons) /
                                         static_cast<double>(block));
        return std::min(neurons, std::max<std::int64_t>(1, blocks) * block);
    }

    static void set_count(Checkpoint& checkpoint, std::int64_t count) {
        checkpoint.metadata[checkpoint.supported_family().key(Parameter::feed_forward)] =
            static_cast<std::uint32_t>(count);
    }

    // The root of the mean square over the calibration text, of the dense model.
    void measure_activations(Checkpoint& checkpoint, std::vector<Scores>& scores,
                             const kernels::Context& context, const Progress& progress) const {
        const Progress quiet{{}, progress.stop};
        const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
        LayerWalk walk(*model, context.pool, calibration_text(*model, tokens_));
        for (std::size_t layer = 0; layer < scores.size(); ++layer) {
            progress.update(static_cast<double>(layer) / static_cast<double>(scores.size()),
                            "layer " + std::to_string(layer + 1));
            for (auto& [tensor, squares] : walk.input_squares(quiet)) {
                if (side_of(*tensor, *model->config.family) != Side::columns) continue;
                Scores means = squares;
                for (double& mean : means) mean /= static_cast<double>(walk.tokens());
                multiply(scores[layer], means);
            }
            walk.advance(quiet);
        }
        checkpoint = std::move(model->checkpoint);
    }

    static Notes notes_on(const Checkpoint& checkpoint, const ModelConfig& config,
                          std::int64_t count) {
        Notes notes{fmt::format("{} of {} feed-forward neurons stay in each of {} layers", count,
                                config.n_ff, config.n_layers)};
        std::set<std::string_view> types;
        std::int64_t matrices = 0;
        for (const StoredTensor& tensor : checkpoint.tensors) {
            if (side_of(tensor, *config.family) != Side::columns || info(tensor.type).floating)
                continue;
            types.insert(info(tensor.type).name);
            ++matrices;
        }
        if (matrices > 0)
            notes.push_back(fmt::format(
                "{} matrices lose columns and are quantised already ({}): they are expanded and "
                "quantised anew, which rounds once more",
                matrices, fmt::join(types, ", ")));
        return notes;
    }

    double sparsity_;
    bool by_activation_;
    std::int64_t tokens_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::prune_neurons(const nlohmann::json& options) {
    return std::make_unique<PruneNeurons>(options);
}

}  // namespace hone
