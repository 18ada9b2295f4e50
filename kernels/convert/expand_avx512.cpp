// SPDX-License-Identifier: Apache-2.0
#define HONE_ISA avx512
#include "kernels/convert/expand_cpu.inc"
