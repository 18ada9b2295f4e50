// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/time_prediction.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/core/pulse.h"
#include "engine/runtime/attention_mask.h"
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

std::int64_t wanted_of(std::span<const Stretch> pass) {
    return std::accumulate(pass.begin(), pass.end(), std::int64_t{0},
                           [](std::int64_t sum, const Stretch& s) { return sum + s.wanted; });
}

struct Unmeasured {};  // thrown where the calibration lacks a kernel

class PassTimes {
public:
    PassTimes(const Checkpoint& checkpoint, const ModelConfig& config, const RunConfig& run,
              const Calibration& calibration)
        : checkpoint_(checkpoint), config_(config), run_(run), calibration_(calibration) {
        for (const StoredTensor& tensor : checkpoint.tensors) {
            if (tensor.place.layer >= 0 && tensor.shape.size() == 2) matrices_.push_back(&tensor);
            if (tensor.place.layer == 0 && is_bias(tensor.place.role)) biases_.push_back(tensor.cols());
        }
        const StoredTensor* output = checkpoint.find(Role::output);
        output_ = output != nullptr ? output : checkpoint.find(Role::token_embd);
    }

    // Of one forward pass: layers, logits and the choice of a token for each sequence that wants one.
    double seconds(std::span<const Stretch> pass, TracePhase phase) const {
        pulse();
        const std::int64_t rows = tokens_of(pass), wanted = wanted_of(pass);
        double sum = operation(Operation::embed, static_cast<double>(rows * config_.n_embd) * 2 * kFloat);
        // Layers differ only in whether they attend densely, and the last in its rows: a prompt of millions of tokens is looked at once
        // for each such kind of layer.
        const std::int64_t last = config_.n_layers - 1,
                           dense = std::clamp<std::int64_t>(run_.attention.dense_layers, 0, last);
        if (dense > 0) sum += static_cast<double>(dense) * layer_seconds(pass, 0, rows, phase);
        if (last > dense) sum += static_cast<double>(last - dense) * layer_seconds(pass, dense, rows, phase);
        sum += layer_seconds(pass, last, wanted, phase);
        sum += products(rows, wanted);
        if (wanted == 0) return sum;
        const auto logits = static_cast<double>(wanted * config_.n_vocab);
        return sum + norm(wanted) + product(*output_, wanted, run_.reduced_output) +
               operation(Operation::sample, logits * kFloat);
    }

private:
    // All but the products. `left`: rows that are computed behind the layer's attention.
    double layer_seconds(std::span<const Stretch> pass, std::int64_t layer, std::int64_t left,
                         TracePhase phase) const {
        return before_attention(tokens_of(pass)) +
               attention(pass, layer, layer + 1 == config_.n_layers, phase) + after_attention(left);
    }

    double operation(Operation which, double bytes) const {
        return cost(operation_key(which)).seconds(bytes);
    }

    const Cost& cost(const std::string& key) const {
        const auto found = calibration_.operations.find(key);
        if (found == calibration_.operations.end()) throw Unmeasured();
        return found->second;
    }

    // A slice at a time, as the runtime does it.
    double product(const StoredTensor& tensor, std::int64_t rows, bool reduced) const {
        const bool reduces = reduced && run_.arithmetic != kernels::Arithmetic::f32 &&
                             can_reduce(tensor, run_.arithmetic, run_.isa);
        const double kept = 1 - static_cast<double>(tensor.zeros) /
                                    static_cast<double>(std::max<std::int64_t>(1, tensor.elements()));
        const double seconds =
            calibration_.product_seconds({{tensor.type, kept},
                                          reduces ? run_.arithmetic : kernels::Arithmetic::f32,
                                          tensor.rows(),
                                          tensor.cols()},
                                         rows);
        if (seconds < 0) throw Unmeasured();
        return seconds;
    }

    // Of all layers. The last keeps only the rows whose logits are wanted once it has attended. Most passes have the same rows.
    double products(std::int64_t rows, std::int64_t wanted) const {
        const auto [known, fresh] = products_.try_emplace({rows, wanted}, 0.0);
        if (!fresh) return known->second;
        double sum = 0;
        for (const StoredTensor* tensor : matrices_) {
            const bool last = tensor->place.layer + 1 == config_.n_layers;
            const std::int64_t left = last && !is_projection(tensor->place.role) ? wanted : rows;
            if (left > 0) sum += product(*tensor, left, true);
        }
        return known->second = sum;
    }

    double norm(std::int64_t rows) const {
        return operation(Operation::norm, static_cast<double>((2 * rows + 1) * config_.n_embd) * kFloat);
    }

    double before_attention(std::int64_t rows) const {
        const auto turned = [&](std::int64_t heads) {
            return operation(Operation::rope,
                             static_cast<double>(2 * rows * heads * config_.head_dim) * kFloat);
        };
        return norm(rows) + biases(rows) + turned(config_.n_heads) + turned(config_.n_kv_heads);
    }

