// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "engine/model/model.h"
#include "engine/runtime/run_config.h"
#include "kernels/attention/attention.h"
#include "kernels/cpu/context.h"

namespace hone {

// Keys and values of one sequence over all layers. A pass reserves room, appends to every layer behind length(), and then
// advances; rows appended but not advanced over are as good as absent, so an interrupted pass leaves no trace.
class KvCache {
public:
    virtual ~KvCache() = default;

    // Room for `length` positions in every layer, keeping the first length(). Throws std::bad_alloc.
    virtual void reserve(std::int64_t length) = 0;
    // k, v: [tokens, n_kv_heads, head_dim], stored at positions length(), length()+1, … Room must have been reserved.
    virtual void append(std::int64_t layer, const float* k, const float* v, std::int64_t tokens,
                        const kernels::Context& context) = 0;
    // Valid until the next reserve().
    virtual kernels::KvView keys(std::int64_t layer) const = 0;
    virtual kernels::KvView values(std::int64_t layer) const = 0;

    virtual std::int64_t length() const = 0;
    virtual void advance(std::int64_t tokens) = 0;  // after every layer was appended to
    virtual void trim(std::int64_t length) = 0;     // keep the first `length`; memory stays reserved
    virtual std::int64_t bytes() const = 0;         // allocated
    void clear() { trim(0); }
};

// Contiguous per head: layer → K or V → head → position → head_dim, grown by half (at most to `max_context`), layer by
// layer, so that memory follows use without a second copy of the whole. `storage` must not be KvStorage::off.
std::unique_ptr<KvCache> make_contiguous_kv_cache(const ModelConfig& model, KvStorage storage,
                                                  std::int64_t max_context);

// Bytes that make_contiguous_kv_cache's result has allocated once `length` positions were appended in passes of `step`
// positions or fewer at the end: the same arithmetic.
std::int64_t contiguous_kv_bytes(const ModelConfig& model, KvStorage storage, std::int64_t capacity);

// The capacity that follows `capacity` when `needed` positions must fit.
std::int64_t next_kv_capacity(std::int64_t capacity, std::int64_t needed, std::int64_t max_context);

}  // namespace hone
