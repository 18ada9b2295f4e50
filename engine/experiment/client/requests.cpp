// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "engine/experiment/client/ask.h"
#include "engine/experiment/client/client.h"
#include "engine/experiment/client/worker_process.h"

namespace hone {
PredictedExport predict_export(const ExportRequest& request, const WorkerLaunch& launch,
                               std::stop_token stop) {
    messages::Predict asked{.dtype = request.dtype, .format = request.format};
    asked.experiment.checkpoint = request.checkpoint;
    asked.experiment.target = request.target;
    PredictedExport result;
    RecipeParts parts = parts_of(request.recipe, builtin_registry());
    result.left_out = parts.run_techniques();
    asked.experiment.recipe = std::move(parts.weights);
    messages::PredictReply reply = ask(asked, launch, std::move(stop));
    result.file_bytes = reply.file_bytes;
    result.notes = std::move(reply.notes);
    return result;
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
