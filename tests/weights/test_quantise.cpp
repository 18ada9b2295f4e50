// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/core/error.h"
#include "engine/weights/weight_format.h"
#include "kernels/convert/convert.h"
#include "kernels/cpu/thread_pool.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

std::vector<std::byte> from_hex(const std::string& text) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < text.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
    return bytes;
}

std::vector<float> floats(const std::string& hex) {
    const std::vector<std::byte> bytes = from_hex(hex);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

nlohmann::json fixture() {
    std::ifstream file(test::fixtures() + "/weights/quantised_rows.json");
    return nlohmann::json::parse(file);
}

std::vector<std::byte> quantised(DType type, const std::vector<float>& row) {
    const auto cols = static_cast<std::int64_t>(row.size());
    std::vector<std::byte> stored(static_cast<std::size_t>(row_bytes(type, cols)));
    quantize_row(type, row.data(), stored.data(), cols);
    return stored;
}

std::vector<float> dequantised(DType type, const std::vector<std::byte>& stored, std::size_t cols) {
    std::vector<float> row(cols);
    dequantize_row(type, stored.data(), row.data(), static_cast<std::int64_t>(cols));
    return row;
}

std::vector<float> random_row(std::size_t cols, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> row(cols);
    for (float& value : row) value = normal(random);
    return row;
}

struct Fixture {
    Fixture() : workspace(pool.size()) {}
    kernels::ThreadPool pool{2};
    kernels::Workspace workspace;
    kernels::Context context() { return {kernels::best_isa(), pool, workspace}; }
};

StoredTensor tensor_of(const std::vector<float>& values, std::vector<std::int64_t> shape) {
    StoredTensor tensor;
    tensor.name = "blk.0.ffn_up.weight";
    tensor.shape = std::move(shape);
    auto owner = std::make_shared<std::vector<float>>(values);
    tensor.data = std::as_bytes(std::span(*owner));
    tensor.owner = owner;
    return tensor;
}

TEST(QuantizeRow, IsBitEqualWithTheGgufPackage) {
    const nlohmann::json document = fixture();
    for (const auto& [id, rows] : document.at("stored").items()) {
        const DType type = dtype_from_id(id).value();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::vector<float> row = floats(document.at("rows").at(i));
            EXPECT_EQ(quantised(type, row), from_hex(rows.at(i))) << id << ", row " << i;
        }
    }
}

// Whatever bits a file holds, the sign of zeros included.
TEST(DequantizeRow, IsBitEqualWithTheGgufPackage) {
    const nlohmann::json document = fixture();
    for (const auto& [id, read] : document.at("expanded").items()) {
        const std::vector<float> expected = floats(read.at("values"));
        const std::vector<float> is =
            dequantised(dtype_from_id(id).value(), from_hex(read.at("bytes")), expected.size());
        EXPECT_EQ(std::memcmp(is.data(), expected.data(), expected.size() * sizeof(float)), 0)
            << id;
    }
}

class EveryType : public testing::TestWithParam<DType> {};

TEST_P(EveryType, ErrsByAtMostHalfAStep) {
    // Steps of the largest magnitude: 127 of int8, 8 of int4; the f16 scale adds 2^-11 of the
    // value.
    const DType type = GetParam();
    const double steps = type == DType::q8_0 || type == DType::i8_channel ? 127
                         : type == DType::q4_1                            ? 7.5
                         : type == DType::q5_1                            ? 15.5
                         : type == DType::q6_k                            ? 31
                         : type == DType::q4_k                            ? 6
                         : type == DType::q5_0                            ? 16
                                                                          : 8;
    const std::vector<float> row = random_row(512, 3);
    const std::vector<float> back = dequantised(type, quantised(type, row), row.size());
    float largest = 0;
    for (const float value : row) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < row.size(); ++i) {
        // The signed types reach 7 steps on the side away from the largest magnitude: there a value
        // may lose a whole step.
        const double of_e4m3 = std::max<double>(std::abs(row[i]) / 16.0, std::ldexp(largest, -17));
        const double bound = type == DType::e4m3_channel ? of_e4m3
                             : info(type).floating
                                 ? std::ldexp(largest, type == DType::bf16 ? -8 : -11)
                                 : largest / steps * (steps == 8 || steps == 16 ? 1.01 : 0.51);
        EXPECT_NEAR(back[i], row[i], bound + 1e-12) << info(type).name << " at " << i;
    }
}

TEST_P(EveryType, KeepsZeros) {
    const std::vector<float> row(256, 0.0F);
    for (const float value : dequantised(GetParam(), quantised(GetParam(), row), row.size()))
        EXPECT_EQ(value, 0.0F);
}

TEST(QuantizeRow, OfAFloatingTypeIsStable) {
    const std::vector<float> row = random_row(128, 5);
    for (const DType type : {DType::f32, DType::f16, DType::bf16}) {
        const auto once = quantised(type, row);
        EXPECT_EQ(quantised(type, dequantised(type, once, row.size())), once) << info(type).name;
    }
}

std::vector<DType> every_type() {
    std::vector<DType> types;
    for (const DTypeInfo& type : all_dtypes()) types.push_back(type.type);
    return types;
}

INSTANTIATE_TEST_SUITE_P(Types, EveryType, testing::ValuesIn(every_type()),
                         [](const auto& type) { return std::string(hone::info(type.param).id); });

TEST(ConvertTensor, ConvertsRowByRow) {
    Fixture machine;
    constexpr std::int64_t kCols = 256;  // a multiple of every block
    const StoredTensor source = tensor_of(random_row(std::size_t{96} * kCols, 9), {96, kCols});
    for (const DTypeInfo& type : all_dtypes()) {
        const StoredTensor converted = convert_tensor(source, type.type, machine.context(), {});
        EXPECT_EQ(converted.name, source.name);
        EXPECT_EQ(converted.shape, source.shape);
        ASSERT_EQ(static_cast<std::int64_t>(converted.data.size()),
                  96 * row_bytes(type.type, kCols));
        const auto* values = reinterpret_cast<const float*>(source.data.data());
        for (std::int64_t row = 0; row < 96; ++row) {
            const auto expected =
                quantised(type.type, {values + row * kCols, values + (row + 1) * kCols});
            EXPECT_EQ(std::memcmp(expected.data(),
                                  converted.data.data() + row * row_bytes(type.type, kCols),
                                  expected.size()),
                      0)
                << type.name << ", row " << row;
        }
    }
}

TEST(ConvertTensor, RefusesRowsThatBlocksDoNotDivide) {
    Fixture machine;
    const StoredTensor source = tensor_of(random_row(std::size_t{3} * 40, 1), {3, 40});
    try {
        convert_tensor(source, DType::q8_0, machine.context(), {});
        FAIL() << "40 is no multiple of 32";
    } catch (const Error& error) {
        EXPECT_NE(error.details().field.find("blk.0.ffn_up.weight"), std::string::npos);
        EXPECT_NE(error.details().found.find("40"), std::string::npos);
        EXPECT_NE(error.details().expected.find("32"), std::string::npos);
    }
}

TEST(ConvertTensor, StopsWhenCancelled) {
    Fixture machine;
    std::stop_source stop;
    stop.request_stop();
    const StoredTensor source = tensor_of(random_row(std::size_t{64} * 64, 1), {64, 64});
    EXPECT_THROW(convert_tensor(source, DType::q8_0, machine.context(), {{}, stop.get_token()}),
                 Cancelled);
}

}  // namespace
}  // namespace hone
