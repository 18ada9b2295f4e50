// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

AttentionMask mask_of(const nlohmann::json& options) {
    AttentionMask mask;
    if (options.at("kind") == "window") {
        mask.kind = AttentionMask::Kind::window;
        mask.window = options.at("window").get<std::int64_t>();
        mask.sinks = options.at("sinks").get<std::int64_t>();
        return mask;
    }
    mask.kind = AttentionMask::Kind::pages;
    mask.page_shift = std::countr_zero(std::stoul(options.at("page").get<std::string>()));
    mask.keep = options.at("keep").get<std::int64_t>();
    mask.dense_layers = options.at("dense_layers").get<std::int64_t>();
    return mask;
}

class SparseAttention final : public Technique {
public:
    explicit SparseAttention(const nlohmann::json& options) : mask_(mask_of(options)) {}

    CounterUses counters() const override { return {{"skipped_pairs"}}; }
    void configure(RunConfig& run) const override { run.attention = mask_; }

private:
    AttentionMask mask_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::sparse_attention(const nlohmann::json& options) {
    return std::make_unique<SparseAttention>(options);
}

}  // namespace hone
