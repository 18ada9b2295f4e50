// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/thread_pool.h"

namespace hone::kernels {

// Scratch memory, one growing 64-byte aligned buffer a thread, reused from call to call. Accounted
// as "workspace".
class Workspace {
public:
    explicit Workspace(int threads);
    // At least `bytes` bytes for `thread`, contents undefined; valid until the next call for that
    // thread.
    std::byte* get(int thread, std::size_t bytes);
    std::int64_t bytes() const;  // allocated over all threads

private:
    struct Free {
        void operator()(std::byte* p) const;
    };
    struct Buffer {
        std::unique_ptr<std::byte[], Free> data;
        std::size_t size = 0;
    };
    std::vector<Buffer> buffers_;
};

// Where a kernel runs: handed to every kernel, never global.
struct Context {
    Isa isa;
    ThreadPool& pool;
    Workspace& workspace;
};

}  // namespace hone::kernels
