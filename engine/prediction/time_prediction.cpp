// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/time_prediction.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/core/pulse.h"
#include "engine/runtime/cost_operations.h"
#include "engine/runtime/graph.h"
#include "engine/runtime/memory_plan.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

using profiler::Operation;
using profiler::TracePhase;

constexpr double kFloat = sizeof(float);

// New tokens of one sequence in a pass.
struct Stretch {
    std::int64_t position, tokens, wanted;
};

std::int64_t tokens_of(std::span<const Stretch> pass) {
    return std::accumulate(pass.begin(), pass.end(), std::int64_t{0},
                           [](std::int64_t sum, const Stretch& s) { return sum + s.tokens; });
}

struct Unmeasured {};  // thrown where the calibration lacks a kernel

// Layers that ask for the same operations on matrices of the same forms: looked at once for all.
struct LayerKind {
    std::int64_t layer;  // one of them
    double count;
};

// The last layer is one of its own, and the last of the kinds: it leaves only the rows whose logits
// are wanted.
std::vector<LayerKind> kinds_of(const BoundWeights& weights, const RunConfig& run) {
    using Form = std::tuple<std::size_t, DType, std::int64_t, std::int64_t, std::int64_t>;
    std::map<std::pair<bool, std::vector<Form>>, std::size_t> known;
    std::vector<LayerKind> kinds;
    const std::int64_t last = std::ssize(weights.layers) - 1;
    for (std::int64_t layer = 0; layer < last; ++layer) {
        std::vector<Form> forms;
        for (std::size_t role = 0; role < kRoles; ++role)
            if (const StoredTensor* tensor =
                    weights.layers[static_cast<std::size_t>(layer)][static_cast<Role>(role)])
                forms.emplace_back(role, tensor->type, tensor->rows(), tensor->cols(),
                                   tensor->zeros);
        const bool dense = layer < run.attention.dense_layers;
        const auto [found, fresh] = known.try_emplace({dense, std::move(forms)}, kinds.size());
        if (fresh) kinds.push_back({layer, 0});
        kinds[found->second].count += 1;
    }
    kinds.push_back({last, 1});
    return kinds;
}

// How long passes take: what the graph asks for, at what the calibration says of it.
class PassTimes {
public:
    PassTimes(const Checkpoint& checkpoint, const ModelConfig& config, const RunConfig& run,
              const Calibration& calibration)
        : config_(config),
          run_(run),
          calibration_(calibration),
          weights_(bind_weights(checkpoint, config.n_layers)),
          kinds_(kinds_of(weights_, run)),
          nothing_(config) {}

    // One forward pass: layers, logits and the choice of a token for each sequence that wants one.
    double seconds(std::span<const Stretch> stretches, TracePhase phase) {
        pulse();
        Pass pass;
        for (const Stretch& stretch : stretches)
            pass.add(tokens(stretch.tokens), stretch.position, stretch.wanted, nullptr, nullptr);
        double sum = 0, times = 1;
        const CostOperations::Sink sink = [&](const CostedOperation& operation) {
            sum += times * seconds(operation, phase);
        };
        CostOperations operations(config_, weights_, run_, nothing_, pass, sink);
        operations.embed(*weights_.token_embd);
        for (const LayerKind& kind : kinds_) {
            times = kind.count;
            decoder_layer(config_, weights_, operations, kind.layer);
        }
        times = 1;
        operations.logits(nullptr);
        const auto logits = static_cast<double>(pass.rows * config_.n_vocab);
        return pass.rows == 0
                   ? sum
                   : sum + cost(operation_key(Operation::sample)).seconds(logits * kFloat);
    }

private:
    double seconds(const CostedOperation& operation, TracePhase phase) {
        const auto bytes = static_cast<double>(operation.cost.bytes);
        const KvStorage storage = run_.kv_cache == KvStorage::off ? KvStorage::f32 : run_.kv_cache;
        switch (operation.kind) {
            case Operation::linear:
                return product(*operation.weight, operation.rows, run_.arithmetic);
            case Operation::logits:
                return product(*operation.weight, operation.rows,
                               run_.reduced_output ? run_.arithmetic : kernels::Arithmetic::f32);
            case Operation::attention: {
                // To choose pages, a query looks at two bounds of each earlier one, as it would at
                // a key and a value.
                const auto bounds =
                    static_cast<double>(operation.page_bounds * config_.n_heads * config_.head_dim);
                const TracePhase kind =
                    operation.rows == 1 ? TracePhase::decode : TracePhase::prefill;
                return cost(operation_key(operation.kind, storage, kind, run_.kv_layout))
                    .seconds(static_cast<double>(operation.cost.flops) + 4 * bounds);
            }
            case Operation::remember:
                return cost(operation_key(operation.kind, storage, phase, run_.kv_layout))
                    .seconds(bytes);
            default:
                return cost(operation_key(operation.kind)).seconds(bytes);
        }
    }

    const Cost& cost(const std::string& key) const {
        const auto found = calibration_.operations.find(key);
        if (found == calibration_.operations.end()) throw Unmeasured();
        return found->second;
    }

