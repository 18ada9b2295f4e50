// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <vector>

#include "kernels/cuda/device.h"

namespace hone::cuda {

// What was queued on a planned device, since it was last cleared.
struct Planned {
    struct Queued {
        KernelChoice kernel;
        Launch shape;
        std::vector<std::byte> params;

        template <typename Params>
        Params as() const {
            Params copy;
            std::memcpy(&copy, params.data(), sizeof copy);
            return copy;
        }
    };
    std::vector<Queued> launches;
    std::vector<DenseProduct> products;  // that were taken
    int captured = 0, replayed = 0;      // graphs

    // Whether the library has no algorithm for a product though it keeps cuBLASLt's contract; none
    // is refused without.
    std::function<bool(const DenseProduct&)> refuses;
    std::function<void()> on_replay;  // called as a graph is launched
};

// A device whose memory is addresses alone, and which computes nothing: what a model of any size
// asks of a GPU is looked at, not done. Products are held to cuBLASLt's contract. What is
// downloaded is zeros.
const PluginTable& planned_plugin();
Planned& planned();

}  // namespace hone::cuda
