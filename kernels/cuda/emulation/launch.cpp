// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/emulation/launch.h"

#include <typeinfo>

#include "kernels/cuda/dispatch.cuh"

namespace hone::cuda::emulation {

namespace {

void require(bool known, const KernelChoice& choice) {
    if (!known)
        throw EmulationError(std::string(kernel_name(choice.id)) + ": no variant " +
                             std::to_string(choice.variant) + ", " + std::to_string(choice.width));
}

}  // namespace

void launch(const KernelChoice& choice, const Launch& shape, const void* params, std::size_t bytes,
            std::uint32_t order) {
    const bool known = visit_kernel(choice, [&]<typename Body>() {
        if (bytes != sizeof(typename Body::Params))
            throw EmulationError(std::string(kernel_name(choice.id)) +
                                 ": parameters of another kernel");
        const auto& given = *static_cast<const typename Body::Params*>(params);
        run(
            shape, [&given] { Body::run(given); }, order);
    });
    require(known, choice);
}

CompiledFor compiled_for(const KernelChoice& choice) {
    CompiledFor found{};
    require(visit_kernel(choice,
                         [&]<typename Body>() {
                             constexpr Occupancy occupancy = occupancy_of<Body>();
                             found = {occupancy.threads, occupancy.blocks};
                         }),
            choice);
    return found;
}

const char* mangled_name(const KernelChoice& choice) {
    const char* name = kernel_name(choice.id);
    visit_kernel(choice, [&]<typename Body>() { name = typeid(Body).name(); });
    return name;
}

}  // namespace hone::cuda::emulation
