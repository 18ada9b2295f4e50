// SPDX-License-Identifier: Apache-2.0
// Requests about a checkpoint: what it holds, how a tensor's values are spread, how its tokeniser
// cuts a text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"
#include "engine/experiment/protocol/message.h"

namespace hone::messages {

// Which file was read: another one, or the same one changed, differs.
struct SourceFile {
    std::string path{};
    std::uint64_t device = 0, inode = 0;
    std::int64_t bytes = 0, modified_ns = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("path", self.path, "of a file that was read");
        field("device", self.device, "that it lies on");
        field("inode", self.inode, "of the file");
        field("bytes", self.bytes, "its size");
        field("modified_ns", self.modified_ns, "its time, in ns since 1970");
    }
};

struct ModelShape {
    std::int64_t n_layers = 0, n_embd = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0, n_ff = 0,
                 n_vocab = 0;
    double rope_theta = 0;
    bool tied_embeddings = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("n_layers", self.n_layers, "decoder layers");
        field("n_embd", self.n_embd, "width of the residual stream");
        field("n_heads", self.n_heads, "query heads");
        field("n_kv_heads", self.n_kv_heads, "key and value heads");
        field("head_dim", self.head_dim, "width of a head");
        field("n_ff", self.n_ff, "neurons of a feed-forward layer");
        field("n_vocab", self.n_vocab, "tokens of the vocabulary");
        field("rope_theta", self.rope_theta, "base of the rotary angles");
        field("tied_embeddings", self.tied_embeddings,
              "whether the output uses the embedding's matrix");
    }
};

struct TensorFacts {
    std::string name{}, role{};
    int layer = -1;
    std::string part{}, type{};
    std::vector<std::int64_t> shape{};
    std::int64_t elements = 0, bytes = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("name", self.name, "as the file has it");
        field("role", self.role, "\"attn_q\", …; \"other\" where Hone knows none");
        field("layer", self.layer, "−1 outside the layers");
        field("part", self.part, "the name within its layer");
        field("type", self.type, "of its elements, by its name");
        field("shape", self.shape, "rows first");
        field("elements", self.elements, "of the tensor");
        field("bytes", self.bytes, "as stored");
    }
};

// What a model that cannot be run does not tell has no value.
struct InspectReply {
    std::string name{}, source{}, architecture{};
    std::int64_t parameters = 0, bytes = 0;
    std::map<std::string, std::int64_t> types{};
    std::optional<std::int64_t> context_length{};
    std::optional<ModelShape> config{};
    std::optional<std::int64_t> kv_bytes_per_token{};
    std::optional<std::string> tokenizer{};
    std::string chat_template{};
    bool synthetic = false, supported = true;
    std::string unsupported_reason{};
    std::optional<ErrorDetails> unsupported{};
    std::vector<std::string> notes{};
    std::vector<SourceFile> files{};
    std::string hash{};
    int hash_version = 0;
    std::optional<std::vector<TensorFacts>> tensors{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("name", self.name, "as the checkpoint calls itself");
        field("source", self.source, "the path, or synthetic:SHAPE");
        field("architecture", self.architecture, "\"llama\", …");
        field("parameters", self.parameters, "elements of all tensors");
        field("bytes", self.bytes, "of all tensors, as stored");
        field("types", self.types, "bytes of each type of weights");
        field.optional("context_length", self.context_length, "tokens");
        field.optional("config", self.config, "the model's shape");
        field.optional("kv_bytes_per_token", self.kv_bytes_per_token, "of a cache in fp32");
        field.optional("tokenizer", self.tokenizer, "its kind");
        field("chat_template", self.chat_template, "\"chatml\", \"none\" or \"unknown\"");
        field("synthetic", self.synthetic, "whether its weights are random");
        field("supported", self.supported, "whether Hone can run it");
        field("unsupported_reason", self.unsupported_reason, "empty where it can");
        field.optional("unsupported", self.unsupported, "the same as an error");
        field("notes", self.notes,
              "facts that a default answered, keys that are not used: docs/formats.md");
        field.optional("files", self.files, "every file that was read");
        field("hash", self.hash,
              "XXH3-128, in hex, of the metadata but for `general.*` without the architecture, "
              "every tensor's "
              "name, type and shape, and the first and last 4 KiB of each tensor's data: "
              "identifies a "
              "checkpoint "
              "without reading it whole");
        field("hash_version", self.hash_version,
              "2; hashes without one, of runs stored before, cover no metadata: comparing such a "
              "run with a "
              "newer "
              "one says that the two hashes tell nothing");
        field.optional("tensors", self.tensors, "where asked for");
    }
};

