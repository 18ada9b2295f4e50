// SPDX-License-Identifier: Apache-2.0
#define HONE_ISA baseline
#include "kernels/cpu/kernels_cpu.inc"
