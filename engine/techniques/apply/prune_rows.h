// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/techniques/apply/magnitude_cut.h"
#include "engine/techniques/apply/technique.h"

namespace hone {

// What pruning techniques share: which share of a row's weights becomes zero, and setting the
// zeros.
struct PrunePattern {
    explicit PrunePattern(const nlohmann::json& options);
    // How many of `elements` become zero, unless n_of_m.
    std::int64_t share(std::int64_t elements) const;
    // How many become zero, either way.
    std::int64_t zeros(std::int64_t elements) const;

    bool n_of_m;
    double sparsity;
    std::int64_t n, m;  // n kept of every m neighbours
    bool embedding;
};

using Mask = std::vector<std::uint8_t>;
// Marks the elements of a row that become zero. `scratch` is one thread's own.
using MarkRow = std::function<void(std::int64_t row, std::span<const float> values, Mask& mask,
                                   std::vector<std::uint32_t>& scratch)>;

// Marks what lies below `cut`, and as many of its ties as are left.
void mark(const MagnitudeCut& cut, std::int64_t& ties_left, std::span<const float> values,
          Mask& mask);
// Marks the smallest of each row, or of every group of a row.
MarkRow row_marker(const PrunePattern& pattern);

// Replaces `tensor` by a copy with zeros where `mark_row` says; one whose type has no exact zero
// becomes F32. Returns how many elements are zero then. Throws Cancelled.
std::int64_t prune(StoredTensor& tensor, const kernels::Context& context, const Progress& progress,
                   const MarkRow& mark_row);

// What the user is told before anything runs, and after.
std::vector<std::string> expansion_note(const std::vector<const StoredTensor*>& chosen);
std::string zeros_note(std::int64_t zeros, std::int64_t elements, std::size_t matrices);

// A technique that sets weights to zero by a pattern.
class RowPruning : public WeightTechnique {
public:
    explicit RowPruning(const nlohmann::json& options);
    Support supports(const TechniqueQuery& query) const override;
    // Zeros in the weights and, where some are left out of memory, as the option asks, products
    // that do not read them.
    CounterUses counters() const override;
    std::optional<ZeroPattern> leaves_zeros_out() const override;
    // The change of types that pruning brings, and how many zeros.
    Notes plan(Checkpoint& checkpoint) const override;

protected:
    const PrunePattern& pattern() const { return pattern_; }

private:
    PrunePattern pattern_;
    bool compressed_;
};

}  // namespace hone
