// SPDX-License-Identifier: Apache-2.0
#include "engine/families/decoder.h"
#include "engine/families/list.h"

namespace hone {
namespace {

constexpr auto kParameters = decoder_parameters(2048);

constexpr std::array kTensors{TensorRow{Role::rope_factors, "rope_freqs.weight", "",
                                        Extent::half_rotary, Extent::none, Presence::optional},
                              decoder::kTokenEmbd,
                              decoder::kAttnNorm,
                              decoder::rotary_halves(decoder::kAttnQ),
                              decoder::rotary_halves(decoder::kAttnK),
                              decoder::kAttnV,
                              decoder::kAttnOutput,
                              decoder::kFfnNorm,
                              decoder::kFfnGate,
                              decoder::kFfnUp,
                              decoder::kFfnDown,
                              decoder::kOutputNorm,
                              decoder::kOutput};

constexpr std::array kFlags{ConfigFlag{"attention_bias", false}, ConfigFlag{"mlp_bias", false}};

}  // namespace

// Llama (arXiv 2302.13971): RMSNorm before each half of a layer, rotary q and k, grouped queries,
// SwiGLU.
const Family kLlama{.name = "llama",
                    .title = "Llama",
                    .model_type = "llama",
                    .class_name = "LlamaForCausalLM",
                    .parameters = kParameters,
                    .tensors = kTensors,
                    .config_flags = kFlags};

}  // namespace hone
