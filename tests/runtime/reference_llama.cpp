// SPDX-License-Identifier: Apache-2.0
#include "tests/runtime/reference_llama.h"

#include <algorithm>
#include <cmath>

#include "engine/weights/weight_format.h"

namespace hone {
namespace {

using Vector = std::vector<double>;

struct Matrix {
    explicit Matrix(const StoredTensor* tensor)
        : values(expand_tensor(*tensor)), cols(tensor->cols()) {}
    double at(std::int64_t row, std::int64_t col) const {
        return values[static_cast<std::size_t>(row * cols + col)];
    }
    std::int64_t rows() const { return static_cast<std::int64_t>(values.size()) / cols; }
    Vector times(const Vector& x) const {
        Vector y(static_cast<std::size_t>(rows()));
        for (std::int64_t r = 0; r < rows(); ++r) {
            double sum = 0;
            for (std::int64_t c = 0; c < cols; ++c)
                sum += at(r, c) * x[static_cast<std::size_t>(c)];
            y[static_cast<std::size_t>(r)] = sum;
        }
        return y;
    }
    std::vector<float> values;
    std::int64_t cols;
};

Vector normed(const Vector& x, const StoredTensor* weight, double eps) {
    const std::vector<float> w = expand_tensor(*weight);
    double squares = 0;
    for (const double value : x) squares += value * value;
    const double scale = 1 / std::sqrt(squares / static_cast<double>(x.size()) + eps);
    Vector y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * scale * static_cast<double>(w[i]);
    return y;
}

Vector biased(Vector y, const StoredTensor* bias) {
    if (bias == nullptr) return y;
    const std::vector<float> values = expand_tensor(*bias);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += static_cast<double>(values[i]);
    return y;
}

// Each head by itself; nothing where the family has no such norm.
void norm_heads(Vector& heads, const StoredTensor* weight, const ModelConfig& c) {
    if (weight == nullptr) return;
    const auto width = static_cast<std::ptrdiff_t>(c.head_dim);
    for (auto head = heads.begin(); head != heads.end(); head += width) {
        const Vector each = normed({head, head + width}, weight, static_cast<double>(c.norm_eps));
        std::copy(each.begin(), each.end(), head);
    }
}

void rotate(Vector& heads, const ModelConfig& c, std::size_t position) {
    for (std::size_t start = 0; start < heads.size();
         start += static_cast<std::size_t>(c.head_dim)) {
        for (std::int64_t i = 0; i < c.rotary_dim / 2; ++i) {
            const double angle = static_cast<double>(position) *
                                 std::pow(c.rope_theta, -2.0 * static_cast<double>(i) /
                                                            static_cast<double>(c.rotary_dim));
            const bool halves = c.family->rotation == Rotation::halves;
            const std::int64_t at = halves ? i : 2 * i,
                               other = halves ? i + c.rotary_dim / 2 : 2 * i + 1;
            double& first = heads[start + static_cast<std::size_t>(at)];
            double& second = heads[start + static_cast<std::size_t>(other)];
            const double turned = first * std::cos(angle) - second * std::sin(angle);
            second = first * std::sin(angle) + second * std::cos(angle);
            first = turned;
        }
    }
}

bool visible(const AttentionMask& mask, std::int64_t query, std::int64_t key) {
    if (key > query) return false;
    return mask.kind == AttentionMask::Kind::dense || key > query - mask.window || key < mask.sinks;
}

Vector attend(const Vector& q, const std::vector<Vector>& keys, const std::vector<Vector>& values,
              const ModelConfig& c, const AttentionMask& mask, std::int64_t query) {
    Vector out(q.size());
    const auto dim = static_cast<std::size_t>(c.head_dim);
    for (std::int64_t head = 0; head < c.n_heads; ++head) {
        const std::size_t from = static_cast<std::size_t>(head) * dim;
        const std::size_t kv = static_cast<std::size_t>(head / (c.n_heads / c.n_kv_heads)) * dim;
        double total = 0;
        for (std::int64_t p = 0; p <= query; ++p) {
            if (!visible(mask, query, p)) continue;
            const auto at = static_cast<std::size_t>(p);
            double score = 0;
            for (std::size_t i = 0; i < dim; ++i) score += q[from + i] * keys[at][kv + i];
            const double weight = std::exp(score / std::sqrt(static_cast<double>(dim)));
            total += weight;
            for (std::size_t i = 0; i < dim; ++i) out[from + i] += weight * values[at][kv + i];
        }
        for (std::size_t i = 0; i < dim; ++i) out[from + i] /= total;
    }
    return out;
}

void add(Vector& y, const Vector& x) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
}

}  // namespace

std::vector<Vector> reference_logits(const Model& model, std::span<const TokenId> tokens,
                                     const AttentionMask& mask) {
    const ModelConfig& c = model.config;
    const Matrix embedding(model.token_embd);
    std::vector<Vector> stream;
    for (const TokenId token : tokens) {
        Vector& x = stream.emplace_back();
        for (std::int64_t i = 0; i < c.n_embd; ++i) x.push_back(embedding.at(token, i));
    }
    for (const LayerWeights& layer : model.layers) {
        const Matrix wq(layer[Role::attn_q]), wk(layer[Role::attn_k]), wv(layer[Role::attn_v]),
            wo(layer[Role::attn_output]);
        const Matrix gate(layer[Role::ffn_gate]), up(layer[Role::ffn_up]),
            down(layer[Role::ffn_down]);
        std::vector<Vector> keys, values;
        for (std::size_t t = 0; t < stream.size(); ++t) {
            const Vector h =
                normed(stream[t], layer[Role::attn_norm], static_cast<double>(c.norm_eps));
            Vector q = biased(wq.times(h), layer[Role::attn_q_bias]);
            norm_heads(q, layer[Role::attn_q_norm], c);
            rotate(q, c, t);
            Vector& k = keys.emplace_back(biased(wk.times(h), layer[Role::attn_k_bias]));
            norm_heads(k, layer[Role::attn_k_norm], c);
            rotate(k, c, t);
            values.push_back(biased(wv.times(h), layer[Role::attn_v_bias]));
            add(stream[t],
                wo.times(attend(q, keys, values, c, mask, static_cast<std::int64_t>(t))));
            const Vector n =
                normed(stream[t], layer[Role::ffn_norm], static_cast<double>(c.norm_eps));
            Vector g = gate.times(n);
            const Vector u = up.times(n);
            for (std::size_t i = 0; i < g.size(); ++i) g[i] = g[i] / (1 + std::exp(-g[i])) * u[i];
            add(stream[t], down.times(g));
        }
    }
    const Matrix output(model.output);
    std::vector<Vector> logits;
    for (const Vector& x : stream)
        logits.push_back(
            output.times(normed(x, model.output_norm, static_cast<double>(c.norm_eps))));
    return logits;
}

}  // namespace hone
