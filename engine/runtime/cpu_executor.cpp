// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/runtime/activations.h"
#include "engine/runtime/attention_mask.h"
#include "engine/runtime/cpu_operations.h"
#include "engine/runtime/cpu_shapes.h"
#include "engine/runtime/executor.h"
#include "engine/runtime/graph.h"

namespace hone {
namespace {

class CpuExecutor final : public Executor {
public:
    CpuExecutor(const Model& model, const RunConfig& config, kernels::ThreadPool& pool,
                std::int64_t max_context)
        : model_(model),
          config_(config),
          max_context_(max_context),
          workspace_(pool.size()),
          context_{config.isa, pool, workspace_},
          vectors_(model),
          widths_(cpu_activation_widths(model.config, model, config)),
          activations_(widths_) {}

    std::unique_ptr<KvCache> make_cache() override {
        if (config_.kv_layout == KvLayout::contiguous)
            return make_contiguous_kv_cache(model_.config, config_.kv_cache, max_context_);
        if (!blocks_)
            blocks_ =
                std::make_shared<KvBlocks>(model_.config, config_.kv_cache, config_.kv_block_shift);
        return make_paged_kv_cache(blocks_);
    }

    void begin(std::int64_t rows) override {
        activations_.require({.logits = rows});
        logits_rows_ = 0;
    }

    void run(Pass& pass, std::int64_t slice, Tracing& tracing, bool measures_mass,
             RuntimeCounters& counters, const Progress& progress) override {
        activations_.require(cpu_activation_rows(widths_, config_, pass.rows, slice));
        place_rows(pass);
        Products products{config_.arithmetic, config_.reduced_output};
        AttentionUse attention{config_.attention, measures_mass};
        if (measures_mass) activations_.mass.require(slice * model_.config.n_heads);
        CpuOperations operations(model_, vectors_, activations_, pass, slice, products, attention,
                                 tracing, context_, progress);
        tracing.layer = -1;
        operations.embed(*model_.token_embd);
        for (std::int64_t layer = 0; layer < model_.config.n_layers; ++layer) {
            tracing.layer = static_cast<std::int32_t>(layer);
            decoder_layer(model_.config, model_, operations,
                          layer);  // the last leaves the rows whose logits are wanted
        }
        tracing.layer = -1;
        counters.non_finite_rows +=
            operations.logits(activations_.logits.data() + logits_rows_ * model_.config.n_vocab);
        logits_rows_ += pass.rows;
        counters.reduced_products += products.reduced;
        counters.skipped_zeros += products.skipped_zeros;
        for (std::size_t i = 0; i < kDTypes; ++i)
            counters.products_of_type[i] += products.of_type[i];
        counters.attention_mass += attention.mass;
        counters.attention_mass_rows += attention.mass_rows;
        if (blocks_) counters.kv_blocks = blocks_->taken();
    }

    std::span<const float> logits() override {
        return {activations_.logits.data(),
                static_cast<std::size_t>(logits_rows_ * model_.config.n_vocab)};
    }

    void shrink() override {
        activations_.release();
        logits_rows_ = 0;
        if (blocks_) blocks_->shrink();
    }

    MemoryByClass memory() const override {
        MemoryByClass memory;
        memory[MemoryClass::weights] = model_.checkpoint.bytes() + vectors_.bytes();
        if (blocks_) memory[MemoryClass::kv_cache] = blocks_->bytes();
        memory[MemoryClass::activations] = activations_.bytes();
        memory[MemoryClass::workspace] = workspace_.bytes();
        return memory;
    }

private:
    void place_rows(const Pass& pass) {
        for (const Segment& segment : pass.segments) {
            for (std::int64_t i = 0; i < segment.rows; ++i) {
                const std::int64_t position = segment.position + i;
                activations_.positions.data()[segment.row + i] =
                    static_cast<std::int32_t>(position);
                activations_.mask.data()[segment.row + i] = mask_row(config_.attention, position);
            }
        }
    }

    const Model& model_;
    const RunConfig config_;
    const std::int64_t max_context_;
    kernels::Workspace workspace_;
    kernels::Context context_;
    VectorWeights vectors_;
    const ActivationWidths widths_;
    Activations activations_;
    std::shared_ptr<KvBlocks> blocks_;  // of all sequences, where the cache is paged
    std::int64_t logits_rows_ = 0;
};

}  // namespace

std::unique_ptr<Executor> make_cpu_executor(const Model& model, const RunConfig& config,
                                            kernels::ThreadPool& pool, std::int64_t max_context) {
    return std::make_unique<CpuExecutor>(model, config, pool, max_context);
}

}  // namespace hone
