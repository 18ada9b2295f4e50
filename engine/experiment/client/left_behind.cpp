// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/left_behind.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "engine/base/owned_files.h"
#include "engine/core/replacing_folder.h"

namespace hone {
namespace {

constexpr std::string_view kNote = "export";

bool is_spool_folder(std::string_view name) {
    return is_partial_name_of(name, kSpoolFolder);
}

// Empty where the user has no cache.
std::filesystem::path notes_folder() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/')
        return std::filesystem::path(cache) / "hone" / "unfinished";
    if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/')
        return std::filesystem::path(home) / ".cache" / "hone" / "unfinished";
    return {};
}

void tidy_noted(const std::filesystem::path& note) {
    std::ifstream file(note, std::ios::binary);
    const std::string target{std::istreambuf_iterator<char>(file), {}};
    // The note goes last, and only where its writer is gone: that one's worker may take a moment
    // longer to go.
    if (!target.starts_with('/') || remove_export_leftovers(target) == 0)
        remove_abandoned_file(note);
}

}  // namespace

bool is_spool_file(std::string_view name) {
    return name == "events.trace" || (name.starts_with("window") && name.ends_with(".logprobs"));
}

void remove_abandoned_spools(const std::filesystem::path& folder) {
    each_entry(folder, is_spool_folder, [](const std::filesystem::path& path) {
        remove_abandoned_folder(path, is_spool_file);
    });
}

void remove_what_killed_clients_left() noexcept {
    try {
        std::error_code error;
        if (const auto folder = std::filesystem::temp_directory_path(error); !error)
            remove_abandoned_spools(folder);
        if (const auto notes = notes_folder(); !notes.empty())
            each_entry(
                notes, [](std::string_view name) { return is_partial_name_of(name, kNote); },
                tidy_noted);
    } catch (const std::exception&) {
        // Tidying up is nobody's errand: what cannot be removed now is found by the next start.
    }
}

UnfinishedExport::UnfinishedExport(const std::filesystem::path& target) {
    const auto folder = notes_folder();
    if (folder.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    note_ = folder / partial_name(kNote);
    descriptor_ = create_owned_file(note_, 0600);
    const std::string text = std::filesystem::absolute(target, error).string();
    if (descriptor_ >= 0) (void)!::write(descriptor_, text.data(), text.size());
}

UnfinishedExport::~UnfinishedExport() {
    if (descriptor_ < 0) return;
    ::unlink(note_.c_str());
    ::close(descriptor_);
}

}  // namespace hone
