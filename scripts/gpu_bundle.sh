#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gpu_bundle.sh [--here] [--sample]: builds what scripts/gpu_check.sh runs on a machine with a GPU, and puts it with that script and the
# libraries it needs into build/gpu-bundle: the machine then needs no compiler, no Qt, no packages and no network, only a driver, cuBLASLt 13
# and Python 3. The folder may be moved; build/gpu-bundle.tar.gz holds it in one file. --here: for the machine's own GPU, with what is installed on it.
# --sample: the tests' sample model too (98 MB), for perplexities, in build/gpu-sample: apart, so that each may travel by itself. HONE_CUDA_ARCHITECTURES: for other GPUs than the H200's (90).
set -euo pipefail
cd "$(dirname "$0")/.."
here=false
sample=false
for argument in "$@"; do
  case $argument in
    --here) here=true ;;
    --sample) sample=true ;;
    *)
      echo "gpu_bundle: '$argument': expected --here or --sample" >&2
      exit 2
      ;;
  esac
done

architectures=${HONE_CUDA_ARCHITECTURES:-90}
installed=
if $here; then
  for tool in cmake ninja c++; do
    command -v $tool > /dev/null || {
      echo "gpu_bundle: $tool is missing" >&2
      exit 2
    }
  done
  own=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | head -n 1 | tr -d .) || true
  architectures=${HONE_CUDA_ARCHITECTURES:-${own:-90}}
  installed=--installed
else
  scripts/setup.sh
fi
toolkit=$(scripts/cuda_toolkit.sh $installed) || {
  echo "gpu_bundle: no CUDA 13 toolkit with cuBLASLt is installed" >&2
  exit 2
}
programs=(hone test_cuda_kernels test_cuda bench_cuda bench_cuda_trace)
HONE_CMAKE_OPTIONS="-DHONE_CUDA_ROOT=$toolkit -DHONE_CUDA_ARCHITECTURES=$architectures" scripts/build.sh gpu hone_cuda "${programs[@]}"

# Made beside it, and put in its place when it is whole.
bundle=build/gpu-bundle
made=$bundle.new
rm -rf "$made"
mkdir -p "$made/bin" "$made/lib/hone" "$made/lib/system" "$made/lib/cxx"
for program in "${programs[@]}"; do
  strip -o "$made/bin/$program" "build/gpu/bin/$program"
  # Whatever is not glibc's own, which every machine has.
  ldd "build/gpu/bin/$program" | awk '/=> \// {print $3}' | { grep -vE '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' || true; } |
    xargs -r cp -Lu -t "$made/lib/system"
done
# Apart: most machines have a C++ library of their own that will do.
mv "$made"/lib/system/libstdc++.so.* "$made"/lib/system/libgcc_s.so.* "$made/lib/cxx/"
strip --strip-unneeded -o "$made/lib/hone/libhone_cuda.so" build/gpu/lib/hone/libhone_cuda.so
cp scripts/gpu_check.sh scripts/gpu_report.py scripts/gpu_tests.py scripts/gpu_torch.py "$made/"
{ git describe --always --dirty --abbrev=12 --exclude '*' 2> /dev/null || echo unknown; } > "$made/commit"
if $sample; then
  mkdir -p build/gpu-sample
  cp "$(scripts/sample_model.sh "build/gpu/bin/hone")/SmolLM2-135M-Instruct.Q4_1.gguf" build/gpu-sample/
  echo "gpu_bundle: build/gpu-sample, $(du -sh build/gpu-sample | cut -f1): beside the bundle, or in it" >&2
fi
rm -rf "$bundle"
mv "$made" "$bundle"
tar -C build -czf "$bundle.tar.gz" gpu-bundle
echo "gpu_bundle: $bundle, $(du -sh "$bundle" | cut -f1); in one file $bundle.tar.gz, $(du -h "$bundle.tar.gz" | cut -f1)" >&2
