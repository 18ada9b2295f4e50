// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

constexpr std::array kStorages{std::pair{"off", KvStorage::off}, std::pair{"fp32", KvStorage::f32},
                               std::pair{"fp16", KvStorage::f16}, std::pair{"int8", KvStorage::i8}};

KvStorage storage_of(const nlohmann::json& options) {
    for (const auto& [id, storage] : kStorages) {
        if (options.at("dtype") == id) return storage;
    }
    return KvStorage::f32;
}

class ReducedKvCache final : public Technique {
public:
    explicit ReducedKvCache(const nlohmann::json& options)
        : storage_(storage_of(options)),
          paged_(options.at("layout") == "paged"),
          block_shift_(std::countr_zero(std::stoul(options.at("block").get<std::string>()))) {}

    CounterUses counters() const override {
        if (storage_ == KvStorage::off) return {{"recomputed_tokens"}};
        CounterUses uses;
        if (storage_ != KvStorage::f32) uses.push_back({"reduced_kv_tokens"});
        if (paged_) uses.push_back({"kv_blocks"});
        return uses;
    }
    void configure(RunConfig& run) const override {
        run.kv_cache = storage_;
        if (!paged_) return;
        run.kv_layout = KvLayout::paged;
        run.kv_block_shift = block_shift_;
    }

private:
    KvStorage storage_;
    bool paged_;
    int block_shift_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::kv_cache(const nlohmann::json& options) {
    return std::make_unique<ReducedKvCache>(options);
}

}  // namespace hone
