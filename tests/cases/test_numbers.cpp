// SPDX-License-Identifier: Apache-2.0
// Figures that were silently wrong, or refused without need: weights beyond their type, values that
// are not finite, and the context that a command uses. With the real worker and models of our own.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "engine/core/error.h"
#include "engine/evaluation/perplexity.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/formats/gguf.h"
#include "engine/formats/synthetic.h"
#include "engine/weights/weight_format.h"
#include "tests/client/client_test.h"
#include "tests/paths/paths.h"
#include "tests/runtime/reference_llama.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kContext = 64;
constexpr const char* kMatrix = "blk.0.ffn_up.weight";

WorkerLaunch worker() {
    WorkerLaunch launch;
    launch.program = test::program();
    return launch;
}

class Numbers : public ClientTest {
protected:
    // The tiny model with a context of 64 tokens and, where `value` is not 0, that weight in row 3
    // of a matrix.
    std::string model(float value = 0) {
        Checkpoint checkpoint = make_synthetic("tiny", true);
        checkpoint.metadata["llama.context_length"] = static_cast<std::uint32_t>(kContext);
        std::vector<float> values;
        for (StoredTensor& tensor : checkpoint.tensors) {
            if (tensor.name != kMatrix || value == 0) continue;
            values = expand_tensor(tensor);
            values[static_cast<std::size_t>(3 * tensor.cols() + 5)] = value;
            tensor.type = DType::f32;
            tensor.data = std::as_bytes(std::span(values));
        }
        const auto path = folder_ / "model.gguf";
        write_gguf(checkpoint, path, {});
        return path.string();
    }

    std::string text(const std::string& name, std::size_t bytes) {
        const auto path = folder_ / name;
        std::ofstream(path) << std::string(bytes, 'a');
        return path.string();
    }

    // What the export is refused with; nothing may be written then.
    ErrorDetails export_refusal(const std::string& checkpoint, const std::string& dtype,
                                const char* setting) {
        ExportRequest request;
        request.checkpoint = checkpoint;
        if (setting != nullptr) add_setting(request.recipe, setting, builtin_registry());
        request.dtype = dtype;
        request.path = folder_ / "out";
        ErrorDetails details;
        try {
            export_checkpoint(request, worker(), {}, {});
            ADD_FAILURE() << dtype << " was written";
        } catch (const Error& error) {
            details = error.details();
        }
        EXPECT_FALSE(std::filesystem::exists(request.path)) << dtype;
        for (const auto& entry : std::filesystem::directory_iterator(folder_))
            EXPECT_EQ(entry.path().filename().string().find("partial"), std::string::npos)
                << entry.path();
        return details;
    }

    MeasureRequest bench(const std::string& checkpoint, std::int64_t prompt,
                         std::int64_t generated) {
        MeasureRequest request;
        request.against = MeasureRequest::Against::nothing;
        request.experiment.checkpoint = checkpoint;
        request.experiment.target.threads = 1;
        Workload& workload = request.experiment.workload;
        workload.prompt_tokens = prompt;
        workload.generated_tokens = generated;
        workload.repetitions = 1;
        workload.text = "none";
        return request;
    }
    MeasureRequest eval(const std::string& checkpoint, std::int64_t context,
                        const std::string& from) {
        MeasureRequest request =
            bench(checkpoint, Workload().prompt_tokens, Workload().generated_tokens);
        request.accuracy_only = true;
        request.experiment.workload.context = context;
        request.experiment.workload.text = from;
        request.experiment.workload.windows = 2;
        return request;
    }

    std::size_t runs() { return store().list().size(); }
};

void expect_row_named(const ErrorDetails& details) {
    EXPECT_EQ(details.field, "tensor 'blk.0.ffn_up.weight', row 3");
    EXPECT_THAT(details.file, HasSubstr("model.gguf"));
    EXPECT_FALSE(details.found.empty());
    EXPECT_FALSE(details.expected.empty());
}

