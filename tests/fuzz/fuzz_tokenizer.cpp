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
    folder.write("tokenizer.json", input);
    try {
        const auto model = load_model(read_hugging_face(folder.path()));
        (void)model->tokenizer.decode(
            model->tokenizer.encode("The heron <|im_start|> 12\n\xE6", SpecialTokens::parse));
    } catch (const Error&) {
    }
}

std::vector<std::string> seeds() {
    return {fixture_bytes("hugging_face/tied/tokenizer.json"),
            fixture_bytes("hugging_face/grouped/tokenizer.json")};
}

}  // namespace

const Target tokenizer{"tokenizer", run, seeds};

}  // namespace hone::fuzz
