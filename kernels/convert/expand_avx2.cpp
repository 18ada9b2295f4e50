// SPDX-License-Identifier: Apache-2.0
#define HONE_ISA avx2
#include "kernels/convert/expand_cpu.inc"
