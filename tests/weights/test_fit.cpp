// SPDX-License-Identifier: Apache-2.0
// Weights that a type cannot hold, from every type to every type: refused by tensor and row, never
// rounded to infinity.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <random>

#include "engine/core/error.h"
#include "engine/weights/weight_format.h"
#include "kernels/convert/convert.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {
namespace {

constexpr std::int64_t kRows = 200, kCols = 256, kBadRow = 130, kLaterRow = 190;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kF16Overflows = 65520;  // what rounds to infinity: half a step above 65,504

struct Machine {
    kernels::ThreadPool pool{2};
    kernels::Workspace workspace{2};
    kernels::Context context() { return {kernels::best_isa(), pool, workspace}; }
};

StoredTensor tensor_of(std::vector<float> values) {
    StoredTensor tensor;
    tensor.name = "blk.1.ffn_up.weight";
    tensor.shape = {kRows, kCols};
    auto owner = std::make_shared<std::vector<float>>(std::move(values));
    tensor.data = std::as_bytes(std::span(*owner));
    tensor.owner = owner;
    return tensor;
}

std::vector<float> ordinary() {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0, 0.02F);
    std::vector<float> values(kRows * kCols);
    for (float& value : values) value = normal(random);
    return values;
}

// Ordinary weights but for one in each of two rows.
StoredTensor with(float value) {
    std::vector<float> values = ordinary();
    values[kBadRow * kCols + 37] = value;
    values[kLaterRow * kCols + 5] = value;
    return tensor_of(std::move(values));
}

// The least magnitude that `type` can no longer hold, of one weight among small ones.
double limit_of(DType type) {
    switch (type) {
        case DType::f32:
            return std::numeric_limits<double>::infinity();
        case DType::bf16:
            return 0x1.FFp127;  // rounds up to 2^128
        case DType::f16:
            return kF16Overflows;
        case DType::q8_0:
        case DType::i8_channel:
            return 127 * kF16Overflows;
        case DType::q4_0:
        case DType::i4_g32:
        case DType::i4_g64:
        case DType::i4_g128:
            return 8 * kF16Overflows;
        case DType::q5_0:
            return 16 * kF16Overflows;
        case DType::q4_1:
            return 15 * kF16Overflows;  // above 0; below it is the minimum, in f16
        case DType::q5_1:
            return 31 * kF16Overflows;  // above 0, as Q4_1
        case DType::q6_k:
            return 32 * 128 * kF16Overflows;
        case DType::q4_k:
            return 15 * 63 * kF16Overflows;  // above 0
        case DType::e4m3_channel:
            return 448 * 32768.0 * (1 + 1e-7);
        default:
            ADD_FAILURE() << "no limit known";
            return 0;
    }
}

std::optional<ErrorDetails> refusal(const StoredTensor& tensor, DType type) {
    Machine machine;
    try {
        const StoredTensor converted = convert_tensor(tensor, type, machine.context(), {});
        for (const float value : expand_tensor(converted))
            EXPECT_TRUE(std::isfinite(value)) << info(type).name << " holds " << value;
    } catch (const Error& error) {
        return error.details();
    }
    return std::nullopt;
}

void expect_names_the_row(const ErrorDetails& details) {
    EXPECT_EQ(details.field, "tensor 'blk.1.ffn_up.weight', row 130");
    EXPECT_FALSE(details.found.empty());
    EXPECT_FALSE(details.expected.empty());
    EXPECT_EQ(details.message.find(details.summary), 0U) << "the sentence for people comes first";
}

TEST(EveryTypeToEveryType, HoldsAWeightOrRefusesItByRow) {
    for (const float value : {1e5F, -1e5F, 9e5F, 9e6F, -9e6F, 1e8F, 3e38F, -3e38F, 3.4e38F}) {
        for (const DTypeInfo& target : all_dtypes()) {
            SCOPED_TRACE(std::string(target.name) + " of " + std::to_string(value));
            const bool minimum = info(target.type).halves[1] >= 0 && value < 0;
            const double limit = minimum ? kF16Overflows * (target.type == DType::q4_k ? 63 : 1)
                                         : limit_of(target.type);
            const auto refused = refusal(with(value), target.type);
            EXPECT_EQ(refused.has_value(), std::abs(static_cast<double>(value)) >= limit);
            if (refused) expect_names_the_row(*refused);
        }
    }
}

TEST(EveryTypeToEveryType, RefusesWhatIsNotFinite) {
    Machine machine;
    for (const float value : {kInfinity, -kInfinity, std::nanf("")}) {
        for (const DTypeInfo& target : all_dtypes()) {
            const auto refused = refusal(with(value), target.type);
            ASSERT_TRUE(refused) << target.name << " of " << value;
            expect_names_the_row(*refused);
        }
    }
}

// Where a row has a number of 16 bits: the first weight, or its first scale and minimum.
std::vector<std::int64_t> offsets_of(const DTypeInfo& type) {
    if (type.halves[0] < 0) return {0};
    if (type.halves[1] < 0) return {type.halves[0]};
    return {type.halves[0], type.halves[1]};
}

// A scale of `bits` in row 130's first block, or in the last one of two bytes there.
StoredTensor with_scale(DType type, std::uint16_t bits, std::int64_t offset) {
    Machine machine;
    StoredTensor tensor = convert_tensor(tensor_of(ordinary()), type, machine.context(), {});
    std::memcpy(const_cast<std::byte*>(tensor.row(kBadRow)) + offset, &bits, sizeof bits);
    return tensor;
}

