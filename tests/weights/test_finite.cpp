// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "engine/weights/finite.h"

namespace hone {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Stored {
    std::vector<std::byte> bytes;
    StoredTensor tensor;

    Stored(DType type, std::int64_t rows, std::int64_t cols)
        : bytes(static_cast<std::size_t>(rows * row_bytes(type, cols))) {
        tensor.name = "blk.0.ffn_up.weight";
        tensor.type = type;
        tensor.shape = {rows, cols};
        tensor.data = bytes;
    }
    template <typename Bits>
    void put(std::size_t at, Bits bits) {
        std::memcpy(bytes.data() + at, &bits, sizeof bits);
    }
    std::int64_t bad() const { return count_not_finite(tensor, 0, tensor.rows()); }
};

TEST(NotFinite, NumbersAreCountedByTheirBits) {
    Stored floats(DType::f32, 100, 64);
    floats.put(0, std::numeric_limits<float>::quiet_NaN());
    floats.put(4, -std::numeric_limits<float>::infinity());
    floats.put(8, std::numeric_limits<float>::max());
    floats.put(12, std::numeric_limits<float>::denorm_min());
    floats.put(100 * 64 * 4 - 4, std::numeric_limits<float>::infinity());
    EXPECT_EQ(floats.bad(), 3);
    EXPECT_EQ(count_not_finite(floats.tensor, 1, 99), 0) << "rows that were not asked for";
    Stored halves(DType::f16, 3, 7000);    // more than a slice of the counting loop
    halves.put(2, std::uint16_t{0x7C00});  // infinity
    halves.put(4, std::uint16_t{0xFE01});  // NaN
    halves.put(6, std::uint16_t{0x7BFF});  // 65504, the largest
    EXPECT_EQ(halves.bad(), 2);
    Stored brains(DType::bf16, 3, 7000);
    for (std::size_t i = 0; i < 21000; ++i) brains.put(2 * i, std::uint16_t{0xFF80});  // -infinity
    EXPECT_EQ(brains.bad(), 21000);
    brains.put(0, std::uint16_t{0x7F7F});  // the largest
    EXPECT_EQ(brains.bad(), 20999);
}

// A block's scale, or its minimum, makes all of its weights what it is.
TEST(NotFinite, BlocksAreCountedWhole) {
    for (const auto& [type, bytes] :
         {std::pair{DType::q8_0, 34U}, std::pair{DType::q4_0, 18U}, std::pair{DType::q4_1, 20U},
          std::pair{DType::q5_0, 22U}, std::pair{DType::q5_1, 24U}}) {
        Stored stored(type, 4, 64);
        EXPECT_EQ(stored.bad(), 0);
        stored.put(bytes, std::uint16_t{0x7C00});
        EXPECT_EQ(stored.bad(), 32);
        stored.put(7 * bytes, std::uint16_t{0x7E00});
        EXPECT_EQ(stored.bad(), 64);
        stored.put(3 * bytes + 2, std::uint16_t{0x7C00});  // a minimum, or two integers
        EXPECT_EQ(stored.bad(), info(type).halves[1] >= 0 ? 96 : 64);
    }
}

TEST(NotFinite, IsSaidOfEachTensorAndOfTheRestTogether) {
    kernels::ThreadPool pool(2);
    Stored good(DType::f32, 192, 192), bad(DType::f32, 192, 192);
    for (std::size_t i = 0; i < 100; ++i) bad.put(4 * i, std::numeric_limits<float>::quiet_NaN());
    Checkpoint checkpoint;
    checkpoint.tensors = {good.tensor};
    EXPECT_THAT(notes_of_not_finite(checkpoint, pool, {}), IsEmpty());
    checkpoint.tensors.push_back(bad.tensor);
    EXPECT_THAT(notes_of_not_finite(checkpoint, pool, {}),
                ElementsAre("100 of 36,864 weights of blk.0.ffn_up.weight are not finite"));
    for (int i = 0; i < 4; ++i) checkpoint.tensors.push_back(bad.tensor);
    EXPECT_EQ(notes_of_not_finite(checkpoint, pool, {}).back(),
              "200 weights of 2 more tensors are not finite");
}

}  // namespace
}  // namespace hone
