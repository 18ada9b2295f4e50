// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/families/model_shape.h"
#include "engine/families/role.h"

namespace hone {

// A family of models is data: which hyper-parameters it has, which tensors under which names, and
// which traits its graph has. Readers, writers, synthetic shapes, techniques and the graph take all
// of it from here; a family is one file of this folder and its row in families.cpp.

// Hyper-parameters
// -------------------------------------------------------------------------------------------------

enum class Parameter : std::uint8_t {
    layers,
    width,
    feed_forward,
    heads,
    kv_heads,
    head_dim,
    value_dim,
    rotary_dim,
    context,
    vocabulary,
    norm_epsilon,
    rope_theta
};

struct ParameterRow {
    Parameter parameter;
    std::string_view gguf;          // behind "FAMILY."
    std::string_view hugging_face;  // key of config.json; empty: it has none
    double low, high;               // integers: both allowed; real numbers: (low, high]
    // What transformers takes where config.json does not say it; nothing: it must, or the default
    // follows from other sizes.
    std::optional<double> config_default = std::nullopt;
};

// Keys that do more
// -------------------------------------------------------------------------------------------------

// The value with which a key changes nothing of what the graph computes.
enum class Neutral : std::uint8_t {
    anything,     // read elsewhere, or without effect on what is computed
    zero,         // 0 or false
    one,          // 1 or true
    zero_or_one,  // 0 counts as not said
    no,           // false
    yes,          // true
    nothing       // no such key, null, [] or {}
};

struct KeyRow {
    std::string_view name;
    Neutral neutral;
};

// Keys of GGUF behind "FAMILY.", from llama.cpp's list (src/llama-arch.cpp); keys of config.json,
// from the configurations of the decoders in transformers 4 and 5. Null: Hone does not know the
// key.
const KeyRow* gguf_key(std::string_view name);
const KeyRow* config_key(std::string_view name);

// Tensors
// -------------------------------------------------------------------------------------------------

// A size of a tensor, as an expression of the model's.
enum class Extent : std::uint8_t {
    none,
    width,
    feed_forward,
    queries,
    keys,
    head,
    vocabulary,
    half_rotary
};
std::int64_t extent(const ModelShape& shape, Extent which);

enum class Presence : std::uint8_t { always, if_untied, optional };

// How Hugging Face orders a matrix's rows beside GGUF.
enum class RowOrder : std::uint8_t {
    same,
    rotary_halves  // GGUF has the two rows that turn together side by side, Hugging Face in the
                   // halves of the head
};

struct TensorRow {
    Role role;
    std::string_view gguf;             // "{}" stands for the layer's number
    std::string_view hugging_face;     // the same; empty: no file holds it
    Extent rows, cols = Extent::none;  // [rows, cols]; a vector has no columns
    Presence presence = Presence::always;
    RowOrder order = RowOrder::same;

    bool per_layer() const { return gguf.find("{}") != std::string_view::npos; }
    bool is_vector() const { return cols == Extent::none; }
    std::string gguf_name(std::int64_t layer) const;
    std::string hugging_face_name(std::int64_t layer) const;
    std::vector<std::int64_t> shape(const ModelShape& model) const;  // outermost first
};

// Traits
// -------------------------------------------------------------------------------------------------

// Which elements of a head turn together, in the order in which GGUF has them.
enum class Rotation : std::uint8_t {
    neighbours,  // 2i and 2i + 1
    halves       // i and i + rotary_dim / 2
};

// What config.json says besides of every model of the family.
struct ConfigFlag {
    std::string_view key;
    bool value;
};

struct Family {
    std::string_view name;        // general.architecture of GGUF, and what its keys start with
    std::string_view title;       // as people write it
    std::string_view model_type;  // of config.json
    std::string_view class_name;  // of config.json, "architectures"
    std::span<const ParameterRow> parameters;
    std::span<const TensorRow> tensors;  // in GGUF's order: those of a layer stand together
    Rotation rotation = Rotation::neighbours;
    std::span<const KeyRow> config_keys =
        {};  // where the family means something else by a key than config_key() says
    std::span<const ConfigFlag> config_flags = {};

    const ParameterRow& row(Parameter parameter) const;
    const TensorRow* row(Role role) const;           // null where the family has no such tensor
    std::string key(std::string_view suffix) const;  // "llama.block_count" for "block_count"
    std::string key(Parameter parameter) const;
};

// A tensor's place in the graph.
struct TensorPlace {
    Role role = Role::other;
    std::int32_t layer = -1;  // −1: outside the layers
    std::int32_t expert = -1;
};

// Whether a model of that shape must have the row's tensor.
bool is_expected(const TensorRow& row, const ModelShape& shape);

// Calls body(row, layer) for every tensor that a model of that shape may have, in GGUF's order;
// layer −1 outside the layers.
template <typename Body>
void for_each_tensor(const Family& family, const ModelShape& shape, const Body& body) {
    auto row = family.tensors.begin();
    for (; row != family.tensors.end() && !row->per_layer(); ++row) body(*row, std::int64_t{-1});
    const auto first = row;
    for (std::int64_t layer = 0; layer < shape.n_layers; ++layer)
        for (row = first; row != family.tensors.end() && row->per_layer(); ++row) body(*row, layer);
    for (; row != family.tensors.end(); ++row) body(*row, std::int64_t{-1});
}

// Where a tensor of this GGUF name belongs: Role::other, and the layer that the name says, where
// the family has none of that name or is null.
TensorPlace place_of(const Family* family, std::string_view gguf_name);
// The name within a layer: "attn_q.weight" of "blk.7.attn_q.weight"; the whole name outside the
// layers.
std::string_view part_name(std::string_view gguf_name);

// All that are supported.
std::span<const Family* const> families();
const Family* find_family(std::string_view name);                // null: not supported
const Family* find_family_of_type(std::string_view model_type);  // the same by config.json's
// "llama, qwen2": for errors.
std::string family_names();

}  // namespace hone
