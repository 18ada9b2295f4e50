// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/formats/checkpoint.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {

// Hyper-parameters of a decoder-only transformer.
struct ModelConfig : ModelShape {
    const Family* family = nullptr;  // never null once read
    double rope_theta = 10000.0;
    std::vector<float>
        rope_frequencies;  // [rotary_dim/2], radians a position: rope_theta's, scaled
    float norm_eps = 1e-5F;
    std::vector<std::string> notes;  // facts answered with llama.cpp's default, and keys that are
                                     // not used: a sentence each
};

// Reads and checks the configuration against ranges and tensor shapes (heads divide, shapes agree,
// nothing missing). Throws Error naming source, key or tensor, found and expected; unknown
// architectures and rope scalings are refused by name. Reads the data of the rotation's factors
// where there are some, and of no other tensor.
ModelConfig read_config(const Checkpoint& checkpoint);

// Weights of one block, pointing into the checkpoint. Matrices are [outputs, inputs].
class LayerWeights {
public:
    // Null where the family or this layer has none.
    const StoredTensor* operator[](Role role) const {
        return tensors_[static_cast<std::size_t>(role)];
    }
    void set(Role role, const StoredTensor* tensor) {
        tensors_[static_cast<std::size_t>(role)] = tensor;
    }

private:
    std::array<const StoredTensor*, kRoles> tensors_{};
};

// Where a graph finds its weights, pointing into a checkpoint, whose tensors need no data.
struct BoundWeights {
    const StoredTensor* token_embd = nullptr;
    const StoredTensor* output_norm = nullptr;
    const StoredTensor* output = nullptr;  // token_embd where tied
    std::vector<LayerWeights> layers;
};
// `checkpoint` must stay where it is; `n_layers` as read_config() gives it.
BoundWeights bind_weights(const Checkpoint& checkpoint, std::int64_t n_layers);

// Configuration, tokeniser and weights in memory. Owns its checkpoint; immutable while runtimes use
// it.
struct Model : BoundWeights {
    Model(Checkpoint the_checkpoint, ModelConfig the_config, Tokenizer the_tokenizer);
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    Checkpoint checkpoint;
    ModelConfig config;
    Tokenizer tokenizer;
};

std::unique_ptr<Model> load_model(Checkpoint checkpoint);

}  // namespace hone