struct Inspect {
    static constexpr std::string_view kType = "inspect";
    static constexpr std::string_view kHelp =
        "Says what a checkpoint holds, from its headers alone: what `hone inspect --json` prints.";
    using Reply = InspectReply;
    std::string checkpoint{};
    bool tensors = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("checkpoint", self.checkpoint, "a path, or synthetic:SHAPE");
        field.optional("tensors", self.tensors, "lists them, too");
    }
};

struct Histogram {
    double low = 0, high = 0;
    std::vector<std::int64_t> counts{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("low", self.low, "where the first bin begins");
        field("high", self.high, "where the last one ends");
        field("counts", self.counts, "values in each bin");
    }
};

struct TensorStatsReply {
    std::int64_t count = 0, zeros = 0, nans = 0, infs = 0;
    double min = 0, max = 0, mean = 0, std = 0, absmax = 0;
    std::int64_t outliers = 0;
    Histogram histogram{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("count", self.count, "values");
        field("zeros", self.zeros, "of them");
        field("nans", self.nans, "of them");
        field("infs", self.infs, "of them");
        field("min", self.min, "of the finite values, as all that follow");
        field("max", self.max, "the largest");
        field("mean", self.mean, "their mean");
        field("std", self.std, "their standard deviation");
        field("absmax", self.absmax, "the largest magnitude");
        field("outliers", self.outliers, "further than 6 std from the mean");
        field("histogram", self.histogram, "over equal bins");
    }
};

struct TensorStats {
    static constexpr std::string_view kType = "tensor_stats",
                                      kHelp = "Says how the values of a tensor are spread.";
    using Reply = TensorStatsReply;
    std::string checkpoint{}, tensor{};
    int bins = 80;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("checkpoint", self.checkpoint, "a path, or synthetic:SHAPE");
        field("tensor", self.tensor, "its name");
        field.optional("bins", self.bins, "of the histogram, 1 to 4096");
    }
};

struct TokenizeReply {
    std::int64_t bytes = 0, tokens = 0;
    std::optional<std::vector<std::int32_t>> ids{};
    std::optional<double> tokens_per_second{}, bytes_per_second{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("bytes", self.bytes, "of the text");
        field("tokens", self.tokens, "of the text; no special ones are added");
        field.optional("ids", self.ids, "where asked for");
        field.optional("tokens_per_second", self.tokens_per_second, "with `bench`");
        field.optional("bytes_per_second", self.bytes_per_second, "with `bench`");
    }
};

struct Tokenize {
    static constexpr std::string_view kType = "tokenize", kHelp = "Turns a text into token ids.";
    using Reply = TokenizeReply;
    std::string checkpoint{};
    std::optional<std::string> text{}, file{};
    bool bench = false, ids = true;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("checkpoint", self.checkpoint, "a path, or synthetic:SHAPE");
        field.optional("text", self.text, "the text");
        field.optional("file", self.file, "the path of the text, instead");
        field.optional("bench", self.bench, "measures the speed for a second");
        field.optional("ids", self.ids, "lists them, 8,000,000 at most");
    }
};

struct MetadataFact {
    std::string key{}, type{}, value{};
    std::optional<std::int64_t> elements{}, bytes{};
    bool answered = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("key", self.key, "as GGUF calls it");
        field("type", self.type,
              "\"u32\", \"f32\", \"bool\", \"text\", …; of an array its elements'");
        field("value", self.value, "in words, of a long text or array only the beginning");
        field.optional("elements", self.elements, "of an array");
        field.optional("bytes", self.bytes, "of a text of which the value is the beginning");
        field("answered", self.answered,
              "whether the checkpoint does not say it and a reference's default does");
    }
};

struct MetadataReply {
    std::vector<MetadataFact> facts{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("facts", self.facts, "in the order of their keys");
    }
};

struct Metadata {
    static constexpr std::string_view kType = "metadata";
    static constexpr std::string_view kHelp =
        "Lists what a checkpoint says of itself: the keys of a GGUF file, and what they are of a "
        "folder's config.json.";
    using Reply = MetadataReply;
    std::string checkpoint{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("checkpoint", self.checkpoint, "a path, or synthetic:SHAPE");
    }
};

using ModelRequests = List<Inspect, TensorStats, Tokenize, Metadata>;

}  // namespace hone::messages
