// SPDX-License-Identifier: Apache-2.0
// Requests about an experiment before it is run: whether its texts and techniques can be used, what
// it will take, and making it ready.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/message.h"
#include "engine/experiment/protocol/messages/model.h"

namespace hone::messages {

struct TextFacts {
    std::string name{};
    std::int64_t tokens = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("name", self.name, "\"bundled\", or the file's name");
        field("tokens", self.tokens, "of the text");
    }
};

struct TextsReply {
    std::vector<TextFacts> texts{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("texts", self.texts, "those of the workload");
    }
};

struct Texts {
    static constexpr std::string_view kType = "texts";
    static constexpr std::string_view kHelp =
        "Says whether the workload's texts can be scored; an error names the file that cannot. A "
        "client asks "
        "it "
        "before a run begins.";
    using Reply = TextsReply;
    Experiment experiment{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("experiment", self.experiment, "whose workload has the texts");
    }
};

struct TechniqueSupport {
    bool ok = false;
    std::string reason{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("ok", self.ok, "whether it can act");
        field("reason", self.reason, "why it cannot");
    }
};

struct SupportsReply {
    std::map<std::string, TechniqueSupport> techniques{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("techniques", self.techniques,
              "every one, with its options in the recipe or its defaults");
    }
};

struct Supports {
    static constexpr std::string_view kType = "supports";
    static constexpr std::string_view kHelp = "Says which techniques can act on a checkpoint.";
    using Reply = SupportsReply;
    std::string checkpoint{};
    Recipe recipe{};
    Target target{};
    Workload workload{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("checkpoint", self.checkpoint, "a path, or synthetic:SHAPE");
        field.optional("recipe", self.recipe,
                       "whose options techniques have, and what acts before them");
        field.optional("target", self.target, "that it runs on");
        field.optional("workload", self.workload, "that it runs");
    }
};

struct PredictReply {
    std::map<std::string, std::int64_t> memory{};
    std::optional<std::map<std::string, double>> times{};
    std::int64_t model_bytes = 0, file_bytes = 0, available = 0, needed = 0;
    bool fits = true, wants_calibration = false;
    std::optional<ErrorDetails> refusal{}, shortage{};
    std::vector<std::string> notes{};
    Document more{};

    // Bytes; 0 where it is not known.
    std::int64_t peak_memory() const {
        const auto peak = memory.find("peak_resident");
        return peak == memory.end() ? 0 : peak->second;
    }

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("memory", self.memory,
              "bytes of each class in the timed repetitions, and `peak_resident`");
        field("times", self.times, "metrics from the kept calibration; null without one");
        field("wants_calibration", self.wants_calibration,
              "whether there might be times once `calibrate` has measured the machine");
        field("model_bytes", self.model_bytes, "after the recipe");
        field("file_bytes", self.file_bytes, "of the file or folder that `export` would write");
        field("available", self.available, "bytes; 0 where unknown");
        field("needed", self.needed,
              "bytes that `prepare` must find free, scored windows and the recipe's own steps "
              "included");
        field("fits", self.fits, "whether `prepare` would find them");
        field("refusal", self.refusal,
              "with which `prepare` would say that the model's context is too short");
        field("shortage", self.shortage,
              "with which `prepare` would say that memory is missing; null where it fits");
        field("notes", self.notes, "for people");
    }
};

struct Predict {
    static constexpr std::string_view kType = "predict";
    static constexpr std::string_view kHelp =
        "Says what an experiment will take, from headers alone.";
    using Reply = PredictReply;
    Experiment experiment{};
    std::string dtype = "keep", format = "gguf";
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("experiment", self.experiment, "that is to be run");
        field.optional("dtype", self.dtype, "as in `export`");
        field.optional("format", self.format, "as in `export`");
    }
};

// The texts that are scored; of several the names and hashes in a row.
struct ScoredTexts {
    std::string name{}, hash{};
    std::int64_t tokens = 0;
    int windows = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("name", self.name, "of the text; of several with commas");
        field("hash", self.hash, "XXH3-128, in hex; of several with +");
        field("tokens", self.tokens, "of all texts");
        field("windows", self.windows, "that there are to score");
    }
};

struct PrepareReply {
    double load_seconds = 0, apply_seconds = 0;
    std::int64_t model_bytes = 0;
    std::map<std::string, std::int64_t> types{}, memory{};
    std::vector<std::string> notes{};
    std::optional<ScoredTexts> text{};
    bool synthetic = false, sparse_attention = false;
    int threads = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("load_seconds", self.load_seconds, "of the model");
        field("apply_seconds", self.apply_seconds, "of the recipe");
        field("model_bytes", self.model_bytes, "after the recipe");
        field("types", self.types, "bytes of each type of weights");
        field("memory", self.memory, "bytes of each class, and `peak_resident`");
        field("notes", self.notes, "for people");
        field("text", self.text, "null where none is scored");
        field("synthetic", self.synthetic, "whether its weights are random");
        field("sparse_attention", self.sparse_attention, "ask for `attention_mass`");
        field("threads", self.threads, "as resolved");
    }
};

struct Prepare {
    static constexpr std::string_view kType = "prepare";
    static constexpr std::string_view kHelp =
        "Loads a model, applies the recipe and makes it ready for steps. What was prepared before "
        "is gone.";
    using Reply = PrepareReply;
    Experiment experiment{};
    std::string dtype = "keep";
    std::vector<SourceFile> files{};
    Document fault{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("experiment", self.experiment, "that is to be run");
        field.optional("dtype", self.dtype,
                       "as in `export`: the matrices' type after the recipe, so that an export can "
                       "be verified");
        field.optional("files", self.files,
                       "as `inspect` gave them: any other file is refused, \"changed\"");
        field.optional("fault", self.fault, "tests only, see below");
    }
};

using PlanRequests = List<Texts, Supports, Predict, Prepare>;

}  // namespace hone::messages
