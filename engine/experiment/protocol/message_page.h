// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace hone::messages {

// The part of docs/protocol.md that tells requests, replies and events, made from their
// descriptions.
std::string messages_markdown();

}  // namespace hone::messages
