// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hone {

// What a tensor does in the graph, whatever a file calls it.
enum class Role : std::uint8_t {
    other,  // nothing that the graph knows
    token_embd,
    output_norm,
    output,
    rope_factors,
    attn_norm,
    attn_q,
    attn_k,
    attn_v,
    attn_q_bias,
    attn_k_bias,
    attn_v_bias,
    attn_q_norm,
    attn_k_norm,
    attn_output,
    ffn_norm,
    ffn_gate,
    ffn_up,
    ffn_down
};

inline constexpr std::size_t kRoles = static_cast<std::size_t>(Role::ffn_down) + 1;

// "attn_q": for people and for the protocol.
std::string_view role_name(Role role);

// A row a token of the vocabulary.
constexpr bool is_embedding(Role role) {
    return role == Role::token_embd || role == Role::output;
}

constexpr bool is_bias(Role role) {
    return role == Role::attn_q_bias || role == Role::attn_k_bias || role == Role::attn_v_bias;
}

// Products of what a layer attends from: computed for every token, where the last layer computes
// the rest for wanted rows alone.
constexpr bool is_projection(Role role) {
    return role == Role::attn_q || role == Role::attn_k || role == Role::attn_v;
}

}  // namespace hone
