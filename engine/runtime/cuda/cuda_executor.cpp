// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_executor.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/runtime/cuda/cuda_operations.h"
#include "engine/runtime/cuda/decode_bucket.h"
#include "engine/runtime/cuda/recently_used.h"
#include "engine/runtime/cuda/traced_operations.h"
#include "engine/runtime/graph.h"

namespace hone {
namespace {

// The host's memory that results are downloaded into.
class PinnedSpace final : public MemorySpace {
public:
    explicit PinnedSpace(cuda::Device& device) : device_(device) {}
    void* allocate(std::int64_t bytes) override { return device_.allocate_host(bytes); }
    void release(void* memory) noexcept override {
        if (memory != nullptr) device_.release_host(memory);
    }

private:
    cuda::Device& device_;
};

class CudaExecutor final : public Executor {
public:
    CudaExecutor(const Model& model, const RunConfig& config, cuda::Device& device,
                 int max_sequences, std::int64_t max_context, const Progress& progress)
        : model_(model),
          config_(config),
          sequences_(max_sequences),
          max_context_(max_context),
          memory_(device),
          weights_(model, memory_, progress),
          activations_(cuda_activation_widths(model.config, model, config),
                       memory_.space(MemoryClass::activations)),
          workspace_(memory_),
          pinned_(device),
          logits_(&pinned_),
          bad_(&pinned_) {
        if (config.kv_cache != KvStorage::off)
            blocks_ = std::make_shared<CudaKvBlocks>(model.config, config, memory_, max_context);
    }

    std::unique_ptr<KvCache> make_cache() override {
        return std::make_unique<CudaKvCache>(blocks_);
    }

    void begin(std::int64_t rows) override {
        activations_.require({.logits = rows});
        logits_rows_ = 0;
    }

    void run(Pass& pass, std::int64_t slice, Tracing& tracing, bool, RuntimeCounters& counters,
             const Progress& progress) override {
        follow(tracing);
        // Only the first pass of a batch: what is padded has its logits' rows to itself.
        const bool decodes = blocks_ != nullptr && logits_rows_ == 0 && extends_all(pass);
        if (!decodes) return take(pass, slice, false, tracing, counters, progress);
        padded_ = pass;
        padded_.pad(decode_bucket(pass.rows));
        take(padded_, padded_.rows, true, tracing, counters, progress);
    }

    std::span<const float> logits() override {
        const std::int64_t count = logits_rows_ * model_.config.n_vocab;
        if (count == 0) return {};
        logits_.require(count);
        memory_.device().download(logits_.data(), activations_.logits.data(),
                                  count * static_cast<std::int64_t>(sizeof(float)));
        memory_.device().synchronise();
        return {logits_.data(), static_cast<std::size_t>(count)};
    }

    void shrink() override {
        captured_.clear();
        activations_.release();
        logits_rows_ = 0;
        CudaWorkspace fresh(memory_);
        std::swap(fresh.page_bounds, workspace_.page_bounds);  // these belong to sequences
        workspace_ = std::move(fresh);
        if (blocks_) blocks_->shrink();
    }

    MemoryByClass memory() const override { return memory_.held(); }
    void begin_peak() override { memory_.begin_peak(); }
    MemoryByClass peak_memory() const override { return memory_.peak(); }

    void describe(profiler::CudaRecording& recording) const override {
        recording.memory_classes.clear();
        for (std::size_t i = 0; i < kMemoryClasses; ++i)
            recording.memory_classes.emplace_back(memory_class_id(static_cast<MemoryClass>(i)));
        recording.memory = memory_.changes();
    }

private:
    // `decodes`: the pass is padded to its bucket, and comes again and again. Graphs or not,
    // padding is the same, and so are the logits.
    void take(Pass& pass, std::int64_t slice, bool decodes, Tracing& tracing,
              RuntimeCounters& counters, const Progress& progress) {
        activations_.require({pass.rows, slice, decodes ? pass.rows : 0});
        Products products{config_.arithmetic, config_.reduced_output};
        CudaOperations operations(model_, weights_, blocks_.get(), activations_, workspace_,
                                  memory_, pass, slice, products, config_.attention,
                                  {sequences_, max_context_}, progress);
        TracedOperations traced(operations, activations_, pass, slice,
                                {model_, config_, blocks_.get()}, tracing, memory_.device());
        Operations& queued =
            tracing.recorder != nullptr ? static_cast<Operations&>(traced) : operations;
        const bool sees_graphs = tracing.recorder == nullptr || memory_.device().traces_kernels();
        if (decodes && sees_graphs)
            run_graph(operations.shape(), queued, tracing.recorder != nullptr ? &traced : nullptr,
                      products, tracing);
        else
            queue(queued, tracing);
        memory_.device().mark(0);
        const std::int64_t own = pass.rows - pass.padding;
        count_non_finite(own, counters);
        logits_rows_ += own;
        counters.reduced_products += products.reduced;
        counters.skipped_zeros += products.skipped_zeros;
        for (std::size_t i = 0; i < kDTypes; ++i)
            counters.products_of_type[i] += products.of_type[i];
        if (blocks_ && config_.kv_layout == KvLayout::paged) counters.kv_blocks = blocks_->taken();
    }

