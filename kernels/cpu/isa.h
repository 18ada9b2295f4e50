// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hone::kernels {

// Instruction sets the CPU kernels are compiled for; later ones contain earlier ones.
enum class Isa : std::uint8_t {
    baseline,  // x86-64 (SSE2)
    avx2,      // AVX2, FMA, F16C
    avx512,    // AVX-512 F, BW, DQ, VL
};

std::string_view isa_name(Isa isa);     // "x86-64", "AVX2", "AVX-512"
Isa best_isa();                         // by CPUID and the operating system's saved state
std::span<const Isa> available_isas();  // ascending, what this machine can run

// What the processor offers, for `hone doctor` and the run's environment: "AVX-512 VNNI BF16".
std::string_view cpu_features();

}  // namespace hone::kernels
