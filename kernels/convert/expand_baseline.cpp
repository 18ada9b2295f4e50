// SPDX-License-Identifier: Apache-2.0
#define HONE_ISA baseline
#include "kernels/convert/expand_cpu.inc"
