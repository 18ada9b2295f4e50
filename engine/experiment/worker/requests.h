// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "engine/core/progress.h"
#include "engine/formats/written.h"

namespace hone {

// The requests that need no prepared model: each takes the request and returns the fields of its result
// (docs/protocol.md), or throws.
nlohmann::json hello(const nlohmann::json& request);
nlohmann::json inspect_checkpoint(const nlohmann::json& request);
nlohmann::json tensor_statistics(const nlohmann::json& request, const Progress& progress);
nlohmann::json tokenize_text(const nlohmann::json& request, const Progress& progress);
// Whether each text of an experiment can be scored; throws Error naming the file, before any work begins.
nlohmann::json check_texts(const nlohmann::json& request);
nlohmann::json supported_techniques(const nlohmann::json& request);
nlohmann::json predict_experiment(const nlohmann::json& request);
nlohmann::json calibrate_machine(const nlohmann::json& request, const Progress& progress);
// With "hold" true `held` keeps the written model, which has not taken its place yet, for settle_export().
nlohmann::json export_model(const nlohmann::json& request, const Progress& apply, const Progress& write,
                            Written& held);
nlohmann::json settle_export(const nlohmann::json& request, Written& held);

// What a calibration holds for: this processor and this build.
std::string calibrated_machine();

// A field of a request; throws Error naming it where it is missing or of another type.
std::string text_field(const nlohmann::json& request, const char* name);

}  // namespace hone
