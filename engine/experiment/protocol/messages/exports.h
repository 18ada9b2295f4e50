// SPDX-License-Identifier: Apache-2.0
// Writing a model with its recipe applied.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/message.h"
#include "engine/experiment/protocol/messages/model.h"

namespace hone::messages {

// A model that was written: fields of the worker's reply, and of what the client tells.
struct ExportedModel {
    std::string path{};
    std::int64_t bytes = 0;
    std::map<std::string, std::int64_t> types{};
    std::vector<std::string> left_out{}, notes{};
    std::int64_t context_length = 0;
    std::string hash{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("path", self.path, "of the model");
        field("bytes", self.bytes, "of the file or folder");
        field("types", self.types, "bytes of each type of weights");
        field("left_out", self.left_out, "techniques that a file cannot hold");
        field("notes", self.notes, "for people");
        field("context_length", self.context_length, "the model's, in tokens");
        field("hash", self.hash, "XXH3-128, in hex, of all tensors' bytes");
    }
};

struct ExportReply {
    ExportedModel model{};
    std::vector<SourceFile> files{};
    std::optional<std::string> kept{}, written{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        ExportedModel::fields(self.model, field);
        field.optional("files", self.files, "which the source was");
        field.optional("kept", self.kept,
                       "where what was at `path` is kept, if it had changed since it was looked "
                       "at; else empty");
        field.optional("written", self.written,
                       "with `hold`: where the model is until it is settled");
    }
};

struct Export {
    static constexpr std::string_view kType = "export";
    static constexpr std::string_view kHelp = "Writes a model with its recipe applied.";
    using Reply = ExportReply;
    std::string checkpoint{};
    Recipe recipe{};
    std::string format = "gguf", dtype = "keep", path;
    Target target{};
    bool overwrite = false, hold = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("checkpoint", self.checkpoint, "a path, or synthetic:SHAPE");
        field.optional("recipe", self.recipe, "that is applied");
        field.optional("format", self.format,
                       "\"gguf\", or \"safetensors\": a folder, without quantised types");
        field.optional("dtype", self.dtype,
                       "what the matrices become: \"keep\", or the id of a type of weights");
        field("path", self.path, "of the file or folder");
        field.optional("target", self.target, "whose threads compute");
        field.optional(
            "overwrite", self.overwrite,
            "without it what is there, or appears there meanwhile, stays and is an error");
        field.optional("hold", self.hold,
                       "the model stays beside its target, locked, at the path `written`, for "
                       "`settle_export`");
    }
};

struct SettleExportReply {
    std::string kept{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("kept", self.kept, "as in `export`");
    }
};

struct SettleExport {
    static constexpr std::string_view kType = "settle_export";
    static constexpr std::string_view kHelp =
        "Ends an export that is held. One that is not settled is removed with the worker.";
    using Reply = SettleExportReply;
    bool commit = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field.optional("commit", self.commit, "the model takes its place; else it is removed");
    }
};

// What compared a written model with the recipe in memory.
struct ExportVerification {
    double kl_divergence = 0, perplexity_in_memory = 0, perplexity_artifact = 0;
    bool passed = false;
    double limit = 0;
    int windows = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("kl_divergence", self.kl_divergence, "nats, from the recipe in memory");
        field("perplexity_in_memory", self.perplexity_in_memory, "of the recipe in memory");
        field("perplexity_artifact", self.perplexity_artifact, "of what was written");
        field("passed", self.passed, "what failed was removed, and the target is as it was");
        field("limit", self.limit, "nats");
        field("windows", self.windows, "that were compared");
    }
};

// What a client tells of an export that is over: `hone export --json`, and the window.
struct ExportResult {
    ExportedModel model{};
    bool written = false;
    std::optional<ExportVerification> verify{};
    std::optional<bool> recorded{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        ExportedModel::fields(self.model, field);
        field("written", self.written, "whether the target has it");
        field.optional("verify", self.verify, "where asked for");
        field.optional("recorded", self.recorded, "whether the run store knows of it");
    }
};

using ExportRequests = List<Export, SettleExport>;

}  // namespace hone::messages
