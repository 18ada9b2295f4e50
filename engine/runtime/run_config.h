// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cpu/isa.h"
#include "kernels/linear/reduced.h"

namespace hone {

enum class KvStorage : std::uint8_t { off, f32, f16, i8 };  // off: every step recomputes the whole sequence

// Which positions a query at position p may attend (always including itself).
struct AttentionMask {
    enum class Kind : std::uint8_t { dense, window } kind = Kind::dense;
    std::int64_t window = 0;  // the last `window` positions, itself included …
    std::int64_t sinks = 0;   // … and the first `sinks` (StreamingLLM, arXiv 2309.17453)
};

// How a model is run. The default is the baseline: fp32 contiguous cache, dense attention, one sequence at a time.
struct RunConfig {
    KvStorage kv_cache = KvStorage::f32;
    AttentionMask attention;
    std::int64_t batch_size = 1;       // sequences computed together
    std::int64_t prefill_chunk = 512;  // prompt tokens computed together, at most
    kernels::Isa isa = kernels::best_isa();
    // Of the products with the layers' matrices; where a matrix's stored type or the machine cannot be multiplied so, fp32.
    kernels::Arithmetic arithmetic = kernels::Arithmetic::f32;
    bool reduced_output = false;  // the output matrix's product as well
};

}  // namespace hone
