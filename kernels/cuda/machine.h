// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that a kernel body may use of the machine it runs on. nvcc compiles bodies against
// machine_device.h; tests compile the same bodies with the host compiler against the emulation
// (emulation/machine_emulated.h). Both define, in hone::cuda:
//
//   HONE_UNROLL                      before a loop that must be unrolled whole, so that what it
//   indexes stays in registers block_index() grid_size()        Dim3 thread_index() block_threads()
//   within a block, which has one dimension lane_index() warp_index() sync_block() a barrier that
//   every thread of the block must reach sync_warp()                      a barrier, and an order
//   of memory, for the 32 lanes of a warp shuffle(v, lane) shuffle_xor(v, mask)    v of another
//   lane; all 32 lanes take part ballot(condition)                bit i: lane i's condition
//   bit_count(bits)                  how many are set
//   Global<T>                        device memory: a typed pointer; p[i], p + i
//   Shared<T>                        shared memory: the same
//   HONE_SHARED(T, name, n)          declares n elements of shared memory, uninitialised, of the
//   whole block dynamic_shared<T>(offset, n)     n elements from byte `offset` of the launch's
//   dynamic shared memory load<V>(p, i) store<V>(p, i, v)  a vector from elements i … of either
//   kind of memory, aligned to its size load_once<V>(p, i)               the same from global
//   memory for data that is read once: it is not kept in L1 atomic_add(p, i, v)              on
//   global memory; returns what was there copy_async<bytes>(to, i, from, j)  16, 8 or 4 bytes from
//   global to shared memory; there after wait_async() and a barrier commit_async() wait_async<n>()
//   groups of copies: wait until at most n of the thread's groups are under way load_matrices(r, p,
//   i)           four 8 × 8 matrices of 16-bit values from shared memory, as fragments; layout
//   below load_matrices_transposed(r, p, i)  the same, each matrix transposed to_float_fast(F16)
//   the machine's own conversion; the same value as to_float unpack_e4m3(bits)                the
//   two values of 16 bits, the lower one first pack_bf16(low, high)             two values as bf16,
//   to_bf16's where they are numbers, in the halves of a word mma_bf16, mma_f16, mma_s8, mma_e4m3
//   D += A·B of a warp on tensor cores; layouts below mma_sparse_bf16(d, a, b, places)       the
//   same where two of any four neighbours in a row of A are stored
//
// Fragments, as the PTX ISA documents them ("Matrix Fragments for mma.m16n8k16" and
// "mma.m16n8k32"). With g = lane / 4 and t = lane % 4:
//   16-bit, m16n8k16: A[4] packs A(g, 2t..2t+1), A(g+8, 2t..), A(g, 2t+8..), A(g+8, 2t+8..); B[2]
//   packs B(2t..2t+1, g), B(2t+8.., g) 8-bit, m16n8k32:  A[4] packs A(g, 4t..4t+3), A(g+8, 4t..),
//   A(g, 4t+16..), A(g+8, 4t+16..); B[2] packs B(4t..4t+3, g), B(4t+16.., g) D[4] = D(g, 2t), D(g,
//   2t+1), D(g+8, 2t), D(g+8, 2t+1) sparse bf16, m16n8k32 ("mma.sp"): A[4] as m16n8k16 of the 16
//   values that each row stores of its 32; B[4] packs B(2t..2t+1, g), B(2t+8.., g), B(2t+16.., g),
//   B(2t+24.., g). Four bits of `places` for four neighbours: which of them the first and the
//   second stored one are, the first in the lower two bits and less than the second. With selector
//   0 the lanes t = 0 and 1 say it: t = 0 of columns 0 to 15, t = 1 of 16 to 31, each of row g in
//   the lower 16 bits and of row g+8 in the upper ones; other lanes' `places` are not looked at.
//
// load_matrices ("Warp-level matrix load instruction: ldmatrix", .m8n8.x4.b16): lane l says where
// row l % 8 of matrix l / 8 begins, 16 bytes aligned to 16, from element i on. Then r[m] of each
// lane packs M(g, 2t..2t+1) of matrix m; transposed, M(2t, g) and M(2t+1, g). Rows that begin in
// different banks of 16 bytes, modulo 128, come without conflict. All 32 lanes take part. With
// matrices in the order (rows 0–7, columns 0–7), (8–15, 0–7), (0–7, 8–15), (8–15, 8–15), r is A of
// the 16-bit m16n8k16. Of Bᵀ as it lies for row.col, [n][k], the order (n 0–7, k 0–7), (0–7, 8–15),
// (8–15, 0–7), (8–15, 8–15) gives two B: r[0], r[1] of columns 0 to 7 and r[2], r[3] of 8 to 15; of
// B itself, [k][n], load_matrices_transposed() does with k and n exchanged.

#include "kernels/cuda/types.h"

#if defined(__CUDACC__)
#include "kernels/cuda/machine_device.h"
#else
#include "kernels/cuda/emulation/machine_emulated.h"
#include "kernels/cuda/emulation/matrices_emulated.h"
#endif

namespace hone::cuda {

// Sum and maximum over a warp: every lane gets it.
HONE_DEVICE float warp_sum(float value) {
    for (std::uint32_t mask = kWarp / 2; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
    return value;
}

HONE_DEVICE float warp_max(float value) {
    for (std::uint32_t mask = kWarp / 2; mask > 0; mask /= 2)
        value = fmaxf(value, shuffle_xor(value, mask));
    return value;
}

// Over a block of at most 1,024 threads; `scratch` holds 32 floats. Every thread gets it, and may
// use `scratch` again at once.
template <typename Combine>
HONE_DEVICE float block_reduce(float value, float neutral, Shared<float> scratch, Combine combine) {
    value = combine(value);
    if (lane_index() == 0) scratch[warp_index()] = value;
    sync_block();
    const std::uint32_t warps = block_threads() / kWarp;
    value = combine(lane_index() < warps ? static_cast<float>(scratch[lane_index()]) : neutral);
    sync_block();
    return value;
}

}  // namespace hone::cuda
