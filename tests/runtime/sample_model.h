// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/model/model.h"

namespace hone {

// SmolLM2-135M-Instruct from HONE_SAMPLE_DIR with every matrix in `type` (the file's own for none);
// loaded once a program and type. Null where the variable is unset or the file is absent.
const Model* sample_model(std::optional<DType> type);

// `checkpoint` with every matrix converted.
Checkpoint with_matrices(Checkpoint checkpoint, DType type);

// synthetic:tiny with matrices six times as large: with its own, attention is next to uniform and a
// layer adds next to nothing, which would hide mistakes.
Checkpoint tiny_checkpoint();
std::unique_ptr<Model> tiny_model(DType type = DType::f32);

}  // namespace hone
