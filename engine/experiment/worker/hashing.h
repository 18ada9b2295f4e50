// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "engine/formats/checkpoint.h"

namespace hone {

// XXH3-128 of what is added.
class Hash128 {
public:
    Hash128();
    ~Hash128();
    Hash128(const Hash128&) = delete;
    Hash128& operator=(const Hash128&) = delete;
    void add(const void* data, std::size_t bytes);
    std::string hex() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Identifies a checkpoint without reading it whole: its metadata, every tensor's name, type and
// shape, and the first and last 4 KiB of its data. Metadata that only names and describes
// (general.* without the architecture), or says how a file is laid out, is left out.
std::string checkpoint_hash(const Checkpoint& checkpoint);

// Version 1 did not cover the metadata: hashes of such runs say nothing about those of version 2.
inline constexpr int kCheckpointHashVersion = 2;

// Covers every byte of every tensor.
std::string tensor_data_hash(const Checkpoint& checkpoint);

}  // namespace hone
