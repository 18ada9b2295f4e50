// SPDX-License-Identifier: Apache-2.0
#include "tests/runtime/sample_model.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/weights/weight_format.h"
#include "kernels/cpu/context.h"

namespace hone {

Checkpoint with_matrices(Checkpoint checkpoint, DType type) {
    kernels::ThreadPool pool(2);
    kernels::Workspace workspace(2);
    const kernels::Context context{kernels::best_isa(), pool, workspace};
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() == 2 && tensor.type != type)
            tensor = convert_tensor(tensor, type, context, {});
    }
    return checkpoint;
}

const Model* sample_model(std::optional<DType> type) {
    static std::map<std::optional<DType>, std::unique_ptr<Model>> loaded;
    const char* folder = std::getenv("HONE_SAMPLE_DIR");
    if (folder == nullptr) return nullptr;
    const std::filesystem::path path =
        std::filesystem::path(folder) / "SmolLM2-135M-Instruct.Q4_1.gguf";
    if (!std::filesystem::exists(path)) return nullptr;
    std::unique_ptr<Model>& model = loaded[type];
    if (!model) {
        Checkpoint checkpoint = open_checkpoint(path.string());
        if (type) checkpoint = with_matrices(std::move(checkpoint), *type);
        model = load_model(std::move(checkpoint));
    }
    return model.get();
}

Checkpoint tiny_checkpoint() {
    constexpr float kScale = 6;
    Checkpoint checkpoint = with_matrices(make_synthetic("tiny", true), DType::f32);
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() != 2) continue;
        auto values = std::make_shared<std::vector<float>>(expand_tensor(tensor));
        for (float& value : *values) value *= kScale;
        tensor.data = std::as_bytes(std::span(*values));
        tensor.owner = std::move(values);
    }
    return checkpoint;
}

std::unique_ptr<Model> tiny_model(DType type) {
    return load_model(with_matrices(tiny_checkpoint(), type));
}

}  // namespace hone
