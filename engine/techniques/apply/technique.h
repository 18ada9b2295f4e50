// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "engine/runtime/place.h"
#include "engine/runtime/run_config.h"
#include "engine/techniques/schema/schema.h"
#include "kernels/cpu/context.h"

namespace hone {

// Whether a technique can act here; the reason is shown beside the disabled control.
struct Support {
    bool ok = true;
    std::string reason;
};

// What a technique is asked about: shapes and types, never weight data. One that configures the run
// is asked about the weights as the recipe's transforms leave them.
struct TechniqueQuery {
    const Checkpoint& checkpoint;  // tensors may have no data
    const ModelConfig& config;
    int concurrency;
    const Place& place;
};

// A counter that must move (engine/experiment/worker/evidence.h).
struct CounterUse {
    std::string_view name;
    // Only where this other one is above 0, because what it counts is not for the technique to
    // bring about.
    std::string_view where = {};
    // How many are gone, where the shapes tell it and not the run.
    std::int64_t (*of_shapes)(const ModelConfig& before, const ModelConfig& after) = nullptr;
};
using CounterUses = std::vector<CounterUse>;

using Notes = std::vector<std::string>;  // for the user

// A technique with its options, which its constructor has parsed.
class Technique {
public:
    virtual ~Technique() = default;

    virtual Support supports(const TechniqueQuery&) const { return {}; }
    // Which of the run's counters move where the technique acts: one for each thing that these
    // options ask for, none where they are the baseline's. Whether they did move is for the run to
    // say.
    virtual CounterUses counters() const = 0;
    virtual void configure(RunConfig&) const {}

    // What it needs of the run. calibration_tokens: of calibration_text(), 0 where it looks at
    // none.
    virtual std::int64_t calibration_tokens() const { return 0; }
    virtual std::optional<ZeroPattern> leaves_zeros_out() const { return std::nullopt; }
};

// One that rewrites tensors. A technique that configures the run rewrites those that the run needs
// in another form; a file never gets them.
class WeightTechnique : public Technique {
public:
    // Returns notes ("Q4_1 tensors were expanded first").
    virtual Notes apply(Checkpoint& checkpoint, const kernels::Context& context,
                        const Progress& progress) const = 0;
    // The same change of types and sizes without touching data: what predicted memory and size come
    // from. Returns the notes that can be told beforehand.
    virtual Notes plan(Checkpoint& checkpoint) const = 0;
};

struct TechniqueRow {
    const Descriptor& descriptor;
    std::unique_ptr<const Technique> (*with)(const nlohmann::json& options);  // completed
};

std::span<const TechniqueRow> techniques();
// Null where this version has none of that name.
std::unique_ptr<const Technique> make_technique(std::string_view id, const nlohmann::json& options);

}  // namespace hone
