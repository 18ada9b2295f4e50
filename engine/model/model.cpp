// SPDX-License-Identifier: Apache-2.0
#include "engine/model/model.h"

#include <fmt/format.h>

#include <utility>

#include "engine/model/architectures/architecture.h"
#include "engine/model/hyper_parameters.h"

namespace hone {

ModelConfig read_config(const Checkpoint& checkpoint) {
    const Architecture& architecture = architecture_of(checkpoint);
    ModelConfig config = architecture.read_config(checkpoint);
    architecture.check_tensors(checkpoint, config);
    return config;
}

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
               fmt::format("{}, the rows of 'token_embd.weight'", config.n_vocab));
    std::unique_ptr<Model> model(new Model{
        std::move(checkpoint), std::move(config), std::move(tokenizer), nullptr, nullptr, nullptr, {}});
    architecture_of(model->checkpoint).bind_weights(*model);
    return model;
}

}  // namespace hone
