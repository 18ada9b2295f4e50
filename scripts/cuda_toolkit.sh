#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cuda_toolkit.sh: prints the folder of a CUDA 13.0 toolkit: HONE_CUDA_ROOT where that is set, an installed one, or one made of NVIDIA's
# PyPI packages (700 MB to fetch, once; kept in the user's cache). Fails where none can be had. --installed fetches nothing.
set -euo pipefail

if [ -n "${HONE_CUDA_ROOT:-}" ]; then
  echo "$HONE_CUDA_ROOT"
  exit 0
fi
if [ -x /usr/local/cuda/bin/nvcc ] && /usr/local/cuda/bin/nvcc --version | grep -q 'release 13\.' &&
  compgen -G '/usr/local/cuda/lib64/libcublasLt.so*' > /dev/null; then
  echo /usr/local/cuda
  exit 0
fi

# One version of each: nvcc asks for its companions without naming theirs, and newer ones do not fit.
packages=(nvidia-cuda-nvcc==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-runtime==13.0.96
  nvidia-cuda-cccl==13.0.85 nvidia-cuda-cupti==13.0.85 nvidia-cublas==13.1.0.3 nvidia-nccl-cu13==2.28.9
  # For test_sass alone; there is no older disassembler there, and it reads what nvcc 13.0 makes.
  nvidia-cuda-nvdisasm==13.5.37 nvidia-cuda-cuobjdump==13.5.37)
venv=${XDG_CACHE_HOME:-$HOME/.cache}/hone/cuda-13.0
if ! [ -f "$venv/complete" ]; then
  [ "${1:-}" != --installed ] || exit 1
  echo "cuda_toolkit: fetching CUDA 13.0 (700 MB) to $venv" >&2
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary=:all: "${packages[@]}" >&2
  root=$(echo "$venv"/lib/python3*/site-packages/nvidia/cu13)
  # What nvcc and CMake look for beside what the packages hold.
  ln -sfn lib "$root/lib64"
  ln -sf ../../nccl/lib/libnccl.so.2 "$root/lib/libnccl.so.2"
  ln -sf ../../nccl/include/nccl.h "$root/include/nccl.h"
  (
    cd "$root/lib"
    for library in lib*.so.[0-9]*; do ln -sf "$library" "${library%%.so.*}.so"; done
  )
  touch "$venv/complete"
fi
echo "$venv"/lib/python3*/site-packages/nvidia/cu13
