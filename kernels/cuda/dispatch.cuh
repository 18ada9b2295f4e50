// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a KernelChoice to the body that it names: one list for the plug-in and for the emulation.

#include "kernels/cuda/kernel_id.h"
#include "kernels/cuda/ops/attention_kernel.cuh"
#include "kernels/cuda/ops/attention_tiles_kernel.cuh"
#include "kernels/cuda/ops/elementwise_kernel.cuh"
#include "kernels/cuda/ops/pages_kernel.cuh"
#include "kernels/cuda/ops/product_kernel.cuh"
#include "kernels/cuda/ops/product_tiles_kernel.cuh"

namespace hone::cuda {

// How a kernel is compiled: for at most so many threads a block, and so that the registers of so
// many blocks fit a multiprocessor.
struct Occupancy {
    int threads = 1024, blocks = 1;
};

// What a visitor gets: Body::Params, Body::run(params) on every thread, and occupancy_of<Body>.
template <PlaneType type>
struct EmbedBody {
    using Params = EmbedParams;
    static HONE_DEVICE void run(const Params& p) { embed_kernel<type>(p); }
};
struct NormBody {
    using Params = NormParams;
    static HONE_DEVICE void run(const Params& p) { norm_kernel(p); }
};
struct RopeBody {
    using Params = RopeParams;
    static HONE_DEVICE void run(const Params& p) { rope_kernel(p); }
};
struct GateBody {
    using Params = GateParams;
    static HONE_DEVICE void run(const Params& p) { gate_kernel(p); }
};
struct AddBody {
    using Params = AddParams;
    static HONE_DEVICE void run(const Params& p) { add_kernel(p); }
};
struct BiasBody {
    using Params = BiasParams;
    static HONE_DEVICE void run(const Params& p) { bias_kernel(p); }
};
struct GatherBody {
    using Params = GatherParams;
    static HONE_DEVICE void run(const Params& p) { gather_kernel(p); }
};
struct FiniteBody {
    using Params = FiniteParams;
    static HONE_DEVICE void run(const Params& p) { finite_kernel(p); }
};
template <PlaneType type, int kTokens>
struct ProductBody {
    // Two blocks' registers would not hold eight tokens beside 2:4 weights, or integers of six
    // bits.
    static constexpr bool kWide = is_two_of_four(type) || plane_info(type).upper_bits > 1;
    static constexpr Occupancy kOccupancy{kProductWarps * kWarp, kWide&& kTokens == 8 ? 1 : 2};
    using Params = ProductParams;
    static HONE_DEVICE void run(const Params& p) { product_kernel<type, kTokens>(p); }
};
template <PlaneType type, int kTokens>
struct ProductTilesBody {
    // Sums of 128 tokens are 128 registers alone.
    static constexpr Occupancy kOccupancy{kTileWarps * kWarp, kTokens < 128 ? 2 : 1};
    using Params = ProductTilesParams;
    static HONE_DEVICE void run(const Params& p) { product_tiles_kernel<type, kTokens>(p); }
};
template <PlaneType type, typename To>
struct ExpandBody {
    using Params = ExpandParams<To>;
    static HONE_DEVICE void run(const Params& p) { expand_kernel<type, To>(p); }
};
template <PlaneType type>
struct QuantizeBody {
    using Params = QuantizeParams;
    static HONE_DEVICE void run(const Params& p) { quantize_kernel<type>(p); }
};
template <typename To>
struct ConvertBody {
    using Params = ConvertParams<To>;
    static HONE_DEVICE void run(const Params& p) { convert_kernel<To>(p); }
};
template <typename Sum>
struct RescaleBody {
    using Params = RescaleParams;
    static HONE_DEVICE void run(const Params& p) { rescale_kernel<Sum>(p); }
};
template <PlaneType type>
struct FillBody {
    using Params = FillParams;
    static HONE_DEVICE void run(const Params& p) { fill_kernel<type>(p); }
};
struct FillHalvesBody {
    using Params = FillHalvesParams;
    static HONE_DEVICE void run(const Params& p) { fill_halves_kernel(p); }
};
template <KvPlane type>
struct RememberBody {
    using Params = RememberParams;
    static HONE_DEVICE void run(const Params& p) { remember_kernel<type>(p); }
};
template <KvPlane type>
struct AttendBody {
    static constexpr Occupancy kOccupancy{kAttentionWarps * kWarp, 3};
    using Params = AttentionParams;
    static HONE_DEVICE void run(const Params& p) { attention_kernel<type>(p); }
};
template <KvPlane type, int kDim>
struct AttendTilesBody {
    static constexpr Occupancy kOccupancy{kAttentionTileWarps * kWarp, kDim == 64 ? 3 : 2};
    using Params = AttentionParams;
    static HONE_DEVICE void run(const Params& p) { attention_tiles_kernel<type, kDim>(p); }
};
struct BoundBody {
    using Params = BoundParams;
    static HONE_DEVICE void run(const Params& p) { bound_kernel(p); }
};
struct ChooseBody {
    using Params = ChooseParams;
    static HONE_DEVICE void run(const Params& p) { choose_kernel(p); }
};
struct CombineBody {
    using Params = AttentionParams;
    static HONE_DEVICE void run(const Params& p) { combine_kernel(p); }
};

template <typename Body>
constexpr Occupancy occupancy_of() {
    if constexpr (requires { Body::kOccupancy; })
        return Body::kOccupancy;
    else
        return {};
}

// Calls visit.template operator()<type>() for the type that `variant` is; false where it is none.
template <typename Visitor>
bool visit_plane(std::uint16_t variant, Visitor&& visit) {
    switch (static_cast<PlaneType>(variant)) {
#define HONE_PLANE(id, ...)                         \
    case PlaneType::id:                             \
        visit.template operator()<PlaneType::id>(); \
        return true;
#include "kernels/cuda/weights/planes.inc"
    }
    return false;
}

template <typename Visitor>
bool visit_kv(std::uint16_t variant, Visitor&& visit) {
    switch (static_cast<KvPlane>(variant)) {
        case KvPlane::f32:
            visit.template operator()<KvPlane::f32>();
            return true;
        case KvPlane::f16:
            visit.template operator()<KvPlane::f16>();
            return true;
        case KvPlane::bf16:
            visit.template operator()<KvPlane::bf16>();
            return true;
        case KvPlane::i8:
            visit.template operator()<KvPlane::i8>();
            return true;
    }
    return false;
}

// The bodies of a kernel that has several widths, for one type.
template <PlaneType type, typename Visitor>
bool visit_product(std::uint16_t width, Visitor& visit) {
    switch (width) {
        case 1:
            visit.template operator()<ProductBody<type, 1>>();
            return true;
        case 2:
            visit.template operator()<ProductBody<type, 2>>();
            return true;
        case 4:
            visit.template operator()<ProductBody<type, 4>>();
            return true;
        case 8:
            visit.template operator()<ProductBody<type, 8>>();
            return true;
        default:
            return false;
    }
}

template <PlaneType type, typename Visitor>
bool visit_product_tiles(std::uint16_t width, Visitor& visit) {
    if constexpr (multiplies_in_tiles(type)) {
        switch (width) {
            case 32:
                visit.template operator()<ProductTilesBody<type, 32>>();
                return true;
            case 64:
                visit.template operator()<ProductTilesBody<type, 64>>();
                return true;
            case 128:
                visit.template operator()<ProductTilesBody<type, 128>>();
                return true;
            default:
                return false;
        }
    }
    return false;
}

// `width` is the type that the weights become.
template <PlaneType type, typename Visitor>
bool visit_expand(std::uint16_t width, Visitor& visit) {
    switch (static_cast<PlaneType>(width)) {
        case PlaneType::f32:
            visit.template operator()<ExpandBody<type, float>>();
            return true;
        case PlaneType::f16:
            visit.template operator()<ExpandBody<type, F16>>();
            return true;
        case PlaneType::bf16:
            visit.template operator()<ExpandBody<type, BF16>>();
            return true;
        default:
            return false;
    }
}

// Calls visit.template operator()<Body>() for the body that `choice` names; false where it names
// none.
template <typename Visitor>
bool visit_kernel(const KernelChoice& choice, Visitor&& visit) {
    const auto one = [&]<typename Body>(Body) {
        visit.template operator()<Body>();
        return true;
    };
    bool known = false;  // the width
    switch (choice.id) {
        case KernelId::embed:
            return visit_plane(choice.variant, [&]<PlaneType type>() {
                visit.template operator()<EmbedBody<type>>();
            });
        case KernelId::norm:
            return one(NormBody{});
        case KernelId::rope:
            return one(RopeBody{});
        case KernelId::gate:
            return one(GateBody{});
        case KernelId::add:
            return one(AddBody{});
        case KernelId::bias:
            return one(BiasBody{});
        case KernelId::gather:
            return one(GatherBody{});
        case KernelId::finite:
            return one(FiniteBody{});
        case KernelId::product:
            return visit_plane(choice.variant,
                               [&]<PlaneType type>() {
                                   known = visit_product<type>(choice.width, visit);
                               }) &&
                   known;
        case KernelId::product_tiles:
            return visit_plane(choice.variant,
                               [&]<PlaneType type>() {
                                   known = visit_product_tiles<type>(choice.width, visit);
                               }) &&
                   known;
        case KernelId::expand:
            return visit_plane(choice.variant,
                               [&]<PlaneType type>() {
                                   known = visit_expand<type>(choice.width, visit);
                               }) &&
                   known;
        case KernelId::quantize:
            if (choice.variant == static_cast<std::uint16_t>(PlaneType::i8))
                return one(QuantizeBody<PlaneType::i8>{});
            return choice.variant == static_cast<std::uint16_t>(PlaneType::e4m3) &&
                   one(QuantizeBody<PlaneType::e4m3>{});
        case KernelId::convert:
            if (static_cast<PlaneType>(choice.variant) == PlaneType::f16)
                return one(ConvertBody<F16>{});
            return static_cast<PlaneType>(choice.variant) == PlaneType::bf16 &&
                   one(ConvertBody<BF16>{});
        case KernelId::rescale:
            if (choice.variant == static_cast<std::uint16_t>(PlaneType::i8))
                return one(RescaleBody<std::int32_t>{});
            return choice.variant == static_cast<std::uint16_t>(PlaneType::e4m3) &&
                   one(RescaleBody<float>{});
        case KernelId::fill:
            return visit_plane(choice.variant, [&]<PlaneType type>() {
                visit.template operator()<FillBody<type>>();
            });
        case KernelId::fill_halves:
            return one(FillHalvesBody{});
        case KernelId::remember:
            return visit_kv(choice.variant, [&]<KvPlane type>() {
                visit.template operator()<RememberBody<type>>();
            });
        case KernelId::attend:
            return visit_kv(choice.variant,
                            [&]<KvPlane type>() { visit.template operator()<AttendBody<type>>(); });
        case KernelId::attend_tiles:
            if (choice.width == 64)
                return visit_kv(choice.variant, [&]<KvPlane type>() {
                    visit.template operator()<AttendTilesBody<type, 64>>();
                });
            return choice.width == kMaxTileDim && visit_kv(choice.variant, [&]<KvPlane type>() {
                       visit.template operator()<AttendTilesBody<type, kMaxTileDim>>();
                   });
        case KernelId::bound:
            return one(BoundBody{});
        case KernelId::choose:
            return one(ChooseBody{});
        case KernelId::combine:
            return one(CombineBody{});
    }
    return false;
}

}  // namespace hone::cuda
