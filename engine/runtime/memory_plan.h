// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "engine/model/model.h"
#include "engine/runtime/pass_shapes.h"
#include "engine/runtime/run_config.h"

namespace hone {

class Place;

// What a sequence of `length` positions takes to choose pages by their bounds; 0 where nothing
// chooses.
std::int64_t bounds_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length);

// How large a run gets. As many of its sequences run together as RunConfig::batch_size says.
struct RunSizes {
    int threads = 1;             // of a processor's kernels
    std::int64_t sequences = 1;  // that the runtime has slots for
    std::int64_t context = 1;    // positions that a cache may hold, at the most …
    std::int64_t positions = 1;  // … and that a sequence reaches
    std::int64_t prompt = 1;     // tokens of a prompt
    std::int64_t window = 0;  // tokens of a text's part that one sequence is scored on; 0: none …
    std::int64_t scored_together = 0;  // … and how many of their logits are wanted at once
};

// What passes of some sequences take, all of which reach `longest` positions. For who asks again
// and again while it runs.
class PassBytes {
public:
    // `place` and `model` must outlive it.
    PassBytes(const Place& place, const Model& model, const RunConfig& run, int threads,
              std::int64_t longest)
        : place_(place), model_(model), run_(run), threads_(threads), longest_(longest) {}
    std::int64_t of(std::int64_t sequences);

private:
    const Place& place_;
    const Model& model_;
    const RunConfig run_;
    const int threads_;
    const std::int64_t longest_;
    std::map<std::int64_t, std::int64_t> known_;  // by sequences
};

}  // namespace hone
