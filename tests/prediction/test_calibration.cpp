// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "engine/prediction/calibrate.h"
#include "engine/prediction/calibration_cache.h"
#include "engine/prediction/product_fit.h"

namespace hone {
namespace {

TEST(LineThrough, GoesThroughBothPoints) {
    const Cost cost = line_through(10, 3, 30, 5);
    EXPECT_DOUBLE_EQ(cost.seconds(10), 3);
    EXPECT_DOUBLE_EQ(cost.seconds(30), 5);
    EXPECT_DOUBLE_EQ(line_through(30, 5, 10, 3).per_call, cost.per_call);
}

TEST(LineThrough, HasNoPartBelowZero) {
    EXPECT_DOUBLE_EQ(line_through(10, 5, 30, 3).per_unit, 0);  // noise: more work took less time
    EXPECT_DOUBLE_EQ(line_through(10, 1, 20, 4).per_call, 0);
    EXPECT_DOUBLE_EQ(line_through(10, 1, 20, 4).per_unit, 0.2);
    EXPECT_DOUBLE_EQ(line_through(0, 1, 0, 2).per_unit, 0);
}

Calibration example() {
    Calibration calibration;
    calibration.machine = "a machine";
    calibration.created = "2026-01-01T00:00:00Z";
    calibration.threads = 2;
    calibration.spread = 0.05;
    calibration.products["f32"] = {{2, 4, 20, 80}, {0.5, 0.5, 0.5, 0.5}, {1, 1, 1, 1}};
    calibration.operations["norm"] = {0.25, 0.125};
    return calibration;
}

MultipliedMatrix matrix_of(DType type, double kept = 1) {
    return {{type, kept}, kernels::Arithmetic::f32, 3, 10};
}

TEST(ProductSeconds, AreInterpolatedBetweenRowsAndGrowBeyondThem) {
    const Calibration calibration = example();
    const auto seconds = [&](std::int64_t rows) {
        return calibration.product_seconds(matrix_of(DType::f32), rows);
    };
    EXPECT_DOUBLE_EQ(seconds(1), 1 + 3 * (0.5 + 10 * 2));
    EXPECT_DOUBLE_EQ(seconds(8), 1 + 3 * (0.5 + 10 * 4));
    EXPECT_DOUBLE_EQ(seconds(36), 1 + 3 * (0.5 + 10 * 12));  // half-way from 8 to 64
    EXPECT_DOUBLE_EQ(seconds(512), 1 + 3 * (1.0 + 10 * 160));
    EXPECT_LT(calibration.product_seconds(matrix_of(DType::q4_0), 1), 0);
}

TEST(ProductSeconds, OfSparseTypesGrowWithWhatIsStored) {
    Calibration calibration;
    calibration.products["sparse_bf16 25 %"] = {{2, 4, 20, 80}, {}, {}};
    EXPECT_LT(calibration.product_seconds(matrix_of(DType::sparse_bf16, 0.25), 1), 0)
        << "one of two is missing";
    EXPECT_EQ(calibration.read_bandwidth(DType::sparse_bf16), 0);
    calibration.products["sparse_bf16 75 %"] = {{4, 8, 40, 160}, {}, {}};
    const auto seconds = [&](double kept) {
        return calibration.product_seconds(matrix_of(DType::sparse_bf16, kept), 1);
    };
    EXPECT_DOUBLE_EQ(seconds(0.25), 3 * 10 * 2);
    EXPECT_DOUBLE_EQ(seconds(0.75), 3 * 10 * 4);
    EXPECT_DOUBLE_EQ(seconds(0.5), 3 * 10 * 3);
    EXPECT_DOUBLE_EQ(seconds(0.05), 3 * 10 * 1.2);
    EXPECT_DOUBLE_EQ(seconds(0.9), 3 * 10 * 4.6);
    EXPECT_GT(calibration.read_bandwidth(DType::sparse_bf16), 0);
}

// A machine whose kernels take what is written here: a call, an output, and what is stored of each
// weight.
double true_seconds(const MultipliedMatrix& matrix, std::size_t row) {
    constexpr double kCall = 3e-6, kOutput = 2e-9, kByte = 5e-11, kMultiply = 4e-11;
    const DTypeInfo& type = info(matrix.form.type);
    const auto weights = static_cast<double>(matrix.outputs * matrix.inputs);
    constexpr std::int64_t kCols = 4096;
    const double bytes = type.sparse
                             ? 0.125 + matrix.form.kept * static_cast<double>(type.block_bytes)
                             : static_cast<double>(row_bytes(type.type, kCols)) / kCols;
    const auto rows = static_cast<double>(Calibration::kRows.at(row));
    return kCall + rows * kOutput * static_cast<double>(matrix.outputs) +
           weights * (bytes * kByte + rows * kMultiply);
}

Calibration calibrated_by_true_seconds() {
    Calibration calibration;
    for (const WeightForm& form : calibrated_forms()) {
        const auto seconds = [&](const ProductShape& shape) {
            SecondsByRows result{};
            for (std::size_t r = 0; r < shape.rows; ++r)
                result.at(r) =
                    true_seconds({form, kernels::Arithmetic::f32, shape.outputs, shape.inputs}, r);
            return result;
        };
        calibration.products[product_key(form, kernels::Arithmetic::f32)] =
            fitted_product(seconds(kFewWeights), seconds(kShortRows), seconds(kLongRows));
    }
    return calibration;
}

// Each form in which the runtime can hold weights is found again, in shapes and with shares of
// zeros that were not measured.
TEST(FittedProducts, TellWhatEveryFormOfWeightsTakes) {
    const Calibration calibration = calibrated_by_true_seconds();
    for (std::size_t i = 0; i < kDTypes; ++i) {
        const DTypeInfo& type = info(static_cast<DType>(i));
        for (const double kept :
             type.sparse ? std::vector{0.1, 0.2, 0.5, 0.7, 0.9} : std::vector{1.0}) {
            for (const auto& [outputs, inputs] :
                 std::array<std::pair<std::int64_t, std::int64_t>, 3>{
                     {{192, 576}, {1536, 576}, {4096, 14336}}}) {
                const MultipliedMatrix matrix{
                    {type.type, kept}, kernels::Arithmetic::f32, outputs, inputs};
                for (std::size_t r = 0; r < Calibration::kRows.size(); ++r) {
                    const double seconds = true_seconds(matrix, r);
                    EXPECT_NEAR(calibration.product_seconds(matrix, Calibration::kRows.at(r)),
                                seconds, 0.001 * seconds)
                        << type.name << ", " << kept << " kept, " << outputs << " × " << inputs
                        << ", " << Calibration::kRows.at(r) << " rows";
                }
            }
        }
    }
}

TEST(Calibration, GoesThroughJson) {
    const Calibration calibration = example();
    EXPECT_EQ(to_json(calibration_from_json(to_json(calibration))), to_json(calibration));
}

// A cache of its own for the duration of a test.
class Cache : public ::testing::Test {
protected:
    void SetUp() override {
        if (const char* before = std::getenv("XDG_CACHE_HOME")) before_ = before;
        folder_ = std::filesystem::path(::testing::TempDir()) /
                  ("hone-cache-" + std::to_string(::getpid()));
        setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
    }
    void TearDown() override {
        before_.empty() ? unsetenv("XDG_CACHE_HOME") : setenv("XDG_CACHE_HOME", before_.c_str(), 1);
        std::filesystem::remove_all(folder_);
    }
    std::filesystem::path folder_;
    std::string before_;
};

TEST_F(Cache, KeepsACalibrationOfThisMachine) {
    EXPECT_FALSE(kept_calibration("a machine", 2));
    keep_calibration(example());
    const auto kept = kept_calibration("a machine", 2);
    ASSERT_TRUE(kept);
    EXPECT_EQ(to_json(*kept), to_json(example()));
    EXPECT_FALSE(kept_calibration("another machine", 2));
    EXPECT_FALSE(kept_calibration("a machine", 4));
}

TEST_F(Cache, TakesADamagedFileForNone) {
    keep_calibration(example());
    std::ofstream(calibration_file(2)) << "{\"machine\": \"a machine\", \"threads\": 2";
    EXPECT_FALSE(kept_calibration("a machine", 2));
    std::ofstream(calibration_file(2)) << "[]";
    EXPECT_FALSE(kept_calibration("a machine", 2));
}

TEST_F(Cache, TakesOneOfAnotherVersionForNone) {
    keep_calibration(example());
    nlohmann::json document = to_json(example());
    document["version"] = Calibration::kVersion - 1;
    std::ofstream(calibration_file(2)) << document;
    EXPECT_FALSE(kept_calibration("a machine", 2));
    document.erase("version");
    std::ofstream(calibration_file(2)) << document;
    EXPECT_FALSE(kept_calibration("a machine", 2));
}

TEST(Calibrate, MeasuresEveryKernelThatThisMachineHas) {
    kernels::ThreadPool pool(2);
    kernels::Workspace workspace(2);
    const Calibration calibration = calibrate({kernels::best_isa(), pool, workspace}, {}, 1);
    EXPECT_EQ(calibration.threads, 2);
    EXPECT_GE(calibration.spread, 0);
    for (std::size_t i = 0; i < kDTypes; ++i) {
        const DTypeInfo& type = info(static_cast<DType>(i));
        const WeightForm form{type.type, type.sparse ? 0.5 : 1};
        EXPECT_GT(calibration.product_seconds({form, kernels::Arithmetic::f32, 512, 512}, 1), 0)
            << type.name;
        EXPECT_GT(calibration.read_bandwidth(type.type), 0) << type.name;
        EXPECT_GT(calibration.product_rate(type.type), 1e8) << type.name;
    }
    using profiler::Operation, profiler::TracePhase;
    for (const Operation operation : {Operation::embed, Operation::norm, Operation::rope,
                                      Operation::gate, Operation::add, Operation::sample}) {
        ASSERT_TRUE(calibration.operations.contains(operation_key(operation)))
            << operation_key(operation);
        EXPECT_GT(calibration.operations.at(operation_key(operation)).seconds(1e6), 0);
    }
    for (const KvStorage storage : {KvStorage::f32, KvStorage::f16, KvStorage::i8}) {
        for (const auto& [phase, layout] : std::array<std::pair<TracePhase, KvLayout>, 4>{
                 {{TracePhase::prefill, KvLayout::contiguous},
                  {TracePhase::decode, KvLayout::contiguous},
                  {TracePhase::prefill, KvLayout::paged},
                  {TracePhase::decode, KvLayout::paged}}}) {
            const std::string key = operation_key(Operation::attention, storage, phase, layout);
            ASSERT_TRUE(calibration.operations.contains(key)) << key;
            EXPECT_GT(calibration.operations.at(key).seconds(1e6), 0) << key;
        }
    }
}

TEST(Calibrate, HeedsAStop) {
    kernels::ThreadPool pool(1);
    kernels::Workspace workspace(1);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(calibrate({kernels::best_isa(), pool, workspace}, {{}, stop.get_token()}, 1),
                 Cancelled);
}

}  // namespace
}  // namespace hone
