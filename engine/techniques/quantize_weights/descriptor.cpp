// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>

#include "engine/core/dtype.h"
#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

// What kernels/weights/list.inc offers, each scheme once: Hone's own types first, then those of
// files.
constexpr bool is_first_of_scheme(const DTypeInfo& type) {
    if (type.scheme.id.empty()) return false;
    for (const DTypeInfo& other : kernels::kWeightFormats) {
        if (other.scheme.id == type.scheme.id) return other.type == type.type;
    }
    return false;
}
constexpr auto kSchemeCount = std::count_if(std::begin(kernels::kWeightFormats),
                                            std::end(kernels::kWeightFormats), is_first_of_scheme);
constexpr auto kSchemes = [] {
    std::array<ChoiceItem, kSchemeCount> items;
    std::size_t next = 0;
    for (const bool in_files : {false, true}) {
        for (const DTypeInfo& type : kernels::kWeightFormats) {
            if (is_first_of_scheme(type) && type.ggml_type.has_value() == in_files)
                items.at(next++) = {type.scheme.id, type.scheme.label};
        }
    }
    return items;
}();
constexpr std::array kGroups{ChoiceItem{"32", "32"}, ChoiceItem{"64", "64"},
                             ChoiceItem{"128", "128"}};
constexpr std::array kEmbedding{ChoiceItem{"q8_0", "Q8_0"},
                                ChoiceItem{"same", "As the other matrices"},
                                ChoiceItem{"keep", "Leave as it is"}};
const std::array kOptions{
    Option{"scheme", "Scheme",
           "How a weight is stored. Fewer bits are faster to read and less exact.",
           Choice{kSchemes, "q8_0"}},
    Option{"group_size", "Group",
           "Neighbours in a row that share a scale. A matrix whose rows the group does not divide "
           "takes the "
           "next smaller one.",
           Choice{kGroups, "64"}, OnlyWhen{"scheme", "int4_group"}},
    Option{"embedding", "Embeddings",
           "What the token embedding and the output matrix become. They suffer most from few bits.",
           Choice{kEmbedding, "q8_0"}},
};
constexpr std::array<std::string_view, 1> kVariants{"scheme=int4_group group_size=32"};
constexpr std::array kCounters{Counted{"converted_products", "products with converted weights"}};

}  // namespace

const Descriptor quantize_weights{
    .id = "quantize_weights",
    .title = "Quantise weights",
    .summary = "Stores weights in fewer bits; products still run in fp32.",
    .source = "Round to nearest; block layouts of ggml (ggml-quants.c), absmax scales",
    .slot = Slot::weights,
    .stage = Stage::transforms_weights,
    .options = kOptions,
    .counters = kCounters,
    .trial = {.small = {}, .variants = kVariants},
};

}  // namespace hone::descriptors
