// SPDX-License-Identifier: Apache-2.0
// A pass's other operations on a device, emulated, against the CPU kernels.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/cuda/ops/elementwise.h"
#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/kernels/stored_rows.h"

namespace hone::cuda {
namespace {

void expect_near(const std::vector<float>& is, const std::vector<float>& expected,
                 float tolerance) {
    ASSERT_EQ(is.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(is[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << i;
}

class CudaElementwise : public testing::Test {
protected:
    kernels::Machine machine{1};
    kernels::Context context = machine.on(kernels::Isa::baseline);
};

TEST_F(CudaElementwise, Norms) {
    for (const std::int64_t n : {8, 40, 576, 5000}) {
        constexpr std::int64_t kRows = 3;
        const std::vector<float> x = kernels::random_floats(kRows * n, 1),
                                 weight = kernels::random_floats(n, 3);
        std::vector<float> expected(x.size());
        kernels::rms_norm(x.data(), weight.data(), expected.data(), kRows, n, 1e-5F, context);
        const DeviceArray<float> device_x(x), device_weight(weight);
        DeviceArray<float> y(x.size());
        const NormParams params{device_x.data(), device_weight.data(), y.data(), kRows, n, 1e-5F};
        tested_device().launch({KernelId::norm}, norm_launch(params), params);
        expect_near(y.values(), expected, 2e-6F);
    }
}

TEST_F(CudaElementwise, Rotates) {
    constexpr std::int64_t kRows = 5, kHeads = 3, kKvHeads = 1, kDim = 16, kRotary = 12;
    for (const bool halves : {false, true}) {
        std::vector<float> q = kernels::random_floats(kRows * kHeads * kDim, 4),
                           k = kernels::random_floats(kRows * kKvHeads * kDim, 8);
        const std::vector<std::int32_t> positions{0, 1, 17, 4000, 8191};
        std::vector<float> frequencies;
        frequencies.reserve(kRotary / 2);
        for (int i = 0; i < kRotary / 2; ++i)
            frequencies.push_back(std::pow(10000.0F, -2.0F * static_cast<float>(i) / kRotary));
        const DeviceArray<float> device_q(q), device_k(k), device_frequencies(frequencies);
        const DeviceArray<std::int32_t> device_positions(positions);
        const auto turn = [&](std::vector<float>& x, std::int64_t heads) {
            const auto rope = halves ? kernels::rope_halves : kernels::rope_interleaved;
            rope(x.data(), positions.data(), kRows, heads, kDim, kRotary, frequencies.data(),
                 context);
        };
        turn(q, kHeads);
        turn(k, kKvHeads);
        const RopeParams params{device_q.data(),
                                device_k.data(),
                                device_positions.data(),
                                device_frequencies.data(),
                                kRows,
                                kHeads,
                                kKvHeads,
                                kDim,
                                kRotary,
                                halves ? 1 : 0};
        tested_device().launch({KernelId::rope}, rope_launch(params), params);
        expect_near(device_q.values(), q, 1e-6F);
        expect_near(device_k.values(), k, 1e-6F);
    }
}

TEST_F(CudaElementwise, AddsABiasToEveryRow) {
    constexpr std::int64_t kRows = 5, kCols = 77;
    std::vector<float> y = kernels::random_floats(kRows * kCols, 8);
    const std::vector<float> bias = kernels::random_floats(kCols, 9);
    const DeviceArray<float> device_y(y), device_bias(bias);
    const BiasParams params{device_y.data(), device_bias.data(), kRows * kCols, kCols};
    tested_device().launch({KernelId::bias}, flat_launch(params.count), params);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += bias[i % bias.size()];
    expect_near(device_y.values(), y, 0.0F);
}

TEST_F(CudaElementwise, GatesAndAdds) {
    constexpr std::int64_t kCount = 777;
    std::vector<float> gate = kernels::random_floats(kCount, 5, 4.0F);
    const std::vector<float> up = kernels::random_floats(kCount, 6);
    gate[0] = -200, gate[1] = 200;
    const DeviceArray<float> device_gate(gate), device_up(up);
    kernels::silu_mul(gate.data(), up.data(), gate.data(), kCount, context);
    const GateParams params{device_gate.data(), device_up.data(), kCount};
    tested_device().launch({KernelId::gate}, flat_launch(kCount), params);
    expect_near(device_gate.values(), gate, 1e-6F);
    const AddParams sum{device_gate.data(), device_up.data(), kCount};
    tested_device().launch({KernelId::add}, flat_launch(kCount), sum);
    kernels::add(gate.data(), up.data(), kCount, context);
    expect_near(device_gate.values(), gate, 1e-6F);
}

TEST_F(CudaElementwise, GathersRowsAndSeesWhatIsNotFinite) {
    constexpr std::int64_t kCols = 300;
    std::vector<float> x = kernels::random_floats(4 * kCols, 7);
    x[kCols + 299] = NAN;
    x[3 * kCols] = -INFINITY;
    const DeviceArray<float> from(x);
    const DeviceArray<std::int32_t> rows(std::vector<std::int32_t>{3, 0, 1});
    DeviceArray<float> to(3 * kCols);
    const GatherParams gather{from.data(), rows.data(), to.data(), 3, kCols};
    tested_device().launch({KernelId::gather}, gather_launch(gather), gather);
    const std::vector<float> gathered = to.values();
    for (std::size_t i = 0; i < kCols; ++i) ASSERT_EQ(gathered[kCols + i], x[i]);
    DeviceArray<std::int32_t> bad(3);
    const FiniteParams finite{to.data(), bad.data(), 3, kCols};
    tested_device().launch({KernelId::finite}, finite_launch(finite), finite);
    EXPECT_EQ(bad.values(), (std::vector<std::int32_t>{1, 0, 1}));
}

}  // namespace
}  // namespace hone::cuda
