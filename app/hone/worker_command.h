// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/hone/command.h"

namespace hone::cli {

// `hone worker`: the process in which everything that touches a model happens (docs/protocol.md).
void add_worker(CLI::App& app, Commands& commands);

}  // namespace hone::cli
