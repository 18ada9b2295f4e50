#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gpu_bundle.sh: builds what scripts/gpu_check.sh runs on a machine with a GPU, and puts it with the libraries it needs into build/gpu-bundle:
# that machine then needs no compiler, no Qt, no packages and no network, only a driver and cuBLASLt.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
HONE_CUDA_ROOT=$(scripts/cuda_toolkit.sh)
HONE_CMAKE_OPTIONS="-DHONE_UI=OFF -DHONE_CUDA=ON -DHONE_CUDA_ROOT=$HONE_CUDA_ROOT" scripts/build.sh gpu hone hone_cuda test_cuda_kernels test_device bench_cuda

bundle=build/gpu-bundle
rm -rf "$bundle"
mkdir -p "$bundle/bin" "$bundle/lib/hone" "$bundle/lib/system"
for program in hone test_cuda_kernels test_device bench_cuda; do
  cp "build/gpu/bin/$program" "$bundle/bin/"
  strip "$bundle/bin/$program"
  # Whatever is not glibc's own, which every machine has.
  ldd "build/gpu/bin/$program" | awk '/=> \// {print $3}' | grep -vE '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' |
    xargs -r cp -L -t "$bundle/lib/system" 2> /dev/null
done
cp build/gpu/lib/hone/libhone_cuda.so "$bundle/lib/hone/"
strip --strip-unneeded "$bundle/lib/hone/libhone_cuda.so"
git rev-parse HEAD > "$bundle/commit"
du -sh "$bundle" >&2
