// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "engine/experiment/client/client.h"
#include "engine/experiment/client/worker_process.h"

namespace hone {
namespace {

nlohmann::json ask(nlohmann::json message, const WorkerLaunch& launch, std::stop_token stop) {
    WorkerProcess worker(launch, {});
    return worker.request(std::move(message), std::move(stop));
}

nlohmann::json without_envelope(nlohmann::json reply) {
    reply.erase("id");
    reply.erase("type");
    return reply;
}

}  // namespace

nlohmann::json inspect(const std::string& checkpoint, bool tensors, const WorkerLaunch& launch,
                       std::stop_token stop) {
    return without_envelope(ask({{"type", "inspect"}, {"checkpoint", checkpoint}, {"tensors", tensors}},
                                launch, std::move(stop)));
}

nlohmann::json tensor_stats(const std::string& checkpoint, const std::string& tensor, int bins,
                            const WorkerLaunch& launch, std::stop_token stop) {
    return without_envelope(
        ask({{"type", "tensor_stats"}, {"checkpoint", checkpoint}, {"tensor", tensor}, {"bins", bins}},
            launch, std::move(stop)));
}

nlohmann::json supports(const Experiment& experiment, const WorkerLaunch& launch, std::stop_token stop) {
    return without_envelope(ask({{"type", "supports"},
                                 {"checkpoint", experiment.checkpoint},
                                 {"recipe", to_json(experiment.recipe)},
                                 {"target", to_json(experiment.target)},
                                 {"workload", to_json(experiment.workload)}},
                                launch, std::move(stop)));
}

nlohmann::json predict(const Experiment& experiment, const WorkerLaunch& launch, std::stop_token stop) {
    return without_envelope(
        ask({{"type", "predict"}, {"experiment", to_json(experiment)}}, launch, std::move(stop)));
}

nlohmann::json calibrate(const Target& target, bool refresh, const WorkerLaunch& launch,
                         const Observer& observer, std::stop_token stop, bool even_if_busy) {
    WorkerProcess worker(launch, observer.log);
    const auto progress = [&observer](const nlohmann::json& message) {
        if (observer.progress)
            observer.progress({"calibrate", message.value("detail", ""), message.value("fraction", -1.0)});
    };
    return without_envelope(worker.request({{"type", "calibrate"},
                                            {"target", to_json(target)},
                                            {"refresh", refresh},
                                            {"even_if_busy", even_if_busy}},
                                           std::move(stop), progress));
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
    const nlohmann::json answer = ask({{"type", "predict"},
                                       {"experiment", to_json(experiment)},
                                       {"dtype", request.dtype},
                                       {"format", request.format}},
                                      launch, std::move(stop));
    return understood([&] {
        return nlohmann::json{
            {"file_bytes", answer.at("file_bytes")}, {"notes", answer.at("notes")}, {"left_out", left_out}};
    });
}

nlohmann::json tokenize(const nlohmann::json& request, const WorkerLaunch& launch, std::stop_token stop) {
    nlohmann::json message = request;
    message["type"] = "tokenize";
    return without_envelope(ask(message, launch, std::move(stop)));
}

nlohmann::json hello(const WorkerLaunch& launch) {
    return without_envelope(ask({{"type", "hello"}, {"version", 1}}, launch, {}));
}

nlohmann::json environment(const WorkerLaunch& launch) {
    return understood([&] { return hello(launch).at("environment"); });
}

nlohmann::json devices(bool open, const WorkerLaunch& launch, std::stop_token stop) {
    return without_envelope(ask({{"type", "devices"}, {"open", open}}, launch, std::move(stop)));
}

nlohmann::json generate(const GenerateRequest& request, const WorkerLaunch& launch, const Observer& observer,
                        std::stop_token stop) {
    WorkerProcess worker(launch, observer.log);
    const auto progress = [&observer](const nlohmann::json& message) {
        if (observer.token && message.contains("text"))
            observer.token({message.value("token", std::int64_t{-1}), message["text"].get<std::string>(),
                            message.value("seconds", 0.0)});
        if (observer.progress)
            observer.progress(
                {message.value("phase", ""), message.value("detail", ""), message.value("fraction", -1.0)});
    };

    Experiment experiment = request.experiment;
    // The step knows how long the prompt is, and looks itself whether there is room.
    experiment.workload.prompt_tokens = experiment.workload.generated_tokens = 1;
    experiment.workload.text = "none";
    return understood([&] {
        const nlohmann::json prepared =
            worker.request({{"type", "prepare"}, {"experiment", to_json(experiment)}}, stop, progress);
        nlohmann::json answer = without_envelope(worker.request({{"type", "step"},
                                                                 {"kind", "generate"},
                                                                 {"prompt", request.prompt},
                                                                 {"chat", request.chat},
                                                                 {"max_tokens", request.max_tokens},
                                                                 {"temperature", request.temperature},
                                                                 {"seed", request.seed}},
                                                                std::move(stop), progress));
        answer["notes"] = prepared.value("notes", nlohmann::json::array());
        return answer;
    });
}

}  // namespace hone
