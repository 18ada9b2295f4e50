// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/model_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "engine/core/error.h"
#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {
namespace {

namespace fs = std::filesystem;

// Every name that a reader of Hone asks a folder for, but for the weights.
constexpr std::array<const char*, 12> kSideFiles{"config.json",
                                                 "tokenizer.json",
                                                 "tokenizer_config.json",
                                                 "chat_template.jinja",
                                                 "chat_template.json",
                                                 "generation_config.json",
                                                 "added_tokens.json",
                                                 "special_tokens_map.json",
                                                 "model.safetensors.index.json",
                                                 "vocab.json",
                                                 "merges.txt",
                                                 "adapter_config.json"};

bool lies_in(const fs::path& file, const fs::path& folder) {
    const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    return end == folder.end() && rest != file.end();
}

// REPOSITORY/blobs for a folder REPOSITORY/snapshots/REVISION or one inside it; empty for any
// other.
fs::path blobs_of(const fs::path& folder) {
    for (fs::path at = folder; at.has_relative_path(); at = at.parent_path()) {
        if (at.parent_path().filename() == "snapshots")
            return at.parent_path().parent_path() / "blobs";
    }
    return {};
}

[[noreturn]] void refuse(const std::string& source, std::string summary, std::string action,
                         std::string found, Fault fault = Fault::not_a_model) {
    ErrorDetails details{"",
                         source,
                         "checkpoint",
                         std::move(found),
                         "a GGUF file, a Hugging Face folder, or synthetic:SHAPE",
                         fault};
    details.summary = std::move(summary);
    details.action = std::move(action);
    throw Error(std::move(details));
}

std::vector<std::string> files_with_ending(const fs::path& folder, std::string_view ending) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.ends_with(ending)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

// What an adapter was made for, to say it; no error of its own where its file is no good.
std::string base_model(const fs::path& folder) {
    try {
        const JsonObject adapter = JsonObject::read(folder / "adapter_config.json");
        if (const auto base = adapter.text("base_model_name_or_path")) return " " + excerpt(*base);
    } catch (const Error&) {
        return "";
    }
    return "";
}

}  // namespace

void require_inside(const fs::path& folder, const std::string& name, const std::string& file,
                    const std::string& field) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(folder / name, error);
    if (error || status.type() == fs::file_type::not_found) return;
    const fs::path home = fs::canonical(folder, error);
    if (error) return;  // opening it says why
    const fs::path real = fs::canonical(folder / name, error);
    if (error) {
        const fs::path target = fs::read_symlink(folder / name, error);
        ErrorDetails details{"",
                             file,
                             field,
                             "a link to " + target.string() + ", where nothing is",
                             "the file itself",
                             Fault::missing};
        details.summary = fmt::format("{} is a link that leads nowhere.", name);
        details.action = "Download the model again.";
        throw Error(std::move(details));
    }
    if (lies_in(real, home)) return;
    if (const fs::path blobs = blobs_of(home); !blobs.empty() && real.parent_path() == blobs)
        return;
    ErrorDetails details{"",
                         file,
                         field,
                         "a link to " + real.string() + ", outside the model's folder",
                         "the name of a file inside the model's folder",
                         Fault::damaged};
    details.summary = fmt::format("{} is a link that leads out of the model's folder.", name);
    details.action = "Copy the file itself into the folder.";
    throw Error(std::move(details));
}

std::vector<SourceFile> checked_side_files(const fs::path& folder) {
    std::vector<SourceFile> files;
    for (const char* name : kSideFiles) {
        require_inside(folder, name, (folder / name).string(), "file");
        if (auto identity = source_file(folder / name)) files.push_back(*std::move(identity));
    }
    return files;
}

std::vector<std::string> safetensors_files(const fs::path& folder) {
    return files_with_ending(folder, ".safetensors");
}

void refuse_folder(const fs::path& folder, const std::string& source) {
    std::error_code error;
    const fs::directory_iterator first(folder, error);
    if (error)
        refuse(source, "The folder may not be read.", "Check the rights to it.", error.message(),
               Fault::missing);
    // A folder that may be listed and not entered.
    if (!fs::exists(folder / "config.json", error) && error)
        refuse(source, "The folder may not be read.", "Check the rights to it.", error.message(),
               Fault::missing);
    if (first == fs::directory_iterator())
        refuse(source, "The folder is empty.", "Open a GGUF file or a Hugging Face folder.",
               "no config.json there, nor anything else");
    if (fs::exists(folder / "adapter_config.json", error))
        refuse(source, "This folder holds an adapter (LoRA), not a model.",
               "Merge it into its base model" + base_model(folder) + " first.",
               "no config.json there, but adapter_config.json");
    if (const auto files = files_with_ending(folder, ".gguf"); !files.empty())
        refuse(source, "This folder holds GGUF files.",
               fmt::format("Open one of them, {}.", excerpt(files[0])),
               fmt::format("no config.json there, but {} GGUF file{}", files.size(),
                           files.size() == 1 ? "" : "s"));
    if (fs::is_directory(folder / "snapshots", error) && fs::is_directory(folder / "blobs", error))
        refuse(source, "This is a repository of the Hugging Face cache.",
               "Open one of the folders in its folder snapshots.",
               "no config.json there, but snapshots");
    for (const char* ending : {".safetensors", ".bin", ".pt", ".pth"}) {
        if (const auto files = files_with_ending(folder, ending); !files.empty())
            refuse(source, "This folder holds weights, but not the files that describe them.",
                   "Download the whole model.", "no config.json there, but " + files[0]);
    }
    refuse(source, "This folder holds no model.", "Open a GGUF file or a Hugging Face folder.",
           "no config.json there");
}

}  // namespace hone::hf
