// SPDX-License-Identifier: Apache-2.0
// dump_tensors FILE OUT [PREFIX…]: the tensors of a GGUF file whose names begin with a PREFIX (all
// without one) as Hone expands them, fp32, one after another in file order.
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "engine/core/error.h"
#include "engine/formats/gguf.h"
#include "engine/weights/weight_format.h"

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: dump_tensors FILE OUT [PREFIX...]\n", stderr);
        return 2;
    }
    const auto wanted = [&](const std::string& name) {
        return argc == 3 || std::any_of(argv + 3, argv + argc, [&](const char* prefix) {
                   return name.rfind(prefix, 0) == 0;
               });
    };
    try {
        std::ofstream out(argv[2], std::ios::binary);
        for (const hone::StoredTensor& tensor : hone::read_gguf(argv[1]).tensors) {
            if (!wanted(tensor.name)) continue;
            const std::vector<float> values = hone::expand_tensor(tensor);
            out.write(reinterpret_cast<const char*>(values.data()),
                      static_cast<std::streamsize>(values.size() * sizeof(float)));
        }
        return out.flush() ? 0 : 1;
    } catch (const hone::Error& error) {
        std::fprintf(stderr, "%s\n", error.details().message.c_str());
        return 1;
    }
}
