// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/tensor_index.h"

#include "engine/formats/checkpoint.h"

namespace hone {

TensorIndex& TensorIndex::operator=(const TensorIndex& other) {
    if (this == &other) return *this;
    const std::lock_guard lock(mutex_);
    places_.clear();
    return *this;
}

const StoredTensor* TensorIndex::find(const std::vector<StoredTensor>& tensors,
                                      std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto place = places_.find(name);
    if (place != places_.end() && place->second < tensors.size() &&
        tensors[place->second].name == name)
        return &tensors[place->second];
    // Not known, or known wrongly. A list that is walked anyway is remembered anew, but only where
    // the name is in it: whoever asks for many names that are not there pays no more than the walk.
    const StoredTensor* found = nullptr;
    for (const StoredTensor& tensor : tensors) {
        if (tensor.name != name) continue;
        found = &tensor;
        break;
    }
    if (found == nullptr) return nullptr;
    places_.clear();
    places_.reserve(tensors.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) places_.emplace(tensors[i].name, i);
    return found;
}

}  // namespace hone
