// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hone {

struct StoredTensor;

// Finds a tensor of a list by its name. The list may change at any time between two calls: an entry
// is believed only where it still has that name, and made anew where it does not. A copy starts
// empty, since it is of another list. Any thread may ask.
class TensorIndex {
public:
    TensorIndex() = default;
    TensorIndex(const TensorIndex& /*other*/) noexcept {}
    TensorIndex& operator=(const TensorIndex&);
    ~TensorIndex() = default;

    // The first tensor of that name, or null. Constant time where it is there, else one walk over
    // the list.
    const StoredTensor* find(const std::vector<StoredTensor>& tensors, std::string_view name) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };

    mutable std::mutex mutex_;
    mutable std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> places_;
};

}  // namespace hone
