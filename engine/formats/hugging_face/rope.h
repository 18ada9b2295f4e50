// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {

// Llama 3.1's scaling of rotary frequencies (transformers, modeling_rope_utils.py): long waves are
// slowed by `factor`, short ones stay, those between are mixed.
struct Llama3Scaling {
    double factor = 8, low_freq_factor = 1, high_freq_factor = 4;
    std::int64_t original_context = 8192;

    // What each of the rotary_dim/2 frequencies is divided by, as rope_freqs.weight holds it.
    std::vector<float> factors(double theta, std::int64_t rotary_dim) const;
};

struct RopeSettings {
    double theta = 10000;
    std::optional<double> linear_factor;  // of the two at most one
    std::optional<Llama3Scaling> llama3;
};

// What config.json says of the rotation, wherever it says it, as transformers 5 reads it
// (modeling_rope_utils.py, convert_rope_params_to_dict): `rope_scaling` counts where it holds
// anything and then alone, else `rope_parameters`; a base inside goes before one beside it.
// `context`: max_position_embeddings. `default_theta`: the base where nothing says one. Throws
// Error for other kinds of scaling and for keys that change the computation; what is not used goes
// into `notes`.
RopeSettings read_rope(const JsonObject& config, std::int64_t context, double default_theta,
                       std::vector<std::string>& notes);

}  // namespace hone::hf
