// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/experiment/protocol/experiment.h"
#include "engine/formats/checkpoint.h"
#include "engine/runtime/cpu_place.h"
#include "engine/techniques/apply/technique.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {

// A pool and its scratch memory, for transforms.
struct Machine {
    explicit Machine(int threads = 2) : pool(threads), workspace(threads) {}
    kernels::Context context() { return {kernels::best_isa(), pool, workspace}; }
    kernels::ThreadPool pool;
    kernels::Workspace workspace;
};

// {defaults of `id`} with `changes`.
nlohmann::json options_of(std::string_view id,
                          const nlohmann::json& changes = nlohmann::json::object());

std::unique_ptr<const Technique> technique_with(
    std::string_view id, const nlohmann::json& changes = nlohmann::json::object());

// Lets the weight technique `id` rewrite `checkpoint`; returns its notes.
std::vector<std::string> transform(Checkpoint& checkpoint, std::string_view id,
                                   const nlohmann::json& changes);
std::vector<std::string> plan(Checkpoint& checkpoint, std::string_view id,
                              const nlohmann::json& changes);

// Every technique with its defaults, and once more for each choice that an option offers and each
// variant that it names itself.
std::vector<RecipeStep> all_variants();
// With what the technique names to show it at work on a small model and short prompts.
RecipeStep sharpened(const RecipeStep& step);

// A checkpoint with these tensors and nothing else.
StoredTensor matrix(const std::string& name, std::int64_t rows, std::int64_t cols,
                    const std::vector<float>& values);
std::vector<float> random_values(std::size_t count, std::uint32_t seed);

}  // namespace hone
