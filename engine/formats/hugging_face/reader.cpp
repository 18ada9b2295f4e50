// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/core/error.h"
#include "engine/formats/file_kind.h"
#include "engine/formats/hugging_face.h"
#include "engine/formats/hugging_face/config.h"
#include "engine/formats/hugging_face/model_folder.h"
#include "engine/formats/hugging_face/safetensors_header.h"
#include "engine/formats/hugging_face/tensors.h"
#include "engine/formats/hugging_face/tokenizer.h"
#include "engine/formats/mapped_file.h"

namespace hone {
namespace {

using namespace hf;

constexpr const char *kConfig = "config.json", *kSingle = "model.safetensors",
                     *kIndex = "model.safetensors.index.json";

float from_half(std::uint16_t bits) {
    const int exponent = bits >> 10U & 31U;
    const auto fraction = static_cast<float>(bits & 1023U);
    const float size = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                       : exponent == 0 ? std::ldexp(fraction, -24)
                                       : std::ldexp(fraction + 1024, exponent - 25);
    return (bits & 0x8000U) != 0 ? -size : size;
}

float from_bfloat16(std::uint16_t bits) {
    const std::uint32_t wide = std::uint32_t{bits} << 16U;
    float value = 0;
    std::memcpy(&value, &wide, sizeof value);
    return value;
}

void own(StoredTensor& tensor, std::vector<std::byte> bytes) {
    const auto held = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
    tensor.data = *held;
    tensor.owner = held;
}

// Exact: every half and bfloat16 is a float.
void expand(StoredTensor& tensor) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(tensor.elements()) * sizeof(float));
    for (std::size_t i = 0; i < bytes.size() / sizeof(float); ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, tensor.data.data() + i * sizeof bits, sizeof bits);
        const float value = tensor.type == DType::f16 ? from_half(bits) : from_bfloat16(bits);
        std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
    tensor.type = DType::f32;
    own(tensor, std::move(bytes));
}

void order_as_gguf(StoredTensor& tensor, std::int64_t head_dim) {
    const auto row_size = static_cast<std::size_t>(row_bytes(tensor.type, tensor.cols()));
    std::vector<std::byte> bytes(tensor.data.size());
    for (std::int64_t row = 0; row < tensor.rows(); ++row) {
        const auto from = static_cast<std::size_t>(hugging_face_row(row, head_dim));
        std::memcpy(bytes.data() + static_cast<std::size_t>(row) * row_size,
                    tensor.data.data() + from * row_size, row_size);
    }
    own(tensor, std::move(bytes));
}

class FolderReader {
public:
    // Links are looked at before the first file is opened.
    FolderReader(const std::filesystem::path& folder, bool weights)
        : folder_(folder),
          weights_(weights),
          side_files_(checked_side_files(folder)),
          config_(JsonObject::read(folder / kConfig)) {}

    Checkpoint read() {
        checkpoint_.source = folder_.string();
        checkpoint_.files = std::move(side_files_);
        layout_ = read_config(config_, checkpoint_.metadata, checkpoint_.notes);
        read_tokenizer(folder_, config_, layout_.shape.n_vocab, checkpoint_.metadata,
                       checkpoint_.notes);
        read_weights();
        choose_output();
        place_tensors();
        note_unread_files();
        name_model();
        return std::move(checkpoint_);
    }

private:
    [[noreturn]] void fail(const std::string& file, const std::string& field,
                           const std::string& found, const std::string& expected,
                           Fault fault = Fault::damaged) const {
        throw Error(ErrorDetails{"", (folder_ / file).string(), field, found, expected, fault});
    }

    void read_weights();
    [[noreturn]] void refuse_weights() const;
    void choose_output();
    void note_unread_files();
    void read_shards();
    void check_shard_name(const std::string& name, const std::string& field) const;
    void read_shard(const std::string& file);
    void place_tensors();
    void add(const FolderTensor& wanted);
    void add_rope_factors();
    void refuse_unused() const;
    void name_model();

    struct Found {
        SafetensorsEntry entry;
        std::string file;
        std::shared_ptr<const MappedFile> mapped;
    };

    std::filesystem::path folder_;
    bool weights_;
    std::vector<SourceFile> side_files_;
    JsonObject config_;
    FolderLayout layout_;
    Checkpoint checkpoint_;
    std::string stated_name_;
    const char* list_ = kSingle;  // the file that says which tensors there are
    std::map<std::string, Found> found_;
    std::set<std::string> read_;  // names of the files of weights
    std::set<std::string, std::less<>> used_;
};

// A name from an index must not lead out of the folder; neither must a link.
void FolderReader::check_shard_name(const std::string& name, const std::string& field) const {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos)
        fail(kIndex, field, "'" + shortened(name) + "', which lies outside the model's folder",
             "the name of a file inside the model's folder");
    require_inside(folder_, name, (folder_ / name).string(), "file");
}

