// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/prediction/calibration.h"

namespace hone {

// Calibrations are kept in $XDG_CACHE_HOME/hone (~/.cache/hone), one file a thread count. One of
// another machine, build or version, or a file that cannot be read, counts as none.
std::optional<Calibration> kept_calibration(const std::string& machine, int threads);
// Throws Error where it cannot be written.
void keep_calibration(const Calibration& calibration);
// Where; empty where neither XDG_CACHE_HOME nor HOME is set.
std::filesystem::path calibration_file(int threads);

}  // namespace hone
