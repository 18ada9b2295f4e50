// SPDX-License-Identifier: Apache-2.0
// What models of random shapes ask of a GPU, on a planned device: every launch within a device's
// limits, every product within the vendor's rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "engine/runtime/runtime.h"
#include "kernels/cuda/emulation/launch.h"
#include "kernels/cuda/ops/product.h"
#include "tests/kernels/cuda/planned_device.h"

namespace hone {
namespace {

using cuda::KernelId;
using cuda::planned;

constexpr int kSequences = 9;
constexpr std::int64_t kContext = 1200;

class Random {
public:
    explicit Random(unsigned seed) : numbers_(seed) {}
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(least, most)(numbers_);
    }
    template <typename T>
    T of(std::initializer_list<T> choices) {
        return choices.begin()[between(0, std::ssize(choices) - 1)];
    }

private:
    std::mt19937 numbers_;
};

// A llama of one layer whose rows have a form on a device in `type`.
SyntheticShape random_shape(Random& random) {
    SyntheticShape shape = synthetic_shapes().front();
    shape.n_layers = 1;
    shape.type = random.of({DType::f32, DType::f16, DType::bf16, DType::q8_0, DType::q4_0,
                            DType::q4_1, DType::i8_channel, DType::i4_g64, DType::e4m3_channel});
    // Columns in multiples of 64, which every type takes; of int8 and FP8 in odd multiples of 8
    // too.
    const bool any = shape.type == DType::i8_channel || shape.type == DType::e4m3_channel;
    shape.head_dim = random.of<std::int64_t>({16, 64, 80, 96, 128, 256});
    shape.n_kv_heads = random.between(1, 8);
    shape.n_heads = shape.n_kv_heads * random.of<std::int64_t>({1, 2, 3, 4, 7, 8, 16});
    while (shape.n_heads * shape.head_dim % 64 != 0)
        ++shape.n_kv_heads, shape.n_heads = shape.n_kv_heads;
    shape.n_embd = 64 * random.between(1, 160);
    shape.n_ff = any ? 8 * random.between(1, 4000) : 64 * random.between(1, 500);
    shape.n_vocab = random.between(300, 150'000);
    shape.tied_embeddings = random.between(0, 1) == 0;
    return shape;
}

RunConfig random_config(Random& random) {
    using kernels::Arithmetic;
    RunConfig config;
    config.arithmetic =
        random.of({Arithmetic::f32, Arithmetic::bf16, Arithmetic::i8, Arithmetic::e4m3});
    config.reduced_output = random.between(0, 1) == 0;
    config.kv_cache = random.of({KvStorage::f32, KvStorage::f16, KvStorage::i8, KvStorage::off});
    config.kv_layout = random.of({KvLayout::contiguous, KvLayout::paged});
    config.prefill_chunk =
        random.of<std::int64_t>({64, 512, CudaPlace(0).baseline().prefill_chunk});
    const std::int64_t mask = random.between(0, 3);
    if (mask == 0)
        config.attention = {.kind = AttentionMask::Kind::window, .window = 100, .sinks = 4};
    if (mask == 1)
        config.attention = {.kind = AttentionMask::Kind::pages, .page_shift = 4, .keep = 8};
    return config;
}

// A multiprocessor of compute capability 9.0: CUDA C++ Programming Guide, "Technical Specifications
// per Compute Capability".
constexpr std::int64_t kShared = 227 * 1024, kSharedOfAll = 228 * 1024, kReserved = 1024;

void expect_within_limits(const cuda::Planned::Queued& queued) {
    const cuda::Launch& shape = queued.shape;
    SCOPED_TRACE(testing::Message() << cuda::kernel_name(queued.kernel.id) << ' '
                                    << queued.kernel.variant << ' ' << queued.kernel.width);
    const cuda::emulation::CompiledFor compiled = cuda::emulation::compiled_for(queued.kernel);
    EXPECT_GE(shape.grid.volume(), 1U);
    EXPECT_LE(shape.grid.x, 0x7FFFFFFFU);
    EXPECT_LE(shape.grid.y, 65535U);
    EXPECT_LE(shape.grid.z, 65535U);
    EXPECT_GE(shape.threads, cuda::kWarp);
    EXPECT_EQ(shape.threads % cuda::kWarp, 0U);
    EXPECT_LE(shape.threads, static_cast<std::uint32_t>(compiled.threads));
    EXPECT_LE(shape.shared_bytes, kShared);
    if (queued.kernel.id != KernelId::product && queued.kernel.id != KernelId::product_tiles)
        return;
    // As many blocks as their registers were bounded for.
    EXPECT_LE(compiled.blocks * (shape.shared_bytes + kReserved), kSharedOfAll);
}

TEST(PlannedLaunches, KeepADevicesLimitsWhateverTheShape) {
    kernels::ThreadPool pool(1);
    std::int64_t launches = 0, products = 0;
    for (unsigned seed = 0; seed < 150; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        Random random(seed);
        const SyntheticShape shape = random_shape(random);
        const RunConfig config = random_config(random);
        planned() = {};
        cuda::Device device(cuda::planned_plugin(), 0);
        CudaPlace place(device);
        const std::unique_ptr<Model> model = load_model(make_synthetic(shape, false));
        Runtime runtime(*model, config, pool, kSequences, kContext, place, {});
        const auto tokens = [](std::int64_t count) {
            return std::vector<TokenId>(static_cast<std::size_t>(count), 1);
        };
        const std::vector<TokenId> first = tokens(random.between(1, 700)),
                                   second = tokens(random.between(1, 40)), one = tokens(1);
        runtime.forward({{{0, first, random.between(0, 1) == 0}}});
        runtime.forward({{{1, second}, {2, one}}});
        const std::int64_t batch = random.between(1, kSequences);
        for (int step = 0; step < 3; ++step) {
            std::vector<SequenceInput> inputs;
            for (int i = 0; i < batch; ++i) inputs.push_back({i, one});
            runtime.forward(inputs);
        }
        for (const auto& queued : planned().launches) expect_within_limits(queued);
        for (const cuda::DenseProduct& product : planned().products)
            EXPECT_EQ(cuda::dense_refusal(product), nullptr);
        launches += std::ssize(planned().launches);
        products += std::ssize(planned().products);
        if (HasFailure()) break;
    }
    planned() = {};
    EXPECT_GT(launches, 1000);
    EXPECT_GT(products, 300);
}

}  // namespace
}  // namespace hone