// One file goes before an index, as in transformers.
void FolderReader::read_weights() {
    std::error_code ignored;
    check_shard_name(kSingle, "file");
    const bool index = std::filesystem::exists(folder_ / kIndex, ignored);
    if (std::filesystem::exists(folder_ / kSingle, ignored)) {
        read_shard(kSingle);
        if (index)
            checkpoint_.notes.push_back(
                fmt::format("the folder has both {} and {}: the first is read, as in transformers",
                            kSingle, kIndex));
    } else if (index) {
        read_shards();
    } else {
        refuse_weights();
    }
}

void FolderReader::refuse_weights() const {
    const std::vector<std::string> others = safetensors_files(folder_);
    std::string found = fmt::format("neither {} nor {}", kSingle, kIndex);
    ErrorDetails details{"", folder_.string(), "weights", "", "one of them", Fault::missing};
    details.summary = "The folder holds no weights that Hone reads.";
    details.action = "Download the whole model.";
    std::error_code ignored;
    for (const char* pickled :
         {"pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth"}) {
        if (!std::filesystem::exists(folder_ / pickled, ignored)) continue;
        found += fmt::format(", but {}", pickled);
        details.summary = "The folder's weights are PyTorch's, which Hone does not read.";
        details.action = "Convert them to safetensors.";
        break;
    }
    if (!others.empty())
        found +=
            fmt::format(", but {}{}", others[0],
                        others.size() > 1 ? fmt::format(" and {} more", others.size() - 1) : "");
    details.found = std::move(found);
    throw Error(std::move(details));
}

void FolderReader::read_shards() {
    list_ = kIndex;
    const JsonObject index = JsonObject::read(folder_ / kIndex);
    const JsonObject map = index.required_object("weight_map");
    std::set<std::string> files;
    for (const auto& [tensor, file] : map.json().items()) {
        if (!file.is_string()) map.fail(tensor, excerpt(file), "the name of a file");
        files.insert(file.get<std::string>());
    }
    for (const std::string& file : files) {
        check_shard_name(file, fmt::format("weight_map '{}'", file));
        read_shard(file);
    }
    for (const auto& [tensor, file] : map.json().items()) {
        const auto found = found_.find(tensor);
        if (found == found_.end() || found->second.file != file.get<std::string>())
            fail(file.get<std::string>(), fmt::format("tensor '{}'", shortened(tensor)),
                 "no such tensor", fmt::format("the tensor that {} says is there", kIndex));
    }
}

void FolderReader::read_shard(const std::string& file) {
    const std::string path = (folder_ / file).string();
    const auto mapped = MappedFile::open(path, "a safetensors file of this model");
    checkpoint_.files.push_back(mapped->identity());
    read_.insert(file);
    SafetensorsHeader header = read_safetensors_header(mapped->bytes(), path);
    for (SafetensorsEntry& entry : header.tensors) {
        const std::string name = entry.name;
        const auto [earlier, added] = found_.emplace(name, Found{std::move(entry), file, mapped});
        if (!added)
            fail(file, fmt::format("tensor '{}'", shortened(name)),
                 "the same tensor as in " + earlier->second.file, "each tensor once");
    }
    if (const auto name = header.metadata.find("name"); name != header.metadata.end())
        stated_name_ = name->second;
}

void FolderReader::add(const FolderTensor& wanted) {
    const auto found = found_.find(wanted.name);
    if (found == found_.end()) {
        if (wanted.row->presence == Presence::optional) return;
        fail(list_, fmt::format("tensor '{}'", wanted.name), "no such tensor",
             fmt::format("it, in a {} of {} layers{}", layout_.family->name, layout_.shape.n_layers,
                         wanted.row->presence == Presence::if_untied
                             ? " with tie_word_embeddings false"
                             : ""));
    }
    used_.insert(wanted.name);
    const SafetensorsEntry& entry = found->second.entry;
    const std::string field = fmt::format("tensor '{}' shape", wanted.name);
    if (entry.shape.empty()) fail(found->second.file, field, "[]", "at least one dimension");
    StoredTensor tensor;
    tensor.name = wanted.gguf;
    tensor.type = entry.type;
    tensor.shape = entry.shape;
    tensor.data = found->second.mapped->bytes().subspan(static_cast<std::size_t>(entry.begin),
                                                        static_cast<std::size_t>(entry.bytes));
    tensor.owner = found->second.mapped;
    // A vector is made anew only with as many values as the model has.
    const std::vector<std::int64_t> expected = wanted.row->shape(layout_.shape);
    if (tensor.shape.size() == 1 && tensor.shape != expected)
        fail(found->second.file, field, fmt::format("[{}]", tensor.shape[0]),
             fmt::format("[{}] by config.json", fmt::join(expected, ", ")));
    if (wanted.by_halves &&
        (tensor.shape.size() != 2 || tensor.shape[0] % layout_.shape.head_dim != 0))
        fail(found->second.file, field, fmt::format("[{}]", fmt::join(tensor.shape, ", ")),
             fmt::format("rows of whole heads of {}", layout_.shape.head_dim));
    const bool widen = tensor.shape.size() == 1 && tensor.type != DType::f32;
    if (!weights_ && (wanted.by_halves || widen)) {
        tensor.unread = std::exchange(tensor.data, {});
        tensor.unread_type = tensor.type;
        if (widen) tensor.type = DType::f32;
    } else if (wanted.by_halves) {
        order_as_gguf(tensor, layout_.shape.head_dim);
    } else if (widen) {
        expand(tensor);
    }
    checkpoint_.tensors.push_back(std::move(tensor));
}

