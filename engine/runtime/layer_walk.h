// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/core/progress.h"
#include "engine/model/model.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {

// Takes sequences of tokens through a model one layer at a time, so that a layer can be looked at,
// and changed, before its outputs go on: what calibration needs. Weights of layers that are still
// to come may change between calls. Each call throws Error where activations are not finite.
class LayerWalk {
public:
    // Embeds the sequences. Reserves the activations of all their tokens.
    LayerWalk(const Model& model, kernels::ThreadPool& pool,
              std::span<const std::vector<TokenId>> sequences);
    ~LayerWalk();

    std::int64_t tokens() const;

    // What a walk with about `tokens` tokens takes, its results aside. Tensors need no data.
    static std::int64_t bytes(const Checkpoint& checkpoint, std::int64_t tokens);

    // For each matrix of the next layer, the sum over all tokens of the squares of each of its
    // inputs, [cols]. The walk stays where it is. Throws Cancelled.
    using Squares = std::unordered_map<const StoredTensor*, std::vector<double>>;
    Squares input_squares(const Progress& progress);

    // Computes the next layer. Returns the mean over all tokens of the cosine between its input and
    // its output hidden state.
    double advance(const Progress& progress);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hone
