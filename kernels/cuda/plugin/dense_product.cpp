// SPDX-License-Identifier: Apache-2.0
// Products of dense weights by cuBLASLt.
#include <cublasLt.h>

#include <memory>

#include "kernels/cuda/plugin/plugin_device.h"

namespace hone::cuda {
namespace {

struct BlasTypes {
    cudaDataType_t in, out;
    cublasComputeType_t compute;
};

bool blas_types(PlaneType type, BlasTypes& types) {
    switch (type) {
        case PlaneType::f32:
            types = {CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F};
            return true;
        case PlaneType::f16:
            types = {CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F};
            return true;
        case PlaneType::bf16:
            types = {CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F};
            return true;
        case PlaneType::e4m3:
            types = {CUDA_R_8F_E4M3, CUDA_R_32F, CUBLAS_COMPUTE_32F};
            return true;
        case PlaneType::i8:
            types = {CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I};
            return true;
        default:
            return false;
    }
}

// cuBLASLt thinks in columns: y as [rows, tokens] with leading dimension y_stride is wᵀ-by-x, both
// with leading dimension cols.
int make_plan(PluginDevice* device, const DenseProduct& p, const BlasTypes& types, Plan& plan,
              PluginError* error) {
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const cudaDataType_t scale = types.compute == CUBLAS_COMPUTE_32I ? CUDA_R_32I : CUDA_R_32F;
    cublasLtMatmulPreference_t preference = nullptr;
    int code = report(cublasLtMatmulDescCreate(&plan.description, types.compute, scale),
                      "describing a product", error);
    if (code == 0)
        code = report(cublasLtMatmulDescSetAttribute(plan.description, CUBLASLT_MATMUL_DESC_TRANSA,
                                                     &transposed, sizeof transposed),
                      "describing a product", error);
    if (code == 0)
        code = report(cublasLtMatrixLayoutCreate(&plan.w, types.in, p.cols, p.rows, p.cols),
                      "describing weights", error);
    if (code == 0)
        code = report(cublasLtMatrixLayoutCreate(&plan.x, types.in, p.cols, p.tokens, p.cols),
                      "describing inputs", error);
    if (code == 0)
        code = report(cublasLtMatrixLayoutCreate(&plan.y, types.out, p.rows, p.tokens, p.y_stride),
                      "describing outputs", error);
    if (code == 0)
        code = report(cublasLtMatmulPreferenceCreate(&preference), "choosing an algorithm", error);
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
        if (code == 0)
            code = report(
                cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value),
                "choosing an algorithm", error);
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kWorkspaceBytes);
    // These concern addresses alone: leading dimensions are in the layouts. C is D.
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, p.alignment.w);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, p.alignment.x);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, p.alignment.y);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, p.alignment.y);
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    if (code == 0)
        code = report(cublasLtMatmulAlgoGetHeuristic(device->blas, plan.description, plan.w, plan.x,
                                                     plan.y, plan.y, preference, 1, &found, &count),
                      "choosing an algorithm", error);
    if (preference != nullptr) cublasLtMatmulPreferenceDestroy(preference);
    if (code == 0 && count == 0)
        code = report(CUBLAS_STATUS_NOT_SUPPORTED, "choosing an algorithm", error);
    plan.algorithm = found.algo;
    return code;
}

}  // namespace

int multiply(PluginDevice* device, const DenseProduct* product, PluginError* error) {
    static_assert(kNoAlgorithm == -static_cast<std::int32_t>(CUBLAS_STATUS_NOT_SUPPORTED));
    BlasTypes types{};
    if (!blas_types(product->type, types))
        return report(CUBLAS_STATUS_NOT_SUPPORTED, "a product of weights that are not dense",
                      error);
    const DenseAlignment& alignment = product->alignment;
    const PlanKey key{product->type,     product->tokens, product->rows, product->cols,
                      product->y_stride, alignment.x,     alignment.w,   alignment.y};
    auto at = device->plans.find(key);
    if (at == device->plans.end()) {
        auto plan = std::make_unique<Plan>();
        if (const int code = make_plan(device, *product, types, *plan, error)) return code;
        at = device->plans.emplace(key, std::move(plan)).first;
    }
    const Plan& plan = *at->second;
    const float one = 1.0F, beta = product->accumulate ? 1.0F : 0.0F;
    const std::int32_t one_int = 1, beta_int = product->accumulate ? 1 : 0;
    const bool integers = types.compute == CUBLAS_COMPUTE_32I;
    const void* const alpha_at = integers ? static_cast<const void*>(&one_int) : &one;
    const void* const beta_at = integers ? static_cast<const void*>(&beta_int) : &beta;
    return report(
        cublasLtMatmul(device->blas, plan.description, alpha_at, product->w, plan.w, product->x,
                       plan.x, beta_at, product->y, plan.y, product->y, plan.y, &plan.algorithm,
                       device->workspace, kWorkspaceBytes, device->stream),
        "multiplying", error);
}

}  // namespace hone::cuda
