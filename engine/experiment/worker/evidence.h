// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/steps.h"
#include "engine/formats/checkpoint.h"
#include "engine/runtime/counters.h"
#include "engine/runtime/generation.h"

namespace hone {

// A run's counters by name.
using CounterValues = std::map<std::string, std::int64_t, std::less<>>;

// What is known of the weights before and after the recipe, so that its effect on them can be told.
class WeightEvidence {
public:
    // Takes the checkpoint as it was opened. Reads a sample of every matrix.
    explicit WeightEvidence(const Checkpoint& before);
    void applied(const Checkpoint& after, const Recipe& recipe);
    // Takes the weights as they are run: zeros that are stored no more. Nothing else is known of
    // weights that a device makes itself, `planned`.
    void left_out(const Checkpoint& run, bool planned);

    std::int64_t zero_weights() const {
        return zeros_;
    }  // zeros that the recipe made: an estimate from the sample
    std::int64_t left_out_zeros() const { return left_out_; }
    // What techniques of the recipe count of the model's shapes.
    const CounterValues& shape_counters() const { return shape_counters_; }
    // A run's products whose weights are stored in a type that the file has none of.
    std::int64_t converted_products(const RuntimeCounters& counters) const;

private:
    double zero_share_before_;
    ModelConfig config_before_;
    std::array<bool, kDTypes> types_before_;
    std::int64_t zeros_ = 0, left_out_ = 0;
    CounterValues shape_counters_;
};

// What moved between two moments of a runtime, in one generation, and in the weights (null for the
// baseline, whose weights are the file's).
CounterValues counter_values(const RuntimeCounters& before, const RuntimeCounters& after,
                             const RunConfig& config, const GenerationTimings& timings,
                             const WeightEvidence* weights, std::int64_t merge_cache_hits);

// What each technique of the recipe did. Engaged is what moved all of its counters; `counter` is
// the first that stayed 0, or else the first. A technique whose options are the baseline's has no
// counters, and `engaged` has no value.
std::map<std::string, messages::Engagement> engagement(const Recipe& recipe,
                                                       const CounterValues& counters);

}  // namespace hone