    void queue(Operations& operations, Tracing& tracing) {
        tracing.layer = -1;
        operations.embed(*model_.token_embd);
        for (std::int64_t layer = 0; layer < model_.config.n_layers; ++layer) {
            tracing.layer = static_cast<std::int32_t>(layer);
            decoder_layer(model_.config, model_, operations, layer);
        }
        tracing.layer = -1;
        operations.logits(activations_.logits.data() + logits_rows_ * model_.config.n_vocab);
    }

    // Graphs that were captured under other circumstances: their nodes are not known to who traces,
    // or only to him.
    void follow(const Tracing& tracing) {
        const bool traced = tracing.recorder != nullptr;
        if (traced != traced_) captured_.clear();
        traced_ = traced;
    }

    // The first pass of a shape is queued as it comes and allocates what it needs; the second is
    // captured; from then on the graph runs.
    void run_graph(const CudaOperations::Shape& shape, Operations& operations,
                   TracedOperations* traced, Products& products, Tracing& tracing) {
        if (generation_ != memory_.generation()) captured_.clear();
        generation_ = memory_.generation();
        const auto [captured, first] = captured_.ask(shape);
        if (first) {
            queue(operations, tracing);
            if (generation_ != memory_.generation())
                captured_.clear();  // it allocated: this was not the shape's first for graphs
            return;
        }
        const std::uint64_t mark = traced != nullptr ? tracing.recorder->last_mark() + 1 : 0;
        const bool ready = captured.ready;
        if (!ready) {
            captured.graph = capture(operations, tracing);
            captured.products = products;
            captured.ready = true;
            if (traced != nullptr) tracing.recorder->captured(mark);
        }
        memory_.device().mark(mark);
        memory_.device().launch(captured.graph);
        if (!ready) return;
        // What the graph does is accounted for while it runs: some ten operations a layer, which
        // the device need not wait for.
        products = captured.products;
        if (traced == nullptr) return;
        traced->only_account();
        queue(operations, tracing);
    }

    cuda::Graph capture(Operations& operations, Tracing& tracing) {
        memory_.device().begin_capture();
        try {
            queue(operations, tracing);
        } catch (...) {  // cancelled, most likely: the stream must not stay as it is
            const cuda::Graph unfinished = memory_.device().end_capture();
            throw;
        }
        return memory_.device().end_capture();
    }

    void count_non_finite(std::int64_t rows, RuntimeCounters& counters) {
        if (rows == 0) return;
        bad_.require(rows);
        memory_.device().download(bad_.data(), workspace_.bad.data(),
                                  rows * static_cast<std::int64_t>(sizeof(std::int32_t)));
        memory_.device().synchronise();
        counters.non_finite_rows += std::count(bad_.data(), bad_.data() + rows, 1);
    }

    struct Captured {
        bool ready = false;
        cuda::Graph graph;
        Products products{};  // what it counts
    };

    const Model& model_;
    const RunConfig config_;
    const std::int64_t sequences_, max_context_;
    CudaMemory memory_;
    CudaModel weights_;
    Activations activations_;
    CudaWorkspace workspace_;
    std::shared_ptr<CudaKvBlocks> blocks_;  // null where the cache is off
    // Shapes change with the number of sequences and while contexts grow: those of long ago seldom
    // come again.
    static constexpr std::size_t kMostGraphs = 64;
    RecentlyUsed<CudaOperations::Shape, Captured> captured_{kMostGraphs};
    std::int64_t generation_ = 0;
    Pass padded_;  // kept for its memory alone
    bool traced_ = false;
    PinnedSpace pinned_;
    Buffer<float> logits_;
    Buffer<std::int32_t> bad_;
    std::int64_t logits_rows_ = 0;
};

}  // namespace

std::unique_ptr<Executor> make_cuda_executor(const Model& model, const RunConfig& config,
                                             cuda::Device& device, int max_sequences,
                                             std::int64_t max_context, const Progress& progress) {
    return std::make_unique<CudaExecutor>(model, config, device, max_sequences, max_context,
                                          progress);
}

}  // namespace hone
