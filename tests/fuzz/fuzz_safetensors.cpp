// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"
#include "engine/formats/hugging_face.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace hone::fuzz {
namespace {

// The whole folder is read, so that offsets are followed into the data.
void run(std::string_view input) {
    static const FixtureFolder folder("tied");
    folder.write("model.safetensors", input);
    try {
        (void)read_hugging_face(folder.path());
    } catch (const Error&) {
    }
}

std::vector<std::string> seeds() {
    return {fixture_bytes("hugging_face/tied/model.safetensors"),
            fixture_bytes("hugging_face/grouped/model-00001-of-00003.safetensors")};
}

}  // namespace

const Target safetensors{"safetensors", run, seeds};

}  // namespace hone::fuzz
