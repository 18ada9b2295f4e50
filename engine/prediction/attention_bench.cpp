// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/attention_bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include "engine/prediction/product_bench.h"
#include "engine/runtime/buffer.h"
#include "engine/runtime/kv_cache.h"
#include "kernels/attention/attention.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

// Three queries share a key: most small models have three or four.
constexpr std::int64_t kHeads = 12, kKvHeads = 4, kHeadDim = 64, kNear = 16, kFar = 1024;

ModelConfig model_of(std::int64_t layers) {
    ModelConfig model;
    model.n_layers = layers;
    model.n_heads = kHeads;
    model.n_kv_heads = kKvHeads;
    model.head_dim = kHeadDim;
    return model;
}

std::unique_ptr<CpuKvCache> filled(const ModelConfig& model, KvStorage storage, KvLayout layout,
                                   const kernels::Context& context, const Progress& progress) {
    constexpr int kBlockShift = 4;
    std::unique_ptr<CpuKvCache> cache =
        layout == KvLayout::paged
            ? make_paged_kv_cache(std::make_shared<KvBlocks>(model, storage, kBlockShift))
            : make_contiguous_kv_cache(model, storage, kFar);
    std::vector<float> row(kFar * kKvHeads * kHeadDim);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i % 17) * 0.125F - 1;
    cache->reserve(kFar);
    for (std::int64_t layer = 0; layer < model.n_layers; ++layer) {
        progress.check();
        cache->append(layer, row.data(), row.data(), kFar, context);
    }
    cache->advance(kFar);
    return cache;
}

// How long one query takes that attends `positions`: the median of the layers.
double seconds_of(const CpuKvCache& cache, std::int64_t layers, std::int64_t positions,
                  const kernels::Context& context, const Progress& progress) {
    Buffer<float> q, out;  // aligned as activations are
    q.allocate(kHeads * kHeadDim);
    out.allocate(kHeads * kHeadDim);
    std::fill_n(q.data(), q.size(), 0.01F);
    std::fill_n(out.data(), out.size(), 0.0F);
    const kernels::MaskRow mask{0, 0, positions};
    std::vector<double> seconds;
    for (std::int64_t layer = -1; layer < layers; ++layer) {  // the first to warm up
        progress.check();
        const std::int64_t at = std::max<std::int64_t>(layer, 0);
        const kernels::AttentionProblem problem{
            .q = q.data(),
            .out = out.data(),
            .q_stride = kHeads * kHeadDim,
            .out_stride = kHeads * kHeadDim,
            .keys = cache.keys(at),
            .values = cache.values(at),
            .mask = &mask,
            .tokens = 1,
            .n_heads = kHeads,
            .n_kv_heads = kKvHeads,
            .head_dim = kHeadDim,
            .scale = 1.0F / std::sqrt(static_cast<float>(kHeadDim))};
        const Clock::time_point start = Clock::now();
        kernels::attention(problem, context);
        if (layer >= 0)
            seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    return median(seconds);
}

}  // namespace

void measure_decode_attention(Calibration& calibration, const kernels::Context& context,
                              const Progress& progress, std::int64_t cold) {
    constexpr std::int64_t kFewest = 4, kMost = 512;
    constexpr double kFlops = 4.0 * kHeads * kHeadDim;  // a position
    for (const KvStorage storage : {KvStorage::f32, KvStorage::f16, KvStorage::i8}) {
        for (const KvLayout layout : {KvLayout::contiguous, KvLayout::paged}) {
            const std::int64_t each = contiguous_kv_bytes(model_of(1), storage, kFar);
            const std::int64_t layers = std::clamp(cold / each, kFewest, kMost);
            const auto cache = filled(model_of(layers), storage, layout, context, progress);
            // The far positions last, so that the near ones of every layer were read long before.
            const double near = seconds_of(*cache, layers, kNear, context, progress),
                         far = seconds_of(*cache, layers, kFar, context, progress);
            calibration.operations[operation_key(profiler::Operation::attention, storage,
                                                 profiler::TracePhase::decode, layout)] =
                line_through(kFlops * kNear, near, kFlops * kFar, far);
        }
    }
}

}  // namespace hone
