// SPDX-License-Identifier: Apache-2.0
#define HONE_ISA avx512
#include "kernels/cpu/kernels_cpu.inc"
