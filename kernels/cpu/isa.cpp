// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa.h"

#include <cpuid.h>

#include <array>
#include <string>

namespace hone::kernels {
namespace {

// clang 14 knows no such word of __builtin_cpu_supports. Its registers are AVX's. CPUID leaf 1, ECX
// bit 29.
bool has_f16c() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

// __builtin_cpu_supports also asks whether the operating system saves the registers.
bool has_avx2() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

constexpr std::array kAll{Isa::baseline, Isa::avx2, Isa::avx512};

}  // namespace

std::string_view isa_name(Isa isa) {
    constexpr std::array<std::string_view, 3> kNames{"x86-64", "AVX2", "AVX-512"};
    return kNames[static_cast<std::size_t>(isa)];
}

Isa best_isa() {
    return available_isas().back();
}

std::span<const Isa> available_isas() {
    static const std::size_t kCount = has_avx512() ? 3 : has_avx2() ? 2 : 1;
    return std::span(kAll).first(kCount);
}

std::string_view cpu_features() {
    static const std::string kFeatures = [] {
        std::string text(isa_name(best_isa()));
        if (__builtin_cpu_supports("avx512vnni")) text += " VNNI";
        if (__builtin_cpu_supports("avx512bf16")) text += " BF16";
        return text;
    }();
    return kFeatures;
}

}  // namespace hone::kernels
