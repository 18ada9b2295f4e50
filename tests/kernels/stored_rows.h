// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/cpu/context.h"
#include "kernels/linear/linear.h"

namespace hone::kernels {

// All but the sparse ones.
const std::vector<WeightType>& weight_types();

const char* type_name(WeightType type);
std::int64_t block_of(WeightType type);  // columns must be a multiple of it
std::int64_t whole_blocks(WeightType type,
                          std::int64_t cols);  // `cols`, or as many more as its last block has
std::int64_t bytes_of_row(WeightType type, std::int64_t cols);

// Random rows in stored form, `row_bytes` apart; weights are of the order of one.
std::vector<std::byte> random_rows(WeightType type, std::int64_t rows, std::int64_t cols,
                                   std::int64_t row_bytes, std::uint32_t seed);

// The weight that a row stores at `col`, read off its layout in double precision (exactly).
double stored_value(WeightType type, const std::byte* row, std::int64_t col);
double half_value(std::uint16_t half);

std::vector<float> random_floats(std::int64_t count, std::uint32_t seed, float scale = 1.0F);

// A pool and a workspace to run a kernel with.
struct Machine {
    explicit Machine(int threads) : pool(threads), workspace(threads) {}
    Context on(Isa isa) { return Context{isa, pool, workspace}; }

    ThreadPool pool;
    Workspace workspace;
};

}  // namespace hone::kernels
