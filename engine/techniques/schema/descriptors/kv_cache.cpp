// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kTypes{ChoiceItem{"int8", "int8"}, ChoiceItem{"fp16", "fp16"},
                            ChoiceItem{"fp32", "fp32"}, ChoiceItem{"off", "Off"}};
const std::array kOptions{
    Option{"dtype", "Storage",
           "How keys and values are kept. fp32 is the baseline; off computes every earlier token again at "
           "each step, which shows "
           "what the cache saves.",
           Choice{kTypes, "int8"}},
};

}  // namespace

const Descriptor kv_cache{"kv_cache",
                          "KV cache",
                          "Stores the keys and values of earlier tokens in fewer bits, or not at all.",
                          "Per token and head, symmetric absmax int8; fp16 by rounding",
                          Slot::kv_cache,
                          Stage::configures_run,
                          kOptions,
                          {}};

}  // namespace hone::descriptors
