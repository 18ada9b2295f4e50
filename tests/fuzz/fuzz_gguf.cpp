// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"
#include "engine/formats/gguf.h"
#include "engine/formats/hugging_face.h"
#include "engine/model/model.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"
#include "tests/paths/paths.h"

namespace hone::fuzz {
namespace {

void run(std::string_view input) {
    const MemoryFile file(input);
    try {
        const auto model = load_model(read_gguf(file.path()));
        (void)model->tokenizer.decode(
            model->tokenizer.encode("The heron <|im_start|> 12\n\xE6", SpecialTokens::parse));
    } catch (const Error&) {
    }
}

std::string written(std::string_view fixture) {
    const std::filesystem::path folder =
        std::filesystem::path(test::fixtures()) / "hugging_face" / fixture;
    const FixtureFolder place(fixture);
    const std::filesystem::path file = place.path() / "seed.gguf";
    write_gguf(read_hugging_face(folder), file, {});
    return file_bytes(file);
}

std::vector<std::string> seeds() {
    return {written("grouped"), written("tied")};
}

}  // namespace

const Target gguf{"gguf", run, seeds};

}  // namespace hone::fuzz
