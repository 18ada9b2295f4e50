// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/calibration_cache.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "engine/core/replacing_file.h"

namespace hone {

std::filesystem::path calibration_file(int threads) {
    std::filesystem::path folder;
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && cache[0] == '/')
        folder = cache;
    else if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/')
        folder = std::filesystem::path(home) / ".cache";
    else
        return {};
    return folder / "hone" / fmt::format("calibration-{}-threads.json", threads);
}

std::optional<Calibration> kept_calibration(const std::string& machine, int threads) {
    const std::filesystem::path path = calibration_file(threads);
    if (path.empty()) return std::nullopt;
    std::ifstream file(path);
    if (!file) return std::nullopt;
    try {
        const nlohmann::json document = nlohmann::json::parse(file);
        if (document.at("version") != Calibration::kVersion) return std::nullopt;
        Calibration calibration = calibration_from_json(document);
        if (calibration.machine == machine && calibration.threads == threads) return calibration;
    } catch (const nlohmann::json::exception&) {  // measured anew, it will be whole
    }
    return std::nullopt;
}

void keep_calibration(const Calibration& calibration) {
    const std::filesystem::path path = calibration_file(calibration.threads);
    if (path.empty())
        throw Error("no place for the calibration: neither XDG_CACHE_HOME nor HOME is set");
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    const std::string text = to_json(calibration).dump(1) + "\n";
    write_replacing(path, text, Existing::any);
}

}  // namespace hone
