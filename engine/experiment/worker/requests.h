// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "engine/core/progress.h"
#include "engine/experiment/worker/worker_context.h"
#include "engine/formats/written.h"

namespace hone {

// Answers a request, or throws. Each request of messages::Requests has a specialisation in a file of its own, which is
// all that it takes: the worker finds it by the request's type.
template <class Request>
typename Request::Reply answer(const Request& request, WorkerContext& context);

// Requests that are not told as messages yet: each takes the request and returns the fields of its result
// (docs/protocol.md), or throws.
// Whether each text of an experiment can be scored; throws Error naming the file, before any work begins.
nlohmann::json check_texts(const nlohmann::json& request);
nlohmann::json supported_techniques(const nlohmann::json& request);
nlohmann::json predict_experiment(const nlohmann::json& request);
// With "hold" true `held` keeps the written model, which has not taken its place yet, for settle_export().
nlohmann::json export_model(const nlohmann::json& request, const Progress& apply, const Progress& write,
                            Written& held);
nlohmann::json settle_export(const nlohmann::json& request, Written& held);

// What a calibration holds for: this processor and this build.
std::string calibrated_machine();

// A field of a request; throws Error naming it where it is missing or of another type.
std::string text_field(const nlohmann::json& request, const char* name);

}  // namespace hone
