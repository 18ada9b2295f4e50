// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "engine/experiment/client/client.h"
#include "engine/experiment/client/worker_process.h"

namespace hone {
namespace {

template <class Request>
typename Request::Reply ask(const Request& request, const WorkerLaunch& launch,
                            std::stop_token stop) {
    WorkerProcess worker(launch, {});
    return worker.ask(request, std::move(stop));
}

}  // namespace

messages::InspectReply inspect(const std::string& checkpoint, bool tensors,
                               const WorkerLaunch& launch, std::stop_token stop) {
    return ask(messages::Inspect{.checkpoint = checkpoint, .tensors = tensors}, launch,
               std::move(stop));
}

messages::TensorStatsReply tensor_stats(const std::string& checkpoint, const std::string& tensor,
                                        int bins, const WorkerLaunch& launch,
                                        std::stop_token stop) {
    return ask(messages::TensorStats{.checkpoint = checkpoint, .tensor = tensor, .bins = bins},
               launch, std::move(stop));
}

messages::SupportsReply supports(const Experiment& experiment, const WorkerLaunch& launch,
                                 std::stop_token stop) {
    return ask(messages::Supports{.checkpoint = experiment.checkpoint,
                                  .recipe = experiment.recipe,
                                  .target = experiment.target,
                                  .workload = experiment.workload},
               launch, std::move(stop));
}

messages::PredictReply predict(const Experiment& experiment, const WorkerLaunch& launch,
                               std::stop_token stop) {
    return ask(messages::Predict{.experiment = experiment}, launch, std::move(stop));
}

messages::CalibrateReply calibrate(const messages::Calibrate& request, const WorkerLaunch& launch,
                                   const Observer& observer, std::stop_token stop) {
    WorkerProcess worker(launch, observer.log);
    const auto progress = [&observer](const messages::Progress& event) {
        if (observer.progress) observer.progress({event.phase, event.detail, event.fraction});
    };
    return worker.ask(request, std::move(stop), progress);
}

PredictedExport predict_export(const ExportRequest& request, const WorkerLaunch& launch,
                               std::stop_token stop) {
    messages::Predict asked{.dtype = request.dtype, .format = request.format};
    asked.experiment.checkpoint = request.checkpoint;
    asked.experiment.target = request.target;
    PredictedExport result;
    for (const RecipeStep& step : request.recipe.steps) {
        const Descriptor* descriptor = builtin_registry().find(step.technique);
        if (descriptor != nullptr && descriptor->stage != Stage::transforms_weights)
            result.left_out.push_back(step.technique);
        else
            asked.experiment.recipe.steps.push_back(step);
    }
    messages::PredictReply reply = ask(asked, launch, std::move(stop));
    result.file_bytes = reply.file_bytes;
    result.notes = std::move(reply.notes);
    return result;
}

messages::TokenizeReply tokenize(const messages::Tokenize& request, const WorkerLaunch& launch,
                                 std::stop_token stop) {
    return ask(request, launch, std::move(stop));
}

messages::MetadataReply metadata(const std::string& checkpoint, const WorkerLaunch& launch,
                                 std::stop_token stop) {
    return ask(messages::Metadata{.checkpoint = checkpoint}, launch, std::move(stop));
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

nlohmann::json to_json(const Generated& generated) {
    nlohmann::json document = messages::write(generated.answer);
    document["notes"] = generated.notes;
    return document;
}

Generated generate(const GenerateRequest& request, const WorkerLaunch& launch,
                   const Observer& observer, std::stop_token stop) {
    WorkerProcess worker(launch, observer.log);
    const auto progress = [&observer](const messages::Progress& event) {
        if (observer.token && event.text)
            observer.token({event.token.value_or(-1), *event.text, event.seconds.value_or(0)});
        if (observer.progress) observer.progress({event.phase, event.detail, event.fraction});
    };
    messages::Prepare prepare{.experiment = request.experiment};
    // The step knows how long the prompt is, and looks itself whether there is room.
    prepare.experiment.workload.prompt_tokens = prepare.experiment.workload.generated_tokens = 1;
    prepare.experiment.workload.text = "none";
    messages::PrepareReply prepared = worker.ask(prepare, stop, progress);
    return {worker.ask(messages::Generate{.prompt = request.prompt,
                                          .chat = request.chat,
                                          .max_tokens = request.max_tokens,
                                          .temperature = request.temperature,
                                          .seed = request.seed},
                       std::move(stop), progress),
            std::move(prepared.notes)};
}

}  // namespace hone
