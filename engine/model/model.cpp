// SPDX-License-Identifier: Apache-2.0
#include "engine/model/model.h"

#include <fmt/format.h>

#include <utility>

#include "engine/model/hyper_parameters.h"

namespace hone {

namespace {

void bind_weights(Model& model) {
    model.layers.resize(static_cast<std::size_t>(model.config.n_layers));
    for (const StoredTensor& tensor : model.checkpoint.tensors) {
        const TensorPlace& place = tensor.place;
        if (place.layer >= 0)
            model.layers[static_cast<std::size_t>(place.layer)].set(place.role, &tensor);
        else if (place.role == Role::token_embd)
            model.token_embd = &tensor;
        else if (place.role == Role::output_norm)
            model.output_norm = &tensor;
        else if (place.role == Role::output)
            model.output = &tensor;
    }
    if (model.output == nullptr) model.output = model.token_embd;
}

}  // namespace

std::unique_ptr<Model> load_model(Checkpoint checkpoint) {
    ModelConfig config = read_config(checkpoint);
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (checkpoint.synthetic && tensor.data.empty()) continue;  // a device makes them
        const auto expected = static_cast<std::size_t>(tensor.bytes());
        if (tensor.data.size() != expected)
            refuse(checkpoint, "tensor '" + tensor.name + "'", fmt::format("{} bytes", tensor.data.size()),
                   fmt::format("{} bytes", expected));
    }
    Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    if (tokenizer.size() != config.n_vocab)
        refuse(checkpoint, "tokeniser", fmt::format("{} tokens", tokenizer.size()),
               fmt::format("{}, the rows of '{}'", config.n_vocab, checkpoint.find(Role::token_embd)->name));
    std::unique_ptr<Model> model(new Model{
        std::move(checkpoint), std::move(config), std::move(tokenizer), nullptr, nullptr, nullptr, {}});
    bind_weights(*model);
    return model;
}

}  // namespace hone
