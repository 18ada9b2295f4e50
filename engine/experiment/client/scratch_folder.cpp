// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/scratch_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "engine/base/owned_files.h"
#include "engine/core/error.h"
#include "engine/experiment/client/left_behind.h"

namespace hone {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& found) {
    throw Error(ErrorDetails{.message = {},
                             .file = path.string(),
                             .field = "folder for temporary files",
                             .found = found,
                             .expected = "a folder that can be written to",
                             .fault = Fault::not_written,
                             .summary = "There is no place for temporary files.",
                             .action = "Set TMPDIR to a folder with room."});
}

std::filesystem::path temporary_folder() {
    std::error_code error;
    const auto folder = std::filesystem::temp_directory_path(error);
    if (!error) return folder;
    const char* named = std::getenv("TMPDIR");
    fail(named == nullptr ? "/tmp" : named, error.message());
}

}  // namespace

ScratchFolder::ScratchFolder() {
    const std::filesystem::path folder = temporary_folder();
    remove_abandoned_spools(folder);
    do {
        path_ = folder / partial_name(kSpoolFolder);
        descriptor_ = create_owned_folder(path_, 0700);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) fail(folder, std::strerror(errno));
}

ScratchFolder::~ScratchFolder() {
    ::close(descriptor_);
    remove_abandoned_folder(path_, is_spool_file);
}

}  // namespace hone
