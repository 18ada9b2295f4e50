// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/device/device_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "engine/core/error.h"
#include "engine/weights/weight_format.h"
#include "kernels/cuda/ops/pack.h"
#include "kernels/cuda/ops/product.h"

namespace hone {
namespace {

constexpr std::int64_t kStaged = std::int64_t{32} << 20;  // bytes of values that are packed at a time

bool all_two_of_four(const StoredTensor& tensor) {
    for (std::int64_t row = 0; row < tensor.rows(); ++row)
        if (!gpu::two_of_four(tensor.row(row), tensor.cols())) return false;
    return true;
}

}  // namespace

bool has_device_form(const StoredTensor& matrix) {
    const auto packing = gpu::packing_of(kernel_type(matrix.type), matrix.cols());
    return packing && (packing->place_bytes == 0 || matrix.data.empty() || all_two_of_four(matrix));
}

DeviceModel::DeviceModel(const Model& model, DeviceMemory& memory, const Progress& progress)
    : memory_(memory), frequencies_(memory.space(MemoryClass::weights)) {
    const Checkpoint& checkpoint = model.checkpoint;
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
            tensor.data.empty() ? std::vector<float>(static_cast<std::size_t>(tensor.elements()), 1.0F)
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

void DeviceModel::add_matrix(const StoredTensor& tensor, const std::string& source) {
    const kernels::WeightType type = kernel_type(tensor.type);
    const std::int64_t rows = tensor.rows(), cols = tensor.cols();
    if (!has_device_form(tensor))
        throw Error(ErrorDetails{fmt::format("{}: {} of {} columns stored as {} has no form on a CUDA device",
                                             source, tensor.name, cols, info(tensor.type).name),
                                 source, tensor.name, std::string(info(tensor.type).name),
                                 "columns in multiples of 8, and zeros left out of 2:4 patterns only"});
    const auto packing = gpu::packing_of(type, cols);
    const auto plane = [&](std::int64_t bytes) {
        Buffer<std::byte>& made = planes_.emplace_back(memory_.space(MemoryClass::weights));
        made.allocate(bytes);
        return made.data();
    };
    std::byte* const values = plane(rows * packing->value_bytes);
    std::byte* const scales = packing->scale_bytes > 0 ? plane(rows * packing->scale_bytes) : nullptr;
    std::byte* const minima = packing->minima ? plane(rows * packing->scale_bytes) : nullptr;
    std::byte* const places = packing->place_bytes > 0 ? plane(rows * packing->place_bytes) : nullptr;
    matrices_[&tensor] = {packing->type,
                          rows,
                          cols,
                          packing->group,
                          values,
                          reinterpret_cast<const gpu::F16*>(scales),
                          reinterpret_cast<const gpu::F16*>(minima),
                          reinterpret_cast<const std::uint8_t*>(places)};
    if (tensor.data.empty())
        make_random(tensor, matrices_[&tensor]);
    else
        upload_rows(tensor, matrices_[&tensor]);
}

void DeviceModel::upload_rows(const StoredTensor& tensor, const gpu::Matrix& matrix) {
    const kernels::WeightType type = kernel_type(tensor.type);
    const std::int64_t rows = matrix.rows, cols = matrix.cols;
    const gpu::Packing packing = *gpu::packing_of(type, cols);
    gpu::Device& device = memory_.device();
    const auto plane = [](const void* memory) { return static_cast<std::byte*>(const_cast<void*>(memory)); };
    const std::int64_t together = std::max<std::int64_t>(1, kStaged / packing.value_bytes);
    const std::int64_t scales_a_row = packing.scale_bytes / static_cast<std::int64_t>(sizeof(gpu::F16));
    std::vector<std::byte> staged(static_cast<std::size_t>(std::min(rows, together) * packing.value_bytes));
    std::vector<gpu::F16> scales(static_cast<std::size_t>(std::min(rows, together) * scales_a_row));
    std::vector<gpu::F16> minima(packing.minima ? scales.size() : 0);
    std::vector<std::uint8_t> places(
        static_cast<std::size_t>(std::min(rows, together) * packing.place_bytes));
    for (std::int64_t first = 0; first < rows; first += together) {
        const std::int64_t count = std::min(together, rows - first);
        for (std::int64_t i = 0; i < count; ++i)
            gpu::pack_row(type, tensor.row(first + i), cols, staged.data() + i * packing.value_bytes,
                          scales.data() + i * scales_a_row,
                          packing.minima ? minima.data() + i * scales_a_row : nullptr,
                          places.data() + i * packing.place_bytes);
        device.upload(plane(matrix.values) + first * packing.value_bytes, staged.data(),
                      count * packing.value_bytes);
        if (matrix.scales != nullptr)
            device.upload(plane(matrix.scales) + first * packing.scale_bytes, scales.data(),
                          count * packing.scale_bytes);
        if (matrix.minima != nullptr)
            device.upload(plane(matrix.minima) + first * packing.scale_bytes, minima.data(),
                          count * packing.scale_bytes);
        if (matrix.places != nullptr)
            device.upload(plane(matrix.places) + first * packing.place_bytes, places.data(),
                          count * packing.place_bytes);
        device.synchronise();  // before the staged rows change
    }
}

// Weights with the standard deviation that synthetic checkpoints have.
void DeviceModel::make_random(const StoredTensor& tensor, const gpu::Matrix& matrix) {
    constexpr float kDeviation = 0.02F, kInt8 = 32, kInt4 = 4.6F,
                    kInt4Middle = 7.5F;  // of a plane's values: 0 to 15 alike
    const bool int4 = matrix.type == gpu::PlaneType::i4;
    const float deviation = matrix.group == 0 ? kDeviation : kInt8;
    const float scale = kDeviation / (int4 ? kInt4 : kInt8);
    gpu::Device& device = memory_.device();
    const gpu::FillParams values{const_cast<void*>(matrix.values), matrix.rows * (matrix.cols / gpu::kChunk),
                                 std::hash<std::string>{}(tensor.name), deviation};
    device.launch({gpu::KernelId::fill, static_cast<std::uint16_t>(matrix.type)},
                  gpu::flat_launch(values.chunks), values);
    constexpr int kFirstTwo = 0x44;  // of any four columns
    if (matrix.places != nullptr)
        device.fill(const_cast<std::uint8_t*>(matrix.places), kFirstTwo,
                    matrix.rows * (matrix.cols / gpu::kChunk));
    if (matrix.scales == nullptr) return;
    const std::int64_t scales = matrix.rows * (matrix.cols / matrix.group);
    const gpu::FillHalvesParams same{const_cast<gpu::F16*>(matrix.scales), scales, scale};
    device.launch({gpu::KernelId::fill_halves}, gpu::flat_launch(scales), same);
    if (matrix.minima == nullptr) return;
    const gpu::FillHalvesParams least{const_cast<gpu::F16*>(matrix.minima), scales, -kInt4Middle * scale};
    device.launch({gpu::KernelId::fill_halves}, gpu::flat_launch(scales), least);
}

}  // namespace hone
