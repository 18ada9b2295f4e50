// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"
#include "engine/formats/hugging_face.h"
#include "engine/model/model.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace hone::fuzz {
namespace {

void run(std::string_view input) {
    static const FixtureFolder folder("tied");
    folder.write("config.json", input);
    try {
        (void)load_model(read_hugging_face(folder.path()));
    } catch (const Error&) {
    }
}

std::vector<std::string> seeds() {
    return {fixture_bytes("hugging_face/tied/config.json"),
            fixture_bytes("hugging_face/grouped/config.json")};
}

}  // namespace

const Target config{"config", run, seeds};

}  // namespace hone::fuzz
