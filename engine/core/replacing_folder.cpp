// SPDX-License-Identifier: Apache-2.0
#include "engine/core/replacing_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/base/owned_files.h"
#include "engine/core/error.h"

namespace hone {
namespace {

constexpr const char* kExpected =
    "a new name, or a folder that holds nothing but an exported model";

// Absolute, without links and without a slash at its end. Not "normal": behind a link, ".." is
// another folder than it looks.
std::filesystem::path resolved(const std::filesystem::path& path) {
    std::filesystem::path target = path.empty() ? path : std::filesystem::absolute(path);
    while (!target.has_filename() && target.has_relative_path()) target = target.parent_path();
    std::error_code error;
    for (int links = 0; links < 40 && std::filesystem::is_symlink(target, error); ++links)
        target = target.parent_path() / std::filesystem::read_symlink(target, error);
    auto real = std::filesystem::canonical(target, error);
    if (!error) return real;
    const auto folder = std::filesystem::canonical(target.parent_path(), error);
    return error ? target : folder / target.filename();
}

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "model.safetensors" and "model-00001-of-00002.safetensors".
bool is_shard_name(std::string_view name) {
    if (name == "model.safetensors") return true;
    constexpr std::string_view kPattern = "model-00001-of-00002.safetensors";
    return name.size() == kPattern.size() && name.starts_with("model-") &&
           all_digits(name.substr(6, 5)) && name.substr(11, 4) == "-of-" &&
           all_digits(name.substr(15, 5)) && name.ends_with(".safetensors");
}

// In a folder that is being written, a file may be under its partial name.
bool is_being_exported(std::string_view name) {
    const std::string_view stem = name.substr(0, name.rfind(".partial-"));
    return is_exported_name(stem) && (stem == name || is_partial_name_of(name, stem));
}

}  // namespace

bool is_exported_name(std::string_view name) {
    constexpr std::array<std::string_view, 7> kNames{"config.json",
                                                     "tokenizer.json",
                                                     "tokenizer_config.json",
                                                     "generation_config.json",
                                                     "special_tokens_map.json",
                                                     "model.safetensors.index.json",
                                                     "chat_template.jinja"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || is_shard_name(name);
}

int remove_export_leftovers(const std::filesystem::path& target) {
    int left = 0;
    each_entry(
        target.parent_path().empty() ? "." : target.parent_path(),
        [&](std::string_view name) { return is_partial_name_of(name, target.filename().native()); },
        [&left](const std::filesystem::path& path) {
            if (!remove_abandoned_file(path) && !remove_abandoned_folder(path, is_being_exported))
                ++left;
        });
    return left;
}

ReplacingFolder::ReplacingFolder(const std::filesystem::path& target, std::int64_t bytes,
                                 Existing existing)
    : place_(resolved(target), "folder"), existing_(existing) {
    look_at_target();
    remove_export_leftovers(this->target());
    place_.require_room(bytes);
    create();
}

ReplacingFolder::~ReplacingFolder() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    // Nobody else has made a folder of this name, and what somebody put into it is left to them.
    remove_abandoned_folder(temporary_, is_being_exported);
}

void ReplacingFolder::look_at_target() {
    struct stat status {};
    if (::lstat(target().c_str(), &status) != 0) return;
    if (!S_ISDIR(status.st_mode)) place_.fail("a file", kExpected);
    if (existing_ == Existing::refuse)
        place_.fail("a folder that exists", "a new name, or the permission to overwrite it");
    was_there_ = true;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(target(), error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const auto identity = identity_of(entry->path());
        if (!is_exported_name(name) || entry->is_directory() || !identity)
            place_.fail("a folder that also holds '" + name + "'", kExpected);
        seen_[name] = *identity;
    }
    if (error) place_.fail(error.message(), "a folder that can be read");
}

void ReplacingFolder::create() {
    do {
        temporary_ = place_.folder() / partial_name(place_.name());
        descriptor_ = create_owned_folder(temporary_, was_there_ ? 0700 : 0777);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) place_.fail_to("create", errno);
}

// The folder's and, file by file, those of the same names in it.
void ReplacingFolder::take_over_rights() const {
    struct stat old {
    }, now{};
    if (!was_there_ || ::lstat(target().c_str(), &old) != 0 || !S_ISDIR(old.st_mode)) return;
    for (const auto& [name, identity] : seen_) {
        struct stat file {};
        if (::lstat((target() / name).c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
            ::fstatat(descriptor_, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0)
            (void)!::fchmodat(descriptor_, name.c_str(), file.st_mode & 07777, 0);
    }
    if (::fchmod(descriptor_, old.st_mode & 07777) != 0)
        place_.fail_to("set the permissions", errno);
}

// Whether `folder`, which was at the target, held what was seen at the start and nothing else, and
// is gone now.
bool ReplacingFolder::remove_seen(const std::filesystem::path& folder) const {
    std::error_code error;
    std::size_t entries = 0;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error), ++entries) {
        const auto known = seen_.find(entry->path().filename().string());
        if (known == seen_.end() || identity_of(entry->path()) != known->second) return false;
    }
    if (error || entries != seen_.size()) return false;
    for (const auto& [name, identity] : seen_) ::unlink((folder / name).c_str());
    return ::rmdir(folder.c_str()) == 0;  // not where something came in just now
}

std::filesystem::path ReplacingFolder::commit() {
    std::filesystem::path kept;
    if (::fsync(descriptor_) != 0) place_.fail_to("flush to disk", errno);
    take_over_rights();
    if (existing_ == Existing::refuse || !was_there_) {
        place_.move_without_replacing(temporary_);
    } else {
        const auto aside = place_.folder() / kept_name(place_.name());
        if (place_.move_aside(temporary_, aside) && !remove_seen(aside)) kept = aside;
    }
    ::close(std::exchange(descriptor_, -1));
    place_.make_durable();
    return kept;
}

}  // namespace hone
