// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/process_state.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace hone {
namespace {

// The letter behind the command's name, which is in parentheses and may hold any character; 0 where
// there is none.
char state_letter(const std::filesystem::path& stat) {
    std::ifstream stream(stat);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    const std::size_t end = text.rfind(") ");
    return end == std::string::npos || end + 2 >= text.size() ? '\0' : text[end + 2];
}

}  // namespace

ProcessState process_state(pid_t pid) {
    const std::filesystem::path process = "/proc/" + std::to_string(pid);
    const char own = state_letter(process / "stat");
    if (own == '\0' || own == 'Z' || own == 'X') return ProcessState::gone;
    if (own == 'T' || own == 't') return ProcessState::stopped;
    std::error_code error;
    for (std::filesystem::directory_iterator task(process / "task", error), end;
         !error && task != end; task.increment(error)) {
        if (state_letter(task->path() / "stat") == 'D') return ProcessState::waits_for_storage;
    }
    return ProcessState::running;
}

}  // namespace hone
