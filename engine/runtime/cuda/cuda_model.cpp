// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "engine/core/error.h"
#include "engine/weights/weight_format.h"
#include "kernels/cuda/ops/attention.h"
#include "kernels/cuda/ops/pack.h"
#include "kernels/cuda/ops/product.h"

namespace hone {
namespace {

constexpr std::int64_t kStaged = std::int64_t{32}
                                 << 20;  // bytes of values that are packed at a time

bool all_two_of_four(const StoredTensor& tensor) {
    for (std::int64_t row = 0; row < tensor.rows(); ++row)
        if (!cuda::two_of_four(tensor.row(row), tensor.cols())) return false;
    return true;
}

}  // namespace

bool has_cuda_form(const StoredTensor& matrix) {
    const auto packing = cuda::packing_of(matrix.type, matrix.cols());
    return packing && (packing->of(cuda::MatrixPlane::places) == 0 || matrix.data.empty() ||
                       all_two_of_four(matrix));
}

std::optional<ErrorDetails> cuda_heads_refusal(const std::string& source,
                                               const ModelConfig& config) {
    const std::int64_t group = config.n_heads / config.n_kv_heads;
    if (config.head_dim <= cuda::kMaxHeadDim && config.head_dim % 4 == 0 &&
        group <= cuda::kMaxGroup)
        return std::nullopt;
    ErrorDetails details;
    details.file = source;
    details.field = "heads";
    details.found =
        fmt::format("{} channels, {} query heads for each of keys", config.head_dim, group);
    details.expected = fmt::format("at most {} channels, in multiples of 4, and {} query heads",
                                   cuda::kMaxHeadDim, cuda::kMaxGroup);
    details.fault = Fault::argument;
    details.summary = "Attention on a CUDA device does not take this model's heads.";
    details.action = "Run it on the processor (--device cpu).";
    return Error(std::move(details)).details();
}

std::optional<ErrorDetails> cuda_matrix_refusal(const std::string& source,
                                                const StoredTensor& matrix) {
    if (has_cuda_form(matrix)) return std::nullopt;
    ErrorDetails details;
    details.file = source;
    details.field = matrix.name;
    details.found = fmt::format("rows of {} stored as {}", matrix.cols(), info(matrix.type).name);
    details.expected = "rows in multiples of 8, and zeros left out of 2:4 patterns only";
    details.fault = Fault::argument;
    details.summary = "A matrix of this model has no form on a CUDA device.";
    details.action = "Run it on the processor (--device cpu).";
    return Error(std::move(details)).details();
}

std::int64_t cuda_weight_bytes(const Checkpoint& checkpoint, const ModelConfig& config) {
    constexpr std::int64_t kFloat = sizeof(float);
    std::int64_t sum = std::ssize(config.rope_frequencies) * kFloat;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() != 2) {
            sum += tensor.elements() * kFloat;
            continue;
        }
        const auto packing = cuda::packing_of(tensor.type, tensor.cols());
        if (!packing) {
            sum += tensor.bytes();
            continue;
        }
        for (const std::int64_t bytes : packing->bytes) sum += tensor.rows() * bytes;
    }
    return sum;
}

CudaModel::CudaModel(const Model& model, CudaMemory& memory, const Progress& progress)
    : memory_(memory), frequencies_(memory.space(MemoryClass::weights)) {
    const Checkpoint& checkpoint = model.checkpoint;
    if (auto refusal = cuda_heads_refusal(checkpoint.source, model.config))
        throw Error(std::move(*refusal));
    double done = 0;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        progress.update(done / static_cast<double>(checkpoint.tensors.size()), tensor.name);
        progress.check();
        done += 1;
        if (tensor.shape.size() == 2) {
            add_matrix(tensor, checkpoint.source);
            continue;
        }
        const std::vector<float> values =
            tensor.data.empty()
                ? std::vector<float>(static_cast<std::size_t>(tensor.elements()), 1.0F)
                : expand_tensor(tensor);
        Buffer<std::byte>& plane = planes_.emplace_back(memory_.space(MemoryClass::weights));
        plane.allocate(std::ssize(values) * static_cast<std::int64_t>(sizeof(float)));
        memory_.device().upload(plane.data(), values.data(), plane.bytes());
        memory_.device().synchronise();
        vectors_[&tensor] = reinterpret_cast<const float*>(plane.data());
    }
    const std::vector<float>& frequencies = model.config.rope_frequencies;
    frequencies_.allocate(std::ssize(frequencies));
    memory_.device().upload(frequencies_.data(), frequencies.data(), frequencies_.bytes());
    memory_.device().synchronise();
}

