// SPDX-License-Identifier: Apache-2.0
#include "engine/model/model.h"

#include <fmt/format.h>

#include <utility>

#include "engine/model/hyper_parameters.h"

namespace hone {

BoundWeights bind_weights(const Checkpoint& checkpoint, std::int64_t n_layers) {
    BoundWeights bound;
    bound.layers.resize(static_cast<std::size_t>(n_layers));
    for (const StoredTensor& tensor : checkpoint.tensors) {
        const TensorPlace& place = tensor.place;
        if (place.layer >= 0)
            bound.layers[static_cast<std::size_t>(place.layer)].set(place.role, &tensor);
        else if (place.role == Role::token_embd)
            bound.token_embd = &tensor;
        else if (place.role == Role::output_norm)
            bound.output_norm = &tensor;
        else if (place.role == Role::output)
            bound.output = &tensor;
    }
    if (bound.output == nullptr) bound.output = bound.token_embd;
    return bound;
}

Model::Model(Checkpoint the_checkpoint, ModelConfig the_config, Tokenizer the_tokenizer)
    : checkpoint(std::move(the_checkpoint)),
      config(std::move(the_config)),
      tokenizer(std::move(the_tokenizer)) {
    static_cast<BoundWeights&>(*this) = bind_weights(checkpoint, config.n_layers);
}

std::unique_ptr<Model> load_model(Checkpoint checkpoint) {
    ModelConfig config = read_config(checkpoint);
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (checkpoint.synthetic && tensor.data.empty()) continue;  // a device makes them
        const auto expected = static_cast<std::size_t>(tensor.bytes());
        if (tensor.data.size() != expected)
            refuse(checkpoint, "tensor '" + tensor.name + "'",
                   fmt::format("{} bytes", tensor.data.size()), fmt::format("{} bytes", expected));
    }
    Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    if (tokenizer.size() != config.n_vocab)
        refuse(checkpoint, "tokeniser", fmt::format("{} tokens", tokenizer.size()),
               fmt::format("{}, the rows of '{}'", config.n_vocab,
                           checkpoint.find(Role::token_embd)->name));
    return std::make_unique<Model>(std::move(checkpoint), std::move(config), std::move(tokenizer));
}

}  // namespace hone