// llama.cpp refuses such rows after quantising them (ggml_validate_row_data); before, nothing is
// written.
TEST_F(Numbers, AWeightBeyondItsNewTypeIsRefusedBeforeAnythingIsWritten) {
    const std::string one = model(1e5F);
    expect_row_named(export_refusal(one, "f16", nullptr));
    const std::string huge = model(3e38F);
    for (const char* type : {"f16", "q8_0", "q4_0", "q4_1"})
        expect_row_named(export_refusal(huge, type, nullptr));
    for (const char* scheme :
         {"int8_channel", "fp8_channel", "int4_group", "q8_0", "q4_0", "q4_1"}) {
        const std::string setting = std::string("quantize_weights.scheme=") + scheme;
        expect_row_named(export_refusal(huge, "keep", setting.c_str()));
    }
}

TEST_F(Numbers, WeightsThatAreNotFiniteAreNeitherConvertedNorRanked) {
    for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
        const std::string checkpoint = model(value);
        for (const char* type : {"f16", "bf16", "f32", "q8_0", "q4_0", "q4_1"})
            expect_row_named(export_refusal(checkpoint, type, nullptr));
        for (const char* setting : {"quantize_weights", "prune_magnitude",
                                    "prune_magnitude.pattern=n_m", "prune_wanda.tokens=64"})
            expect_row_named(export_refusal(checkpoint, "keep", setting));
    }
}

// e01_texts/m.gguf with --context 64 --stride 64: 1,551.3 by tiny.py's logits; here the same
// definition over our own double-precision reference. Hugging Face's: the first token of a window
// has no label, because nothing before it is in the window.
TEST_F(Numbers, StridedWindowsAsLongAsTheirStrideScoreWhatTheReferenceScores) {
    const std::unique_ptr<Model> model = tiny_model();
    std::vector<TokenId> tokens;
    for (int i = 0; i < 150; ++i) tokens.push_back((i * 37 + i * i % 11) % 256);
    kernels::ThreadPool pool(1);
    Runtime runtime(*model, {}, pool, 1, kContext);
    double sum = 0, expected = 0;
    std::int64_t scored = 0, count = 0;
    for (const ScoredWindow& window : plan_windows(
             {PerplexityProtocol::strided, kContext, kContext, 0}, std::ssize(tokens), "own")) {
        const WindowScore score = score_window(runtime, tokens, window, nullptr, nullptr, 0, {});
        sum += score.nll_sum;
        scored += score.scored;
    }
    for (std::size_t begin = 0; begin < tokens.size(); begin += kContext) {
        const auto part = std::span(tokens).subspan(
            begin, std::min<std::size_t>(kContext, tokens.size() - begin));
        const auto logits = reference_logits(*model, part);
        for (std::size_t i = 1; i < part.size(); ++i, ++count) {
            double total = 0;
            for (const double logit : logits[i - 1]) total += std::exp(logit - logits[i - 1][0]);
            expected += std::log(total) + logits[i - 1][0] -
                        logits[i - 1][static_cast<std::size_t>(part[i])];
        }
    }
    EXPECT_EQ(scored, count);
    EXPECT_EQ(count, 147);
    EXPECT_NEAR(std::exp(sum / static_cast<double>(scored)),
                std::exp(expected / static_cast<double>(count)), 0.05);
}

TEST_F(Numbers, AnEvaluationTakesTheContextOfItsWindows) {
    const std::string checkpoint = model(), prose = text("prose.txt", 400);
    EXPECT_EQ(measure(eval(checkpoint, kContext, prose), worker()).status, "done");
    const std::size_t before = runs();
    try {
        measure(eval(checkpoint, kContext + 1, prose), worker());
        FAIL() << "a window of 65 tokens in a context of 64";
    } catch (const Error& error) {
        EXPECT_THAT(error.details().summary, HasSubstr("64"));
        EXPECT_THAT(error.details().summary, HasSubstr("65"));
    }
    EXPECT_EQ(runs(), before) << "refused before a run began";
}

