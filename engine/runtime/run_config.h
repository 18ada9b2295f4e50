// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cpu/isa.h"
#include "kernels/linear/reduced.h"

namespace hone {

enum class KvStorage : std::uint8_t {
    off,
    f32,
    f16,
    i8
};  // off: every step recomputes the whole sequence

enum class KvLayout : std::uint8_t { contiguous, paged };

// Which positions a query at position p may attend (always including itself).
struct AttentionMask {
    enum class Kind : std::uint8_t { dense, window, pages } kind = Kind::dense;
    std::int64_t window = 0;  // the last `window` positions, itself included …
    std::int64_t sinks = 0;   // … and the first `sinks` (StreamingLLM, arXiv 2309.17453)
    // Its own page of positions and the keep − 1 earlier ones that promise most (Quest, arXiv
    // 2406.10774), but everything in the first `dense_layers` layers.
    int page_shift = 4;
    std::int64_t keep = 0;
    std::int64_t dense_layers = 0;
};

// Zeros that a run's weights are to be stored without, where that takes fewer bytes.
enum class ZeroPattern : std::uint8_t { anywhere, two_of_four };

// How a model is run. The default is the baseline on a CPU: fp32 contiguous cache, dense attention,
// one sequence at a time.
struct RunConfig {
    KvStorage kv_cache = KvStorage::f32;
    KvLayout kv_layout = KvLayout::contiguous;
    int kv_block_shift = 4;  // log2 of the positions of a block, where paged
    AttentionMask attention;
    enum class Batching : std::uint8_t { fixed, adaptive } batching = Batching::fixed;
    std::int64_t batch_size = 1;       // sequences computed together; adaptive: at most
    bool length_buckets = false;       // prompts of like length share a batch
    bool merge_cache = false;          // of the tokeniser
    std::int64_t prefill_chunk = 512;  // prompt tokens computed together, at most
    kernels::Isa isa = kernels::best_isa();
    // How the layers' matrices are multiplied; fp32 where a matrix's stored type, or the machine,
    // cannot do so.
    kernels::Arithmetic arithmetic = kernels::Arithmetic::f32;
    bool reduced_output = false;  // the output matrix's product as well
};

}  // namespace hone
