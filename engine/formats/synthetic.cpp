// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/synthetic.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "engine/core/error.h"
#include "engine/core/pulse.h"
#include "engine/core/system_memory.h"

namespace hone {
namespace {

// Layers, width, heads, heads of keys and values, head, feed-forward, vocabulary, context, rotated
// (the head), tied.
constexpr std::array kShapes{
    llama_shape("tiny", {2, 64, 4, 2, 16, 128, 320, 4096, 0, true}, 10000.0, DType::f32),
    llama_shape("smollm2-135m", {30, 576, 9, 3, 64, 1536, 49152, 8192, 0, true}, 100000.0,
                DType::bf16),
    llama_shape("smollm2-360m", {32, 960, 15, 5, 64, 2560, 49152, 8192, 0, true}, 100000.0,
                DType::bf16),
    llama_shape("llama-3.2-1b", {16, 2048, 32, 8, 64, 8192, 128256, 131072, 0, true}, 500000.0,
                DType::bf16),
    llama_shape("llama-3-8b", {32, 4096, 32, 8, 128, 14336, 128256, 8192, 0, false}, 500000.0,
                DType::bf16),
    llama_shape("llama-3-70b", {80, 8192, 64, 8, 128, 28672, 128256, 8192, 0, false}, 500000.0,
                DType::bf16),
};

constexpr float kDeviation = 0.02F;
constexpr std::size_t kTable = 1 << 16;
constexpr int kBytes = 256;  // the byte tokens come first

const SyntheticShape& shape_named(std::string_view name) {
    std::string known;
    for (const SyntheticShape& shape : kShapes) {
        if (shape.name == name) return shape;
        known += (known.empty() ? "" : ", ") + std::string(shape.name);
    }
    throw Error(ErrorDetails{"", "synthetic:" + std::string(name), "shape",
                             "'" + std::string(name) + "'", "one of " + known});
}

// Normal values drawn once; a fast generator then picks among them, since an 8B model wants 8·10⁹.
template <typename Element>
std::array<Element, kTable> normal_table(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::array<Element, kTable> table;
    constexpr double kTwoPi = 6.283185307179586;
    for (std::size_t i = 0; i < kTable; i += 2) {
        // Box–Muller on bits of the generator: the same on every machine, unlike
        // std::normal_distribution.
        const double u = (static_cast<double>(random() >> 11U) + 1) * 0x1p-53,
                     v = static_cast<double>(random() >> 11U) * 0x1p-53;
        const double radius = std::sqrt(-2 * std::log(u));
        const std::array<double, 2> pair{radius * std::cos(kTwoPi * v),
                                         radius * std::sin(kTwoPi * v)};
        for (std::size_t j = 0; j < 2; ++j) {
            const auto value = static_cast<float>(pair[j]) * kDeviation;
            if constexpr (std::is_same_v<Element, float>)
                table[i + j] = value;
            else
                table[i + j] = static_cast<Element>(std::bit_cast<std::uint32_t>(value) >>
                                                    16U);  // bfloat16, truncated
        }
    }
    return table;
}

std::uint64_t next(std::uint64_t& state) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    return state;
}

template <typename Element>
void fill(std::byte* target, std::int64_t count, std::uint64_t seed) {
    static const auto kNormals = normal_table<Element>(1);
    std::uint64_t state = seed * 0x9E3779B97F4A7C15U + 1;
    auto* out = reinterpret_cast<Element*>(target);
    std::int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const std::uint64_t bits = next(state);
        for (unsigned j = 0; j < 4; ++j) out[i + j] = kNormals[(bits >> (16 * j)) & (kTable - 1)];
    }
    for (; i < count; ++i) out[i] = kNormals[next(state) & (kTable - 1)];
}

class Builder {
public:
    Builder(const SyntheticShape& shape, bool weights, std::uint64_t seed)
        : shape_(shape), family_(*find_family(shape.family)), weights_(weights), seed_(seed) {}

    Checkpoint build() {
        checkpoint_.source = "synthetic:" + std::string(shape_.name);
        checkpoint_.name = std::string(shape_.name) + " (synthetic)";
        checkpoint_.synthetic = true;
        add_metadata();
        add_tensors();
        if (weights_) fill_tensors();
        return std::move(checkpoint_);
    }

private:
    void add_metadata();
    void add_tensors();
    void fill_tensors();

    const SyntheticShape& shape_;
    const Family& family_;
    bool weights_;
    std::uint64_t seed_;
    Checkpoint checkpoint_;
};