// prompt + generated − 1: the last token is chosen and never computed.
TEST_F(Numbers, ABenchTakesThePositionsThatItComputes) {
    const std::string checkpoint = model();
    EXPECT_EQ(measure(bench(checkpoint, 40, 24), worker()).status, "done")
        << "as many as the context";
    EXPECT_EQ(measure(bench(checkpoint, 40, 25), worker()).status, "done")
        << "the last position is the 64th";
    EXPECT_EQ(measure(bench(checkpoint, kContext, 1), worker()).status, "done");
    try {
        measure(bench(checkpoint, 40, 26), worker());
        FAIL() << "65 positions in a context of 64";
    } catch (const Error& error) {
        EXPECT_THAT(error.details().summary, HasSubstr("64"));
        EXPECT_THAT(error.details().summary, HasSubstr("65"));
    }
}

TEST_F(Numbers, AnAnswerGoesOnToTheLastPosition) {
    GenerateRequest request;
    request.experiment.checkpoint = model();
    request.experiment.target.threads = 1;
    request.chat = false;
    request.max_tokens = 50;
    const auto answer = [&](std::size_t prompt) {
        request.prompt = std::string(prompt, 'a');
        return generate(request, worker(), {}, {}).answer;
    };
    const messages::GenerateReply near_the_end = answer(60), at_the_end = answer(64),
                                  early = answer(10);
    EXPECT_EQ(near_the_end.tokens, 5) << "at positions 60 to 63, and one that is never computed";
    EXPECT_EQ(near_the_end.stop, messages::Stop::context);
    EXPECT_EQ(at_the_end.tokens, 1);
    EXPECT_EQ(early.tokens, 50);
    EXPECT_EQ(early.stop, messages::Stop::length);
    try {
        answer(65);
        FAIL() << "a prompt of 65 tokens in a context of 64";
    } catch (const Error& error) {
        EXPECT_THAT(error.details().summary, HasSubstr("65"));
        EXPECT_THAT(error.details().summary, HasSubstr("64"));
    }
}

TEST_F(Numbers, AnExportIsVerifiedInTheModelsOwnContext) {
    ExportRequest request;
    request.checkpoint = model();
    request.target.threads = 1;
    request.dtype = "q8_0";
    request.path = folder_ / "out.gguf";
    request.verify = true;
    const messages::ExportResult result = export_checkpoint(request, worker(), {}, {});
    ASSERT_TRUE(result.verify);
    EXPECT_TRUE(result.verify->passed) << result.verify->kl_divergence;
}

TEST_F(Numbers, ADivergenceIsOfTheBaselinesOwnPositionsOrNone) {
    Experiment experiment;
    experiment.checkpoint = model();
    experiment.target.threads = 1;
    experiment.workload.prompt_tokens = experiment.workload.generated_tokens = 1;
    experiment.workload.text = text("prose.txt", 400);
    experiment.workload.context = 32;
    const std::string spool = (folder_ / "window.logprobs").string();
    Prepared baseline(experiment, "keep", InjectedFault(), {}, {});
    baseline.accuracy({.window = 0, .spool = spool}, {});
    EXPECT_NEAR(baseline.accuracy({.window = 0, .compare_spool = spool}, {}).sums.at("kl_sum"), 0,
                1e-6);
    for (const std::int64_t context : {16, 64}) {
        experiment.workload.context = context;
        Prepared other(experiment, "keep", InjectedFault(), {}, {});
        EXPECT_THROW(other.accuracy({.window = 0, .compare_spool = spool}, {}), Error) << context;
    }
    std::filesystem::remove(spool);
}

TEST_F(Numbers, ATextTooShortForAWindowIsNamed) {
    try {
        (void)measure(eval(model(), kContext, text("short.txt", 63)), worker());
        FAIL() << "a text of 63 tokens was scored in windows of 64";
    } catch (const Error& error) {
        EXPECT_THAT(error.details().message, HasSubstr("short.txt"));
        EXPECT_THAT(error.details().message, HasSubstr("63"));
        EXPECT_THAT(error.details().message, HasSubstr("64"));
    }
    EXPECT_TRUE(store().list().empty()) << "nothing was measured";
}

}  // namespace
}  // namespace hone