void FolderReader::add_rope_factors() {
    if (layout_.rope_factors.empty()) return;
    StoredTensor tensor;
    tensor.name = layout_.family->row(Role::rope_factors)->gguf_name(-1);
    tensor.shape = {std::ssize(layout_.rope_factors)};
    const auto bytes = std::as_bytes(std::span(layout_.rope_factors));
    own(tensor, {bytes.begin(), bytes.end()});
    checkpoint_.tensors.push_back(std::move(tensor));
}

// A tensor that the graph would not use (a bias, say) means that its results would be wrong.
void FolderReader::refuse_unused() const {
    for (const auto& [name, found] : found_) {
        if (used_.contains(name) || is_computed(name)) continue;
        fail(found.file, fmt::format("tensor '{}'", shortened(name)), "a tensor that is not used",
             fmt::format("only those of a {} with {} layers", layout_.family->name,
                         layout_.shape.n_layers),
             Fault::unsupported);
    }
}

// transformers 5 ties the output matrix to the embeddings only where no other one is stored.
// Whether a stored one differs is not looked at: its bytes give the same numbers where it does not.
void FolderReader::choose_output() {
    const TensorRow* output = layout_.family->row(Role::output);
    if (!layout_.shape.tied_embeddings || output == nullptr) return;
    const std::string name = output->hugging_face_name(-1);
    if (!found_.contains(name)) return;
    layout_.shape.tied_embeddings = false;
    checkpoint_.notes.push_back(fmt::format(
        "config.json ties the output matrix to the embeddings, but {} is stored: it is used, as "
        "transformers 5 does",
        name));
}

// Weights in files that nothing names are not the model's, and may be what somebody meant.
void FolderReader::note_unread_files() {
    constexpr std::size_t kNamed = 3;
    std::vector<std::string> others;
    for (const std::string& name : safetensors_files(folder_))
        if (!read_.contains(name)) others.push_back(excerpt(name));
    std::error_code ignored;
    if (std::filesystem::exists(folder_ / "adapter_config.json", ignored))
        others.emplace_back("adapter_config.json");
    if (others.empty()) return;
    const std::size_t more = others.size() > kNamed ? others.size() - kNamed : 0;
    others.resize(others.size() - more);
    checkpoint_.notes.push_back(fmt::format("not read, since no part of the model names it: {}{}",
                                            fmt::join(others, ", "),
                                            more > 0 ? fmt::format(" and {} more", more) : ""));
}

void FolderReader::place_tensors() {
    add_rope_factors();
    for (const FolderTensor& wanted : folder_tensors(layout_)) add(wanted);
    checkpoint_.place_tensors();
    refuse_unused();
}

// What an export was told; else the folder's name, where that of a snapshot in the Hugging Face
// cache is only a hash: models--ORGANISATION--NAME/snapshots/HASH.
void FolderReader::name_model() {
    std::filesystem::path folder = std::filesystem::absolute(folder_).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    std::error_code error;
    // The cache may be a link itself, and a link may lead into it.
    if (const auto real = std::filesystem::canonical(folder, error);
        !error && real.parent_path().filename() == "snapshots")
        folder = real;
    std::string name = folder.filename().string();
    if (folder.parent_path().filename() == "snapshots") {
        const std::string model = folder.parent_path().parent_path().filename().string();
        if (const auto at = model.rfind("--"); at != std::string::npos) name = model.substr(at + 2);
    }
    if (valid_utf8_prefix(name) != name.size()) name = "model";
    checkpoint_.name = stated_name_.empty() ? name : stated_name_;
    checkpoint_.metadata["general.name"] = checkpoint_.name;
}

}  // namespace

std::filesystem::path hugging_face_folder(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return path;
    const std::string name = path.filename().string();
    if (name != kConfig && name != kIndex && !name.ends_with(".safetensors")) return {};
    const auto parent = path.parent_path();
    return parent.empty() ? std::filesystem::path(".") : parent;
}

Checkpoint read_hugging_face(const std::filesystem::path& folder, bool weights) {
    return FolderReader(folder, weights).read();
}

}  // namespace hone
