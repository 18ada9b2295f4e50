// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <string>

#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

class Batching final : public Technique {
public:
    explicit Batching(const nlohmann::json& options)
        : adaptive_(options.at("kind") == "adaptive"),
          size_(options.at("size").get<std::int64_t>()) {}

    Support supports(const TechniqueQuery& query) const override {
        if (query.concurrency > 1) return {};
        return {false,
                "the workload has one sequence; batching needs a concurrency of two or more"};
    }
    CounterUses counters() const override { return {{"batched_tokens"}}; }
    void configure(RunConfig& run) const override {
        if (adaptive_) run.batching = RunConfig::Batching::adaptive;
        run.batch_size = size_;
    }

private:
    bool adaptive_;
    std::int64_t size_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::batching(const nlohmann::json& options) {
    return std::make_unique<Batching>(options);
}

}  // namespace hone
