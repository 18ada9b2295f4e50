// SPDX-License-Identifier: Apache-2.0
#include "engine/families/family.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/core/error.h"

namespace hone {
namespace {

constexpr std::string_view kLayer = "{}";
// What GGUF puts before every tensor of a layer, whatever the family.
constexpr std::string_view kBlock = "blk.", kBlockPattern = "blk.{}";

std::string with_layer(std::string_view pattern, std::int64_t layer) {
    const std::size_t at = pattern.find(kLayer);
    if (at == std::string_view::npos) return std::string(pattern);
    return std::string(pattern.substr(0, at)) + std::to_string(layer) +
           std::string(pattern.substr(at + kLayer.size()));
}

// The layer's number in a name of that pattern; nothing where the name is not of it. Leading zeros
// are no number: each tensor has one name.
std::optional<std::int32_t> layer_in(std::string_view pattern, std::string_view name) {
    const std::size_t at = pattern.find(kLayer);
    const std::string_view before = pattern.substr(0, at),
                           after = pattern.substr(at + kLayer.size());
    if (name.size() <= before.size() + after.size() || !name.starts_with(before) ||
        !name.ends_with(after))
        return std::nullopt;
    const std::string_view digits =
        name.substr(before.size(), name.size() - before.size() - after.size());
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    std::int32_t layer = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, layer);
    if (error != std::errc() || stop != end || layer < 0) return std::nullopt;
    return layer;
}

}  // namespace

std::string_view role_name(Role role) {
    static constexpr std::array<std::string_view, kRoles> kNames{
        "other",       "token_embd",  "output_norm", "output",      "rope_factors",
        "attn_norm",   "attn_q",      "attn_k",      "attn_v",      "attn_q_bias",
        "attn_k_bias", "attn_v_bias", "attn_q_norm", "attn_k_norm", "attn_output",
        "ffn_norm",    "ffn_gate",    "ffn_up",      "ffn_down"};
    return kNames[static_cast<std::size_t>(role)];
}

std::int64_t extent(const ModelShape& shape, Extent which) {
    switch (which) {
        case Extent::width:
            return shape.n_embd;
        case Extent::feed_forward:
            return shape.n_ff;
        case Extent::queries:
            return shape.n_heads * shape.head_dim;
        case Extent::keys:
            return shape.n_kv_heads * shape.head_dim;
        case Extent::head:
            return shape.head_dim;
        case Extent::vocabulary:
            return shape.n_vocab;
        case Extent::half_rotary:
            return shape.rotary_dim / 2;
        case Extent::none:
            break;
    }
    return 0;
}

std::string TensorRow::gguf_name(std::int64_t layer) const {
    return with_layer(gguf, layer);
}

std::string TensorRow::hugging_face_name(std::int64_t layer) const {
    return with_layer(hugging_face, layer);
}

std::vector<std::int64_t> TensorRow::shape(const ModelShape& model) const {
    if (is_vector()) return {extent(model, rows)};
    return {extent(model, rows), extent(model, cols)};
}

bool is_expected(const TensorRow& row, const ModelShape& shape) {
    return row.presence == Presence::always ||
           (row.presence == Presence::if_untied && !shape.tied_embeddings);
}

const ParameterRow& Family::row(Parameter parameter) const {
    const auto found =
        std::find_if(parameters.begin(), parameters.end(),
                     [parameter](const ParameterRow& each) { return each.parameter == parameter; });
    if (found == parameters.end())
        throw Error("the family " + std::string(name) +
                    " lacks a hyper-parameter that its readers ask for");
    return *found;
}

const TensorRow* Family::row(Role role) const {
    const auto found = std::find_if(tensors.begin(), tensors.end(),
                                    [role](const TensorRow& each) { return each.role == role; });
    return found == tensors.end() ? nullptr : &*found;
}

std::string Family::key(std::string_view suffix) const {
    return std::string(name) + "." + std::string(suffix);
}

std::string Family::key(Parameter parameter) const {
    return key(row(parameter).gguf);
}

TensorPlace place_of(const Family* family, std::string_view gguf_name) {
    if (family != nullptr) {
        for (const TensorRow& row : family->tensors) {
            if (!row.per_layer()) {
                if (row.gguf == gguf_name) return {row.role, -1, -1};
            } else if (const auto layer = layer_in(row.gguf, gguf_name)) {
                return {row.role, *layer, -1};
            }
        }
    }
    const std::size_t dot = gguf_name.find('.', kBlock.size());
    if (!gguf_name.starts_with(kBlock) || dot == std::string_view::npos) return {};
    const auto layer = layer_in(kBlockPattern, gguf_name.substr(0, dot));
    return {Role::other, layer.value_or(-1), -1};
}

std::string_view part_name(std::string_view gguf_name) {
    const std::size_t dot = gguf_name.find('.', kBlock.size());
    if (!gguf_name.starts_with(kBlock) || dot == std::string_view::npos) return gguf_name;
    return gguf_name.substr(dot + 1);
}

}  // namespace hone
