// SPDX-License-Identifier: Apache-2.0
#include "engine/weights/finite.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "engine/formats/mapped_file.h"

namespace hone {
namespace {

template <typename Bits>
Bits load(const std::byte* from) {
    Bits bits{};
    std::memcpy(&bits, from, sizeof bits);
    return bits;
}

// A number is not finite where all bits of its exponent are set. In slices, so that a compiler
// counts in narrow registers.
template <typename Bits>
std::int64_t count_exponents(const std::byte* from, std::int64_t count, Bits exponent) {
    constexpr std::int64_t kSlice = 4096;
    std::int64_t sum = 0;
    for (std::int64_t begin = 0; begin < count; begin += kSlice) {
        const std::int64_t end = std::min(count, begin + kSlice);
        Bits found = 0;
        for (std::int64_t i = begin; i < end; ++i) {
            const auto bits = load<Bits>(from + static_cast<std::size_t>(i) * sizeof(Bits));
            found = static_cast<Bits>(found + ((bits & exponent) == exponent ? 1 : 0));
        }
        sum += found;
    }
    return sum;
}

constexpr std::uint16_t kHalfExponent = 0x7C00, kBrainExponent = 0x7F80;
constexpr std::uint32_t kFloatExponent = 0x7F800000;

// Weights of blocks whose f16 scale or minimum is not finite.
std::int64_t count_blocks(const std::byte* from, std::int64_t blocks, const DTypeInfo& type) {
    std::int64_t bad = 0;
    for (std::int64_t i = 0; i < blocks; ++i, from += type.block_bytes) {
        const bool finite =
            std::all_of(type.halves.begin(), type.halves.end(), [from](std::int16_t at) {
                return at < 0 || (load<std::uint16_t>(from + at) & kHalfExponent) != kHalfExponent;
            });
        bad += finite ? 0 : 1;
    }
    return bad * type.block;
}

// "36,864"
std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    return digits;
}

// What was read of a mapped file, but for the pages at its ends, which others share.
void give_back(std::span<const std::byte> data) {
    if (quoted_path_of_mapping(data.data()) == nullptr) return;
    const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(data.data()) + page - 1) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(data.data() + data.size()) / page * page;
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

std::int64_t count_in(const StoredTensor& tensor, kernels::ThreadPool& pool) {
    constexpr std::int64_t kBytes = 1 << 20;
    const std::int64_t row = std::max<std::int64_t>(1, row_bytes(tensor.type, tensor.cols()));
    std::atomic<std::int64_t> sum = 0;
    pool.parallel_for(tensor.rows(), std::max<std::int64_t>(1, kBytes / row),
                      [&](std::int64_t begin, std::int64_t end, int /*thread*/) {
                          sum += count_not_finite(tensor, begin, end);
                      });
    return sum;
}

}  // namespace

std::int64_t count_not_finite(const StoredTensor& tensor, std::int64_t begin, std::int64_t end) {
    if (info(tensor.type).sparse || tensor.data.empty()) return 0;
    const std::byte* const from = tensor.row(begin);
    const std::int64_t count = (end - begin) * tensor.cols();
    switch (tensor.type) {
        case DType::f32:
            return count_exponents<std::uint32_t>(from, count, kFloatExponent);
        case DType::f16:
            return count_exponents<std::uint16_t>(from, count, kHalfExponent);
        case DType::bf16:
            return count_exponents<std::uint16_t>(from, count, kBrainExponent);
        default:
            break;
    }
    const DTypeInfo& type = info(tensor.type);
    return type.halves[0] < 0 ? 0 : count_blocks(from, count / type.block, type);
}

std::vector<std::string> notes_of_not_finite(const Checkpoint& checkpoint,
                                             kernels::ThreadPool& pool, const Progress& progress) {
    constexpr std::size_t kNamed = 3;
    std::vector<std::string> notes;
    std::int64_t more_tensors = 0, more_weights = 0;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        progress.check();
        const std::int64_t bad = count_in(tensor, pool);
        give_back(tensor.data);
        if (bad == 0) continue;
        if (notes.size() < kNamed) {
            notes.push_back(fmt::format("{} of {} weights of {} are not finite", grouped(bad),
                                        grouped(tensor.elements()), tensor.name));
        } else {
            ++more_tensors;
            more_weights += bad;
        }
    }
    if (more_tensors > 0)
        notes.push_back(fmt::format("{} weights of {} more tensors are not finite",
                                    grouped(more_weights), grouped(more_tensors)));
    return notes;
}

}  // namespace hone
