// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/time_prediction.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/core/pulse.h"
#include "engine/runtime/cost_operations.h"
#include "engine/runtime/graph.h"
#include "engine/runtime/layer_kinds.h"
#include "engine/runtime/pass_shapes.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

using profiler::Operation;
using profiler::TracePhase;

constexpr double kFloat = sizeof(float);

struct Unmeasured {};  // thrown where the calibration lacks a kernel

// How long passes take: what the graph asks for, at what the calibration says of it.
class PassTimes {
public:
    PassTimes(const Checkpoint& checkpoint, const ModelConfig& config, const RunConfig& run,
              const Calibration& calibration)
        : config_(config),
          run_(run),
          calibration_(calibration),
          weights_(bind_weights(checkpoint, config.n_layers)),
          kinds_(layer_kinds(weights_, run)),
          nothing_({}) {}

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
            times = static_cast<double>(kind.count);
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

double prefill_seconds(PassTimes& times, const RunConfig& run,
                       std::span<const std::int64_t> prompts) {
    double sum = 0;
    for (const PassShape& pass : prompt_passes(run, prompts))
        sum += times.seconds(pass, TracePhase::prefill);
    return sum;
}

double decode_seconds(PassTimes& times, const RunConfig& run, std::span<const std::int64_t> prompts,
                      std::int64_t steps) {
    double sum = 0;
    std::vector<std::int64_t> lengths(prompts.begin(), prompts.end());
    for (std::int64_t step = 0; step < steps; ++step) {
        sum += times.seconds(decode_pass(run, lengths), TracePhase::decode);
        for (std::int64_t& length : lengths) ++length;
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
