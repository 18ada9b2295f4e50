// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/file_format.h"

#include <array>

#include "engine/core/error.h"
#include "engine/formats/gguf.h"
#include "engine/formats/hugging_face.h"

namespace hone {
namespace {

Written prepare_folder(const Checkpoint& checkpoint, const std::filesystem::path& path,
                       Existing existing, const Progress& progress) {
    return prepare_hugging_face(checkpoint, path, existing, progress);
}

constexpr std::array kFormats{FileFormat{"gguf", gguf_size, prepare_gguf},
                              FileFormat{"safetensors", hugging_face_size, prepare_folder}};

}  // namespace

const FileFormat& file_format(std::string_view id) {
    for (const FileFormat& format : kFormats) {
        if (format.id == id) return format;
    }
    throw Error(ErrorDetails{"", "", "format", "'" + std::string(id) + "'", "gguf or safetensors"});
}

}  // namespace hone
