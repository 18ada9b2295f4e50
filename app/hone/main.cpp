// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
    CLI::App app{"Hone profiles and tunes large language models."};
    app.set_version_flag("--version", "hone " HONE_VERSION);
    CLI11_PARSE(app, argc, argv);
    return 0;
}
