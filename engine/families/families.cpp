// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "engine/families/list.h"

namespace hone {
namespace {

#define HONE_ADDRESS_OF_FAMILY(name) &name,
constexpr std::array kFamilies{HONE_FAMILIES(HONE_ADDRESS_OF_FAMILY)};
#undef HONE_ADDRESS_OF_FAMILY

}  // namespace

std::span<const Family* const> families() {
    return kFamilies;
}

const Family* find_family(std::string_view name) {
    const auto found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                    [name](const Family* family) { return family->name == name; });
    return found == kFamilies.end() ? nullptr : *found;
}

const Family* find_family_of_type(std::string_view model_type) {
    const auto found = std::find_if(
        kFamilies.begin(), kFamilies.end(),
        [model_type](const Family* family) { return family->model_type == model_type; });
    return found == kFamilies.end() ? nullptr : *found;
}

std::string family_names() {
    std::string names;
    for (const Family* family : kFamilies)
        names += (names.empty() ? "" : ", ") + std::string(family->name);
    return names;
}

}  // namespace hone
