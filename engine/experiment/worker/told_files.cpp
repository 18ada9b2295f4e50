// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/told_files.h"

namespace hone {

std::vector<messages::SourceFile> told_files(const std::vector<SourceFile>& files) {
    std::vector<messages::SourceFile> told;
    for (const SourceFile& file : files)
        told.push_back({.path = file.path,
                        .device = file.device,
                        .inode = file.inode,
                        .bytes = file.bytes,
                        .modified_ns = file.modified_ns});
    return told;
}

std::vector<SourceFile> files_told(const std::vector<messages::SourceFile>& files) {
    std::vector<SourceFile> read;
    for (const messages::SourceFile& file : files)
        read.push_back({file.path, file.device, file.inode, file.bytes, file.modified_ns});
    return read;
}

}  // namespace hone