void Builder::add_metadata() {
    const auto number = [](std::int64_t value) {
        return MetadataValue(static_cast<std::uint32_t>(value));
    };
    auto& metadata = checkpoint_.metadata;
    metadata["general.architecture"] = std::string(family_.name);
    metadata["general.name"] = checkpoint_.name;
    const auto set = [&](Parameter parameter, MetadataValue value) {
        metadata[family_.key(parameter)] = std::move(value);
    };
    set(Parameter::layers, number(shape_.n_layers));
    set(Parameter::context, number(shape_.context_length));
    set(Parameter::width, number(shape_.n_embd));
    set(Parameter::feed_forward, number(shape_.n_ff));
    set(Parameter::heads, number(shape_.n_heads));
    set(Parameter::kv_heads, number(shape_.n_kv_heads));
    set(Parameter::head_dim, number(shape_.head_dim));
    set(Parameter::value_dim, number(shape_.head_dim));
    set(Parameter::norm_epsilon, 1e-5F);
    set(Parameter::rope_theta, static_cast<float>(shape_.rope_theta));
    set(Parameter::rotary_dim, number(shape_.rotary_dim));
    set(Parameter::vocabulary, number(shape_.n_vocab));
    metadata["tokenizer.ggml.model"] = std::string("hone-bytes");
    metadata["tokenizer.ggml.eos_token_id"] = number(kBytes + 1);
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    constexpr std::int32_t kByteType = 6, kControl = 3, kUnused = 5;
    for (std::int64_t id = 0; id < shape_.n_vocab; ++id) {
        tokens.push_back(id < kBytes        ? fmt::format("<0x{:02X}>", id)
                         : id == kBytes     ? "<|start|>"
                         : id == kBytes + 1 ? "<|end|>"
                                            : fmt::format("<|unused{}|>", id));
        types.push_back(id < kBytes ? kByteType : id < kBytes + 2 ? kControl : kUnused);
    }
    metadata["tokenizer.ggml.tokens"] = MetadataArray(std::move(tokens));
    metadata["tokenizer.ggml.token_type"] = MetadataArray(std::move(types));
}

void Builder::add_tensors() {
    for_each_tensor(family_, shape_, [&](const TensorRow& row, std::int64_t layer) {
        if (!is_expected(row, shape_)) return;
        StoredTensor tensor;
        tensor.name = row.gguf_name(layer);
        tensor.type = row.is_vector() ? DType::f32 : shape_.type;
        tensor.shape = row.shape(shape_);
        checkpoint_.tensors.push_back(std::move(tensor));
    });
    checkpoint_.place_tensors();
}

void Builder::fill_tensors() {
    const std::int64_t needed = checkpoint_.bytes(), available = available_memory_bytes();
    if (available != 0 && needed > available)
        throw Error(
            ErrorDetails{fmt::format("{}: the weights need {:.1f} GB of memory and {:.1f} GB are "
                                     "available; choose a smaller shape",
                                     checkpoint_.source, static_cast<double>(needed) / 1e9,
                                     static_cast<double>(available) / 1e9),
                         checkpoint_.source, "memory", fmt::format("{} B needed", needed),
                         fmt::format("at most {} B", available)});
    for (std::size_t i = 0; i < checkpoint_.tensors.size(); ++i) {
        pulse();
        StoredTensor& tensor = checkpoint_.tensors[i];
        const auto bytes =
            static_cast<std::size_t>(tensor.rows() * row_bytes(tensor.type, tensor.cols()));
        std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
        if (tensor.shape.size() == 1 && !is_bias(tensor.place.role)) {
            std::fill_n(reinterpret_cast<float*>(data.get()), tensor.elements(), 1.0F);
        } else if (tensor.type == DType::f32) {
            fill<float>(data.get(), tensor.elements(), seed_ * 1000003 + i);
        } else {
            fill<std::uint16_t>(data.get(), tensor.elements(), seed_ * 1000003 + i);
        }
        tensor.data = {data.get(), bytes};
        tensor.owner = data;
    }
}

}  // namespace

std::span<const SyntheticShape> synthetic_shapes() {
    return kShapes;
}

Checkpoint make_synthetic(std::string_view shape, bool weights, std::uint64_t seed) {
    return make_synthetic(shape_named(shape), weights, seed);
}

Checkpoint make_synthetic(const SyntheticShape& shape, bool weights, std::uint64_t seed) {
    return Builder(shape, weights, seed).build();
}

}  // namespace hone
