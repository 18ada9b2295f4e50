// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/kernel_table.h"

namespace hone::kernels {

namespace baseline {
extern const KernelTable kTable;
}
namespace avx2 {
extern const KernelTable kTable;
}
namespace avx512 {
extern const KernelTable kTable;
}

const KernelTable& kernel_table(Isa isa) {
    switch (isa) {
        case Isa::avx512:
            return avx512::kTable;
        case Isa::avx2:
            return avx2::kTable;
        case Isa::baseline:
            break;
    }
    return baseline::kTable;
}

}  // namespace hone::kernels
