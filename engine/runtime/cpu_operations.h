// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/runtime/operations.h"
#include "kernels/cpu/context.h"

namespace hone {

// The model's vectors as fp32: pointers into the checkpoint where they are stored so, copies
// otherwise.
class VectorWeights {
public:
    explicit VectorWeights(const Model& model);
    const float* operator[](const StoredTensor* tensor) const;
    std::int64_t bytes() const;  // of the copies

private:
    std::unordered_map<const StoredTensor*, std::vector<float>> copies_;
};

// Operations on this machine's processor.
class CpuOperations final : public Operations {
public:
    CpuOperations(const Model& model, const VectorWeights& vectors, Activations& activations,
                  Pass& pass, std::int64_t slice, Products& products, AttentionUse& attention,
                  Tracing& tracing, const kernels::Context& context, const Progress& progress)
        : Operations(activations, pass, slice),
          model_(model),
          vectors_(vectors),
          products_(products),
          attention_(attention),
          tracing_(tracing),
          context_(context),
          progress_(progress) {}

    void embed(const StoredTensor& embedding) override;
    void norm(const StoredTensor* weight, const float* x, float* y, std::int64_t rows,
              std::int64_t groups) const override;
    void linear(const StoredTensor* weight, const float* x, float* y,
                std::int64_t rows) const override;
    void rotate(float* q, float* k, Rows rows) const override;
    void remember(std::int64_t layer) const override;
    void attend(std::int64_t layer, float* out, Rows rows) const override;
    void gate(float* gate, const float* up, std::int64_t rows) const override;
    void add(float* y, const float* x, std::int64_t rows) const override;
    void add_bias(float* y, const StoredTensor* bias, std::int64_t rows) const override;
    void keep_wanted_rows() override;
    std::int64_t logits(float* out) const override;

    // Called with the inputs of every product, [rows, cols of the weight], before it is computed.
    using Observer =
        std::function<void(const StoredTensor& weight, const float* x, std::int64_t rows)>;
    void observe(Observer observer) { observer_ = std::move(observer); }

private:
    // Runs `work`, and records it where a recorder listens: then, and only then, `cost` is asked
    // for.
    std::string product_kernel(const StoredTensor& weight, kernels::Arithmetic arithmetic) const;
    template <typename Work, typename CostOf, typename KernelOf>
    void timed(profiler::Operation operation, std::string_view name, Work&& work, CostOf&& cost,
               KernelOf&& kernel) const;
    template <typename Work, typename CostOf>
    void timed(profiler::Operation operation, std::string_view name, Work&& work,
               CostOf&& cost) const;
    void multiply(const StoredTensor& weight, kernels::Arithmetic arithmetic, const float* x,
                  float* y, std::int64_t rows) const;
    void add_mass(const kernels::AttentionProblem& problem, std::int64_t layer) const;

    const Model& model_;
    const VectorWeights& vectors_;
    Products& products_;
    AttentionUse& attention_;
    Tracing& tracing_;
    const kernels::Context& context_;
    const Progress& progress_;
    Observer observer_;
};

}  // namespace hone
