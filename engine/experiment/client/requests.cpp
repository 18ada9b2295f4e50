// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "engine/experiment/client/client.h"
#include "engine/experiment/client/worker_process.h"

namespace hone {
namespace {

template <class Request>
typename Request::Reply ask(const Request& request, const WorkerLaunch& launch, std::stop_token stop) {
    WorkerProcess worker(launch, {});
    return worker.ask(request, std::move(stop));
}

nlohmann::json ask_json(nlohmann::json message, const WorkerLaunch& launch, std::stop_token stop) {
    WorkerProcess worker(launch, {});
    return worker.request(std::move(message), std::move(stop));
}

}  // namespace

messages::InspectReply inspect(const std::string& checkpoint, bool tensors, const WorkerLaunch& launch,
                               std::stop_token stop) {
    return ask(messages::Inspect{.checkpoint = checkpoint, .tensors = tensors}, launch, std::move(stop));
}

messages::TensorStatsReply tensor_stats(const std::string& checkpoint, const std::string& tensor, int bins,
                                        const WorkerLaunch& launch, std::stop_token stop) {
    return ask(messages::TensorStats{.checkpoint = checkpoint, .tensor = tensor, .bins = bins}, launch,
               std::move(stop));
}

nlohmann::json supports(const Experiment& experiment, const WorkerLaunch& launch, std::stop_token stop) {
    return ask_json({{"type", "supports"},
                     {"checkpoint", experiment.checkpoint},
                     {"recipe", to_json(experiment.recipe)},
                     {"target", to_json(experiment.target)},
                     {"workload", to_json(experiment.workload)}},
                    launch, std::move(stop));
}

nlohmann::json predict(const Experiment& experiment, const WorkerLaunch& launch, std::stop_token stop) {
    return ask_json({{"type", "predict"}, {"experiment", to_json(experiment)}}, launch, std::move(stop));
}

messages::CalibrateReply calibrate(const messages::Calibrate& request, const WorkerLaunch& launch,
                                   const Observer& observer, std::stop_token stop) {
    WorkerProcess worker(launch, observer.log);
    const auto progress = [&observer](const messages::Progress& event) {
        if (observer.progress) observer.progress({event.phase, event.detail, event.fraction});
    };
    return worker.ask(request, std::move(stop), progress);
}

nlohmann::json predict_export(const ExportRequest& request, const WorkerLaunch& launch,
                              std::stop_token stop) {
    Experiment experiment;
    experiment.checkpoint = request.checkpoint;
    experiment.target = request.target;
    nlohmann::json left_out = nlohmann::json::array();
    for (const RecipeStep& step : request.recipe.steps) {
        const Descriptor* descriptor = builtin_registry().find(step.technique);
        if (descriptor != nullptr && descriptor->stage != Stage::transforms_weights)
            left_out.push_back(step.technique);
        else
            experiment.recipe.steps.push_back(step);
    }
    const nlohmann::json answer = ask_json({{"type", "predict"},
                                            {"experiment", to_json(experiment)},
                                            {"dtype", request.dtype},
                                            {"format", request.format}},
                                           launch, std::move(stop));
    return understood([&] {
        return nlohmann::json{
            {"file_bytes", answer.at("file_bytes")}, {"notes", answer.at("notes")}, {"left_out", left_out}};
    });
}

messages::TokenizeReply tokenize(const messages::Tokenize& request, const WorkerLaunch& launch,
                                 std::stop_token stop) {
    return ask(request, launch, std::move(stop));
}

messages::HelloReply hello(const WorkerLaunch& launch) {
    return ask(messages::Hello(), launch, {});
}

nlohmann::json environment(const WorkerLaunch& launch) {
    return hello(launch).environment.get();
}

messages::DevicesReply devices(bool open, const WorkerLaunch& launch, std::stop_token stop) {
    return ask(messages::Devices{.open = open}, launch, std::move(stop));
}

nlohmann::json generate(const GenerateRequest& request, const WorkerLaunch& launch, const Observer& observer,
                        std::stop_token stop) {
    WorkerProcess worker(launch, observer.log);
    const auto progress = [&observer](const messages::Progress& event) {
        if (observer.token && event.text)
            observer.token({event.token.value_or(-1), *event.text, event.seconds.value_or(0)});
        if (observer.progress) observer.progress({event.phase, event.detail, event.fraction});
    };

    Experiment experiment = request.experiment;
    // The step knows how long the prompt is, and looks itself whether there is room.
    experiment.workload.prompt_tokens = experiment.workload.generated_tokens = 1;
    experiment.workload.text = "none";
    return understood([&] {
        const nlohmann::json prepared =
            worker.request({{"type", "prepare"}, {"experiment", to_json(experiment)}}, stop, progress);
        nlohmann::json answer = worker.request({{"type", "step"},
                                                {"kind", "generate"},
                                                {"prompt", request.prompt},
                                                {"chat", request.chat},
                                                {"max_tokens", request.max_tokens},
                                                {"temperature", request.temperature},
                                                {"seed", request.seed}},
                                               std::move(stop), progress);
        answer["notes"] = prepared.value("notes", nlohmann::json::array());
        return answer;
    });
}

}  // namespace hone
