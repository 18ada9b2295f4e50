// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/formats/checkpoint.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {

// Hyper-parameters of a decoder-only transformer.
struct ModelConfig {
    std::string architecture;  // "llama"
    std::int64_t n_layers = 0, n_embd = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0, n_ff = 0, n_vocab = 0;
    std::int64_t context_length = 0, rotary_dim = 0;
    double rope_theta = 10000.0;
    std::vector<float> rope_frequencies;  // [rotary_dim/2], radians a position: rope_theta's, scaled
    float norm_eps = 1e-5F;
    bool tied_embeddings = false;
    std::vector<std::string>
        notes;  // facts answered with llama.cpp's default, and keys that are not used: a sentence each
};

// Reads and checks the configuration against ranges and tensor shapes (heads divide, shapes agree, nothing missing). Throws
// Error naming source, key or tensor, found and expected; unknown architectures and rope scalings are refused by name.
// Reads the data of rope_freqs.weight where there is one, and of no other tensor.
ModelConfig read_config(const Checkpoint& checkpoint);

// Weights of one block, pointing into the checkpoint. Matrices are [outputs, inputs].
struct LayerWeights {
    const StoredTensor *attn_norm, *attn_q, *attn_k, *attn_v, *attn_output;
    const StoredTensor *ffn_norm, *ffn_gate, *ffn_up, *ffn_down;
};

// Configuration, tokeniser and weights in memory. Owns its checkpoint; immutable while runtimes use it.
struct Model {
    Checkpoint checkpoint;
    ModelConfig config;
    Tokenizer tokenizer;
    const StoredTensor* token_embd = nullptr;
    const StoredTensor* output_norm = nullptr;
    const StoredTensor* output = nullptr;  // token_embd where tied
    std::vector<LayerWeights> layers;
};

std::unique_ptr<Model> load_model(Checkpoint checkpoint);

}  // namespace hone
