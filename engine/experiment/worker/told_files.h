// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "engine/experiment/protocol/messages/model.h"
#include "engine/formats/source_file.h"

namespace hone {

// Source files as messages have them, and back.
std::vector<messages::SourceFile> told_files(const std::vector<SourceFile>& files);
std::vector<SourceFile> files_told(const std::vector<messages::SourceFile>& files);

}  // namespace hone
