// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/machine.h"
#include "kernels/cuda/ops/pages.h"

namespace hone::cuda {

// A block a run and kv head, a thread a channel.
HONE_DEVICE void bound_kernel(const BoundParams& p) {
    const PageRun run = Global<const PageRun>{p.runs}[block_index().x];
    if (run.rows == 0) return;
    const std::int64_t kv_head = block_index().y, dim = p.bounds.head_dim;
    const Global<float> low{p.bounds.values + bounds_at(p.bounds, run.sequence, run.page, kv_head)},
        high = low + dim;
    const Global<const float> k{p.k};
    for (std::int64_t i = thread_index(); i < dim; i += block_threads()) {
        float least = run.fresh != 0 ? INFINITY : low[i],
              most = run.fresh != 0 ? -INFINITY : high[i];
        for (std::int64_t row = run.first_row; row < run.first_row + run.rows; ++row) {
            const float key = k[(row * p.bounds.n_kv_heads + kv_head) * dim + i];
            least = fminf(least, key);
            most = fmaxf(most, key);
        }
        low[i] = least;
        high[i] = most;
    }
}

// An integer of the same order as the float.
HONE_BOTH std::uint32_t ordered(float value) {
    const auto bits = bits_as<std::uint32_t>(value);
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

// A block a row and kv head: bounds by warps, then the level that so many reach, bit by bit, then
// one warp writes the list.
HONE_DEVICE void choose_kernel(const ChooseParams& p) {
    const std::int64_t row = block_index().x, kv_head = block_index().y, dim = p.bounds.head_dim;
    const std::int64_t group = p.n_heads / p.bounds.n_kv_heads;
    const AttendedRow attended = Global<const AttendedRow>{p.rows_of}[row];
    if (attended.pages == 0) return;
    const std::int64_t earlier = (attended.end - 1) >> p.page_shift, wanted = attended.pages - 1;
    const Shared<float> q = dynamic_shared<float>(0, group * dim);
    const Shared<std::uint32_t> keys =
        dynamic_shared<std::uint32_t>(sizeof(float) * group * dim, p.longest);
    const Global<const float> queries{p.q + (row * p.n_heads + kv_head * group) * dim};
    for (std::int64_t i = thread_index(); i < group * dim; i += block_threads()) q[i] = queries[i];
    sync_block();
    for (std::int64_t page = warp_index(); page < earlier; page += block_threads() / kWarp) {
        const Global<const float> low{p.bounds.values +
                                      bounds_at(p.bounds, attended.sequence, page, kv_head)},
            high = low + dim;
        float best = -INFINITY;
        for (std::int64_t g = 0; g < group; ++g) {
            float bound = 0;
            for (std::int64_t i = lane_index(); i < dim; i += kWarp) {
                const float query = q[g * dim + i];
                bound += fmaxf(query * low[i], query * high[i]);
            }
            best = fmaxf(best, warp_sum(bound));
        }
        if (lane_index() == 0) keys[page] = ordered(best);
    }
    sync_block();
    HONE_SHARED(float, scratch, kWarp);
    const auto reaching = [&](std::uint32_t level) {
        float count = 0;  // whole numbers: exact
        for (std::int64_t i = thread_index(); i < earlier; i += block_threads())
            count += keys[i] >= level ? 1.0F : 0.0F;
        return block_reduce(count, 0.0F, scratch, [](float value) { return warp_sum(value); });
    };
    std::uint32_t level = 0;
    for (int bit = 31; bit >= 0; --bit) {
        const std::uint32_t candidate = level | 1U << bit;
        if (reaching(candidate) >= static_cast<float>(wanted)) level = candidate;
    }
    const float above = level == 0xFFFFFFFFU ? 0.0F : reaching(level + 1);
    if (warp_index() != 0) return;
    const std::int64_t ties = wanted - static_cast<std::int64_t>(above);
    const Global<std::int32_t> list{p.lists + (row * p.bounds.n_kv_heads + kv_head) * p.stride};
    std::int64_t taken = 0, tied = 0;
    for (std::int64_t begin = 0; begin < earlier; begin += kWarp) {
        const std::int64_t page = begin + lane_index();
        const std::uint32_t key = page < earlier ? static_cast<std::uint32_t>(keys[page]) : 0U;
        const std::uint32_t before = (1U << lane_index()) - 1;
        const std::uint32_t equal = ballot(page < earlier && key == level);
        const bool tie = page < earlier && key == level && tied + bit_count(equal & before) < ties;
        const std::uint32_t chosen = ballot(tie || (page < earlier && key > level));
        if ((chosen >> lane_index() & 1U) != 0)
            list[taken + bit_count(chosen & before)] = static_cast<std::int32_t>(page);
        taken += bit_count(chosen);
        tied += bit_count(equal);
    }
    if (lane_index() == 0) list[wanted] = static_cast<std::int32_t>(earlier);
}

}  // namespace hone::cuda
