// SPDX-License-Identifier: Apache-2.0
#include "engine/families/decoder.h"
#include "engine/families/list.h"

namespace hone {
namespace {

// transformers' Qwen2Config: 32,768 positions and 32 heads of keys and values where nothing is
// said.
constexpr auto kParameters = decoder_parameters(32768, 32);

constexpr std::array kTensors{decoder::kTokenEmbd,
                              decoder::kAttnNorm,
                              decoder::kAttnQ,
                              TensorRow{Role::attn_q_bias, "blk.{}.attn_q.bias",
                                        "model.layers.{}.self_attn.q_proj.bias", Extent::queries},
                              decoder::kAttnK,
                              TensorRow{Role::attn_k_bias, "blk.{}.attn_k.bias",
                                        "model.layers.{}.self_attn.k_proj.bias", Extent::keys},
                              decoder::kAttnV,
                              TensorRow{Role::attn_v_bias, "blk.{}.attn_v.bias",
                                        "model.layers.{}.self_attn.v_proj.bias", Extent::keys},
                              decoder::kAttnOutput,
                              decoder::kFfnNorm,
                              decoder::kFfnGate,
                              decoder::kFfnUp,
                              decoder::kFfnDown,
                              decoder::kOutputNorm,
                              decoder::kOutput};

// Qwen2's configurations give a window that counts only where use_sliding_window says so, which is
// refused.
constexpr std::array kKeys{KeyRow{"sliding_window", Neutral::anything}};
constexpr std::array kFlags{ConfigFlag{"use_sliding_window", false}};

}  // namespace

// Qwen2 (arXiv 2407.10671): Llama's layers, with biases on q, k and v, and heads that turn by
// halves.
const Family kQwen2{.name = "qwen2",
                    .title = "Qwen 2",
                    .model_type = "qwen2",
                    .class_name = "Qwen2ForCausalLM",
                    .parameters = kParameters,
                    .tensors = kTensors,
                    .rotation = Rotation::halves,
                    .config_keys = kKeys,
                    .config_flags = kFlags};

}  // namespace hone
