// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hone::fuzz {

// Reads lines as a worker and its client read them: a request, and what follows as its answer.
// Returns the names (tests/protocol/example_messages.h) of the messages that were understood.
// Throws std::logic_error where one of them, once written, is not read the same again.
std::set<std::string> read_conversation(std::string_view lines);

// A conversation about each request, with all its fields.
std::vector<std::string> example_conversations();

}  // namespace hone::fuzz
