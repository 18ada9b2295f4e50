// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

class Tokenization final : public Technique {
public:
    explicit Tokenization(const nlohmann::json& options)
        : merge_cache_(options.at("merge_cache").get<bool>()),
          length_buckets_(options.at("length_buckets").get<bool>()) {}

    CounterUses counters() const override {
        CounterUses uses;
        if (merge_cache_) uses.push_back({"merge_cache_hits"});
        if (length_buckets_) uses.push_back({"reordered_prompts"});
        return uses;
    }
    void configure(RunConfig& run) const override {
        run.merge_cache = merge_cache_;
        run.length_buckets = length_buckets_;
    }

private:
    bool merge_cache_, length_buckets_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::tokenization(const nlohmann::json& options) {
    return std::make_unique<Tokenization>(options);
}

}  // namespace hone