    double product(const StoredTensor& weight, std::int64_t rows, kernels::Arithmetic arithmetic) {
        const auto [known, fresh] = products_.try_emplace({&weight, rows}, 0.0);
        if (!fresh) return known->second;
        const bool reduces =
            arithmetic != kernels::Arithmetic::f32 && can_reduce(weight, arithmetic, run_.isa);
        const double kept =
            1 - static_cast<double>(weight.zeros) /
                    static_cast<double>(std::max<std::int64_t>(1, weight.elements()));
        const double seconds =
            calibration_.product_seconds({{weight.type, kept},
                                          reduces ? arithmetic : kernels::Arithmetic::f32,
                                          weight.rows(),
                                          weight.cols()},
                                         rows);
        if (seconds < 0) throw Unmeasured();
        return known->second = seconds;
    }

    // So many; which ones makes no difference.
    std::span<const TokenId> tokens(std::int64_t count) {
        if (std::ssize(tokens_) < count) tokens_.resize(static_cast<std::size_t>(count));
        return std::span(tokens_).first(static_cast<std::size_t>(count));
    }

    const ModelConfig& config_;
    const RunConfig& run_;
    const Calibration& calibration_;
    const BoundWeights weights_;
    const std::vector<LayerKind> kinds_;
    Activations nothing_;  // allocated
    // Tokens of the pass's stretches; most passes have the same rows.
    std::vector<TokenId> tokens_;
    std::map<std::pair<const StoredTensor*, std::int64_t>, double> products_;
};

// Passes of at most the runtime's limit: neighbouring prompts share one, a long one spans several.
double prefill_seconds(PassTimes& times, const RunConfig& run,
                       std::span<const std::int64_t> prompts) {
    if (run.kv_cache == KvStorage::off) {
        std::vector<Stretch> pass;
        for (const std::int64_t prompt : prompts) pass.push_back({0, prompt, 1});
        return times.seconds(pass, TracePhase::prefill);
    }
    const std::int64_t limit = pass_limit(run, std::ssize(prompts));
    std::vector<Stretch> pass;
    double sum = 0;
    for (const std::int64_t prompt : prompts) {
        for (std::int64_t position = 0; position < prompt;) {
            const std::int64_t tokens = std::min(prompt - position, limit - tokens_of(pass));
            position += tokens;
            pass.push_back({position - tokens, tokens, position == prompt ? 1 : 0});
            if (tokens_of(pass) < limit) continue;
            sum += times.seconds(pass, TracePhase::prefill);
            pass.clear();
        }
    }
    return pass.empty() ? sum : sum + times.seconds(pass, TracePhase::prefill);
}

double decode_seconds(PassTimes& times, const RunConfig& run, std::span<const std::int64_t> prompts,
                      std::int64_t steps) {
    double sum = 0;
    std::vector<Stretch> pass(prompts.size());
    for (std::int64_t step = 0; step < steps; ++step) {
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            const std::int64_t position = prompts[i] + step;
            pass[i] = run.kv_cache == KvStorage::off ? Stretch{0, position + 1, 1}
                                                     : Stretch{position, 1, 1};
        }
        sum += times.seconds(pass, TracePhase::decode);
    }
    return sum;
}

}  // namespace

std::map<std::string, double> predict_times(const Checkpoint& checkpoint, const ModelConfig& config,
                                            const RunConfig& run,
                                            std::span<const std::int64_t> prompts,
                                            std::int64_t generate, const Calibration& calibration) {
    PassTimes times(checkpoint, config, run, calibration);
    std::vector<std::int64_t> order(prompts.begin(), prompts.end());
    if (run.length_buckets) std::stable_sort(order.begin(), order.end(), std::greater<>());
    const auto together = static_cast<std::size_t>(std::max<std::int64_t>(1, run.batch_size));
    const auto sequences = static_cast<double>(order.size());
    double prefill = 0, decode = 0, first = 0, each = 0, prompt_tokens = 0;
    try {
        for (std::size_t begin = 0; begin < order.size(); begin += together) {
            const auto group =
                std::span(order).subspan(begin, std::min(together, order.size() - begin));
            const double read = prefill_seconds(times, run, group);
            const double written = decode_seconds(times, run, group, generate - 1);
            first += static_cast<double>(group.size()) * (prefill + decode + read);
            if (generate > 1)
                each +=
                    static_cast<double>(group.size()) * written / static_cast<double>(generate - 1);
            prefill += read;
            decode += written;
            prompt_tokens +=
                static_cast<double>(std::accumulate(group.begin(), group.end(), std::int64_t{0}));
        }
    } catch (const Unmeasured&) {
        return {};
    }
    if (order.empty() || prefill <= 0) return {};
    const double total = prefill + decode, generated = sequences * static_cast<double>(generate);
    std::map<std::string, double> metrics{{"prefill_tokens_per_second", prompt_tokens / prefill},
                                          {"time_to_first_token", first / sequences},
                                          {"total_seconds", total},
                                          {"total_tokens_per_second", generated / total}};
    if (generate > 1) {
        metrics["decode_tokens_per_second"] = (generated - sequences) / decode;
        metrics["time_per_output_token"] = each / sequences;
    }
    return metrics;
}

}  // namespace hone
