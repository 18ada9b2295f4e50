// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/kernel_name.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>

namespace hone::cuda {
namespace {

// PlaneType, KvPlane
constexpr std::array kPlanes = std::to_array<std::string_view>({
#define HONE_PLANE(id, ...) #id,
#include "kernels/cuda/weights/planes.inc"
});
constexpr std::array<std::string_view, 4> kKvPlanes{"f32", "f16", "bf16", "i8"};

void replace(std::string& text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

template <std::size_t count>
void name_values(std::string& text, const std::string& type,
                 const std::array<std::string_view, count>& names) {
    for (std::size_t i = 0; i < count; ++i)
        replace(text, "(" + type + ")" + std::to_string(i), names[i]);
}

// From `open`, a '<', to where it closes.
std::size_t closing(const std::string& text, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < text.size(); ++i) {
        depth += text[i] == '<' ? 1 : text[i] == '>' ? -1 : 0;
        if (depth == 0) return i;
    }
    return text.size();
}

// "hone::cuda::ProductBody<(hone::cuda::PlaneType)2, 1>" → "product<bf16, 1>"
std::string own_name(std::string body) {
    replace(body, "hone::cuda::", "");
    name_values(body, "PlaneType", kPlanes);
    name_values(body, "KvPlane", kKvPlanes);
    const std::size_t suffix = body.find("Body");
    if (suffix != std::string::npos) body.erase(suffix, 4);
    std::string name;
    const std::size_t plain = std::min(body.find('<'), body.size());
    for (std::size_t i = 0; i < body.size(); ++i) {  // FillHalves → fill_halves
        const auto c = static_cast<unsigned char>(body[i]);
        if (i < plain && std::isupper(c) != 0) {
            if (i > 0) name += '_';
            name += static_cast<char>(std::tolower(c));
        } else {
            name += body[i];
        }
    }
    while (name.ends_with(' ')) name.pop_back();
    return name;
}

}  // namespace

std::string readable_kernel_name(std::string_view mangled) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> demangled(
        abi::__cxa_demangle(std::string(mangled).c_str(), nullptr, nullptr, &status), &std::free);
    if (status != 0 || demangled == nullptr) return std::string(mangled);
    std::string text = demangled.get();
    if (text.starts_with("void ")) text.erase(0, 5);
    constexpr std::string_view kEntry = "entry<";
    const std::size_t entry = text.find(kEntry);
    if (entry != std::string::npos && text.starts_with("hone::cuda::")) {
        const std::size_t open = entry + kEntry.size() - 1;
        return own_name(text.substr(open + 1, closing(text, open) - open - 1));
    }
    if (text.starts_with("hone::cuda::")) return own_name(text);
    // Parameters follow the name, or its template's arguments.
    const std::size_t open = text.find('<');
    const std::size_t from = open == std::string::npos ? 0 : closing(text, open);
    const std::size_t parameters = text.find('(', from);
    if (parameters != std::string::npos && parameters > 0) text.erase(parameters);
    return text;
}

}  // namespace hone::cuda