void CudaModel::add_matrix(const StoredTensor& tensor, const std::string& source) {
    const kernels::WeightType type = tensor.type;
    const std::int64_t rows = tensor.rows(), cols = tensor.cols();
    if (auto refusal = cuda_matrix_refusal(source, tensor)) throw Error(std::move(*refusal));
    const auto packing = cuda::packing_of(type, cols);
    cuda::PlanePointers planes = {};
    for (std::size_t i = 0; i < planes.size(); ++i) {
        if (packing->bytes[i] == 0) continue;
        Buffer<std::byte>& made = planes_.emplace_back(memory_.space(MemoryClass::weights));
        made.allocate(rows * packing->bytes[i]);
        planes[i] = made.data();
    }
    matrices_[&tensor] = cuda::matrix_of(*packing, rows, cols, planes);
    if (tensor.data.empty())
        make_random(tensor, matrices_[&tensor]);
    else
        upload_rows(tensor, *packing, planes);
}

void CudaModel::upload_rows(const StoredTensor& tensor, const cuda::Packing& packing,
                            const cuda::PlanePointers& planes) {
    const std::int64_t rows = tensor.rows(), cols = tensor.cols();
    const std::int64_t together =
        std::min(rows, std::max<std::int64_t>(1, kStaged / packing.of(cuda::MatrixPlane::values)));
    std::array<std::vector<std::byte>, cuda::kMatrixPlanes> staged;
    for (std::size_t p = 0; p < staged.size(); ++p)
        staged[p].resize(static_cast<std::size_t>(together * packing.bytes[p]));
    for (std::int64_t first = 0; first < rows; first += together) {
        const std::int64_t count = std::min(together, rows - first);
        for (std::int64_t i = 0; i < count; ++i) {
            cuda::PlanePointers row = {};
            for (std::size_t p = 0; p < staged.size(); ++p)
                row[p] = staged[p].empty() ? nullptr : staged[p].data() + i * packing.bytes[p];
            cuda::pack_row(tensor.type, tensor.row(first + i), cols, row);
        }
        for (std::size_t p = 0; p < staged.size(); ++p) {
            if (planes[p] != nullptr)
                memory_.device().upload(planes[p] + first * packing.bytes[p], staged[p].data(),
                                        count * packing.bytes[p]);
        }
        memory_.device().synchronise();  // before the staged rows change
    }
}

// Weights with the standard deviation that synthetic checkpoints have.
void CudaModel::make_random(const StoredTensor& tensor, const cuda::Matrix& matrix) {
    constexpr float kDeviation = 0.02F, kInt8 = 32,
                    kUniform = 0.2887F;  // of numbers that are all alike
    constexpr int kUpperBits = 0x99, kSubScale = 32;
    const cuda::PlaneInfo plane = cuda::plane_info(matrix.type);
    // Integers are as many values, from 0 on, that are all alike. Two upper bits hold half of
    // the values, those in the middle.
    const float values_of_integers = plane.upper_bits > 0 ? 32 : 16;
    const bool integers = cuda::is_packed_integer(matrix.type);
    const float deviation = matrix.group == 0 ? kDeviation : kInt8;
    const float sub_scale = plane.sub_scaled ? kSubScale : 1;
    const float scale = kDeviation / (integers ? kUniform * values_of_integers : kInt8) / sub_scale;
    cuda::Device& device = memory_.device();
    const cuda::FillParams filled{const_cast<void*>(matrix.values),
                                  matrix.rows * (matrix.cols / cuda::kChunk),
                                  std::hash<std::string>{}(tensor.name), deviation};
    device.launch({cuda::KernelId::fill, static_cast<std::uint16_t>(matrix.type)},
                  cuda::flat_launch(filled.chunks), filled);
    constexpr int kFirstTwo = 0x44;  // of any four columns
    if (matrix.places != nullptr)
        device.fill(const_cast<std::uint8_t*>(matrix.places), kFirstTwo,
                    matrix.rows * (matrix.cols / cuda::kChunk));
    if (matrix.upper != nullptr)
        device.fill(const_cast<std::uint8_t*>(matrix.upper), kUpperBits,
                    filled.chunks * plane.upper_bits);
    const std::int64_t groups = matrix.group == 0 ? 0 : matrix.rows * (matrix.cols / matrix.group);
    for (const std::int8_t* const sub : {matrix.sub_scales, matrix.sub_minima}) {
        if (sub != nullptr) device.fill(const_cast<std::int8_t*>(sub), kSubScale, groups);
    }
    if (matrix.scales == nullptr) return;
    const std::int64_t scales =
        plane.sub_scaled ? matrix.rows * (matrix.cols / cuda::kSuper) : groups;
    const cuda::FillHalvesParams same{const_cast<cuda::F16*>(matrix.scales), scales, scale};
    device.launch({cuda::KernelId::fill_halves}, cuda::flat_launch(scales), same);
    if (matrix.minima == nullptr) return;
    const cuda::FillHalvesParams least{const_cast<cuda::F16*>(matrix.minima), scales,
                                       (1 - values_of_integers) / 2 * scale};
    device.launch({cuda::KernelId::fill_halves}, cuda::flat_launch(scales), least);
}

}  // namespace hone
