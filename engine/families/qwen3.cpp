// SPDX-License-Identifier: Apache-2.0
#include "engine/families/decoder.h"
#include "engine/families/list.h"

namespace hone {
namespace {

// transformers' Qwen3Config: 32,768 positions, 32 heads of keys and values and heads of 128 where
// nothing is said.
constexpr auto kParameters = decoder_parameters(32768, 32, 128);

constexpr std::array kTensors{decoder::kTokenEmbd,
                              decoder::kAttnNorm,
                              decoder::kAttnQ,
                              TensorRow{Role::attn_q_norm, "blk.{}.attn_q_norm.weight",
                                        "model.layers.{}.self_attn.q_norm.weight", Extent::head},
                              decoder::kAttnK,
                              TensorRow{Role::attn_k_norm, "blk.{}.attn_k_norm.weight",
                                        "model.layers.{}.self_attn.k_norm.weight", Extent::head},
                              decoder::kAttnV,
                              decoder::kAttnOutput,
                              decoder::kFfnNorm,
                              decoder::kFfnGate,
                              decoder::kFfnUp,
                              decoder::kFfnDown,
                              decoder::kOutputNorm,
                              decoder::kOutput};

// As Qwen 2's: the window counts only where use_sliding_window says so, which is refused.
constexpr std::array kKeys{KeyRow{"sliding_window", Neutral::anything}};
constexpr std::array kFlags{ConfigFlag{"attention_bias", false},
                            ConfigFlag{"use_sliding_window", false}};

}  // namespace

// Qwen3 (arXiv 2505.09388): Qwen 2's layers without biases; each head of q and k is normed before
// it turns.
const Family kQwen3{.name = "qwen3",
                    .title = "Qwen 3",
                    .model_type = "qwen3",
                    .class_name = "Qwen3ForCausalLM",
                    .parameters = kParameters,
                    .tensors = kTensors,
                    .rotation = Rotation::halves,
                    .config_keys = kKeys,
                    .config_flags = kFlags};

}  // namespace hone
