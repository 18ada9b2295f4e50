// SPDX-License-Identifier: Apache-2.0
// write_seeds FOLDER: FOLDER/TARGET/seedN for every target, to start a fuzzer from.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/target.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: write_seeds FOLDER\n", stderr);
        return 2;
    }
    for (const hone::fuzz::Target* target : hone::fuzz::targets()) {
        const std::filesystem::path folder = std::filesystem::path(argv[1]) / target->name;
        std::filesystem::create_directories(folder);
        int number = 0;
        for (const std::string& seed : target->seeds())
            std::ofstream(folder / ("seed" + std::to_string(number++)), std::ios::binary)
                .write(seed.data(), static_cast<std::streamsize>(seed.size()));
    }
    return 0;
}