    // Of a layer.
    double biases(std::int64_t rows) const {
        double sum = 0;
        for (const std::int64_t width : biases_)
            sum += operation(Operation::add, static_cast<double>((2 * rows + 1) * width) * kFloat);
        return sum;
    }

    double after_attention(std::int64_t rows) const {
        if (rows == 0) return 0;
        const auto width = static_cast<double>(rows * config_.n_embd),
                   inner = static_cast<double>(rows * config_.n_ff);
        return norm(rows) + 2 * operation(Operation::add, 3 * width * kFloat) +
               operation(Operation::gate, 3 * inner * kFloat);
    }

    double element_bytes() const {
        switch (run_.kv_cache) {
            case KvStorage::f16:
                return 2;
            case KvStorage::i8:
                return 1 + kFloat / static_cast<double>(config_.head_dim);
            default:
                return kFloat;
        }
    }

    double attention(std::span<const Stretch> pass, std::int64_t layer, bool last, TracePhase phase) const {
        const bool cached = run_.kv_cache != KvStorage::off;
        const KvStorage storage = cached ? run_.kv_cache : KvStorage::f32;
        double sum = 0, remembered = 0;
        for (const Stretch& stretch : pass) {
            const std::int64_t rows = last ? stretch.wanted : stretch.tokens;
            if (rows > 0) {
                const TracePhase kind = rows == 1 ? TracePhase::decode : TracePhase::prefill;
                sum += cost(operation_key(Operation::attention, storage, kind, run_.kv_layout))
                           .seconds(4.0 * pairs(stretch, rows, layer) *
                                    static_cast<double>(config_.n_heads * config_.head_dim));
            }
            remembered += static_cast<double>(2 * stretch.tokens * config_.n_kv_heads * config_.head_dim) *
                          (kFloat + element_bytes());
        }
        if (cached)
            sum +=
                cost(operation_key(Operation::remember, storage, phase, run_.kv_layout)).seconds(remembered);
        return sum;
    }

    // Of the stretch's last `rows` rows. To choose pages, a query looks at two bounds of each earlier one.
    double pairs(const Stretch& stretch, std::int64_t rows, std::int64_t layer) const {
        const bool chooses =
            run_.attention.kind == AttentionMask::Kind::pages && layer >= run_.attention.dense_layers;
        double sum = 0;
        const std::int64_t end = stretch.position + stretch.tokens;
        for (std::int64_t position = end - rows; position < end; ++position) {
            sum += static_cast<double>(attended_positions(run_.attention, position, layer));
            if (chooses) sum += static_cast<double>(position >> run_.attention.page_shift);
        }
        return sum;
    }

    const Checkpoint& checkpoint_;
    const ModelConfig& config_;
    const RunConfig& run_;
    const Calibration& calibration_;
    std::vector<std::int64_t> biases_;  // widths of a layer's
    std::vector<const StoredTensor*> matrices_;
    const StoredTensor* output_;
    mutable std::map<std::pair<std::int64_t, std::int64_t>, double> products_;  // by rows and wanted rows
};

// Passes of at most the runtime's limit: neighbouring prompts share one, a long one spans several.
double prefill_seconds(const PassTimes& times, const RunConfig& run, std::span<const std::int64_t> prompts) {
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

double decode_seconds(const PassTimes& times, const RunConfig& run, std::span<const std::int64_t> prompts,
                      std::int64_t steps) {
    double sum = 0;
    std::vector<Stretch> pass(prompts.size());
    for (std::int64_t step = 0; step < steps; ++step) {
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            const std::int64_t position = prompts[i] + step;
            pass[i] = run.kv_cache == KvStorage::off ? Stretch{0, position + 1, 1} : Stretch{position, 1, 1};
        }
        sum += times.seconds(pass, TracePhase::decode);
    }
    return sum;
}

}  // namespace

std::map<std::string, double> predict_times(const Checkpoint& checkpoint, const ModelConfig& config,
                                            const RunConfig& run, std::span<const std::int64_t> prompts,
                                            std::int64_t generate, const Calibration& calibration) {
    const PassTimes times(checkpoint, config, run, calibration);
    std::vector<std::int64_t> order(prompts.begin(), prompts.end());
    if (run.length_buckets) std::stable_sort(order.begin(), order.end(), std::greater<>());
    const auto together = static_cast<std::size_t>(std::max<std::int64_t>(1, run.batch_size));
    const auto sequences = static_cast<double>(order.size());
    double prefill = 0, decode = 0, first = 0, each = 0, prompt_tokens = 0;
    try {
        for (std::size_t begin = 0; begin < order.size(); begin += together) {
            const auto group = std::span(order).subspan(begin, std::min(together, order.size() - begin));
            const double read = prefill_seconds(times, run, group);
            const double written = decode_seconds(times, run, group, generate - 1);
            first += static_cast<double>(group.size()) * (prefill + decode + read);
            if (generate > 1)
                each += static_cast<double>(group.size()) * written / static_cast<double>(generate - 1);
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