TEST(EveryTypeToEveryType, RefusesScalesAndHalvesThatAreNotFinite) {
    for (const DTypeInfo& source : all_dtypes()) {
        if (source.type == DType::f32) continue;
        const std::uint16_t infinity = source.type == DType::bf16 ? 0x7F80 : 0x7C00;
        for (const std::uint16_t bits : {infinity, static_cast<std::uint16_t>(infinity | 0x8000U),
                                         static_cast<std::uint16_t>(infinity + 1)}) {
            for (const std::int64_t offset : offsets_of(source)) {
                const StoredTensor tensor = with_scale(source.type, bits, offset);
                for (const DTypeInfo& target : all_dtypes()) {
                    const auto refused = refusal(tensor, target.type);
                    ASSERT_TRUE(refused) << source.name << " to " << target.name;
                    expect_names_the_row(*refused);
                }
            }
        }
    }
}

TEST(EveryTypeToEveryType, RefusesLargeScalesThatTheTargetCannotHold) {
    constexpr std::uint16_t kLargest = 0x7BFF;  // 65,504
    for (const DTypeInfo& source : all_dtypes()) {
        if (source.floating || source.type == DType::e4m3_channel) continue;
        const StoredTensor tensor = with_scale(source.type, kLargest, offsets_of(source).front());
        double most = 0;
        for (const float value : expand_tensor(tensor))
            most = std::max(most, std::abs(static_cast<double>(value)));
        for (const DTypeInfo& target : all_dtypes()) {
            if (target.halves[1] >= 0) continue;  // its limit depends on the sign
            EXPECT_EQ(refusal(tensor, target.type).has_value(), most >= limit_of(target.type))
                << source.name << " to " << target.name << " with " << most;
        }
    }
}

std::int64_t vanished(DType type, float magnitude) {
    Machine machine;
    std::vector<float> values = ordinary();
    for (std::int64_t i = 0; i < kCols; ++i)
        values[kBadRow * kCols + i] = magnitude * (i % 2 == 0 ? 1.0F : -0.5F);
    std::int64_t count = 0;
    const StoredTensor converted =
        convert_tensor(tensor_of(values), type, machine.context(), {}, &count);
    for (const float value : expand_tensor(converted)) EXPECT_TRUE(std::isfinite(value));
    return count;
}

TEST(SmallWeights, AreCountedWhereTheirScaleIsStoredAsZero) {
    // f16's least is 6e-8. Blocks of 32, groups, or the whole row of 256.
    EXPECT_EQ(vanished(DType::q8_0, 1e-6F), 8);
    EXPECT_EQ(vanished(DType::q8_0, 1e-5F), 0) << "scale 7.9e-8";
    EXPECT_EQ(vanished(DType::q4_0, 1e-7F), 8);
    EXPECT_EQ(vanished(DType::q5_0, 3e-7F), 8);
    EXPECT_EQ(vanished(DType::q5_1, 3e-7F), 8);
    EXPECT_EQ(vanished(DType::q6_k, 5e-5F), 1)
        << "steps of 1.6e-6, of which the scale of scales is a 128th";
    EXPECT_EQ(vanished(DType::q4_1, 1e-7F), 8);
    EXPECT_EQ(vanished(DType::i8_channel, 1e-6F), 1);
    EXPECT_EQ(vanished(DType::i4_g32, 1e-7F), 8);
    EXPECT_EQ(vanished(DType::i4_g64, 1e-7F), 4);
    EXPECT_EQ(vanished(DType::i4_g128, 1e-7F), 2);
    EXPECT_EQ(vanished(DType::f16, 1e-9F), 1);
    EXPECT_EQ(vanished(DType::bf16, 1e-9F), 0);
    EXPECT_EQ(vanished(DType::f32, 1e-44F), 0);
    EXPECT_EQ(vanished(DType::e4m3_channel, 1e-9F), 0) << "a scale of 2^-24 and steps of 2^-9";
    EXPECT_EQ(vanished(DType::e4m3_channel, 1e-12F), 1);
}

TEST(SmallWeights, OfF32sLeastNumbersAreNoTrap) {
    // 1 / scale is infinite here, and infinity times 0 no number.
    for (const DTypeInfo& type : all_dtypes()) {
        const std::int64_t expected = type.type == DType::f32 || type.type == DType::bf16 ? 0 : 1;
        EXPECT_GE(vanished(type.type, 1e-44F), type.type == DType::bf16 ? 0 : expected)
            << type.name;
    }
}

TEST(SmallWeights, ThatAreZeroAreNotCounted) {
    for (const DTypeInfo& type : all_dtypes()) EXPECT_EQ(vanished(type.type, 0.0F), 0) << type.name;
    EXPECT_TRUE(vanished_note(0).empty());
    EXPECT_EQ(vanished_note(3).size(), 1U);
}

TEST(RequireFinite, NamesTheFirstRowWhateverTheThreadsDo) {
    Machine machine;
    for (int i = 0; i < 20; ++i) {
        try {
            require_finite(with(std::nanf("")), "ranking", machine.context(), {});
            FAIL();
        } catch (const Error& error) {
            expect_names_the_row(error.details());
            EXPECT_EQ(error.details().found, "a NaN in column 37");
        }
    }
    EXPECT_NO_THROW(require_finite(with(3e38F), "ranking", machine.context(), {}));
}

}  // namespace
}  // namespace hone
