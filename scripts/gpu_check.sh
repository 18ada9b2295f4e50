#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gpu_check.sh [OUT]: everything that only a machine with an NVIDIA GPU can tell, within 8 minutes: the CUDA tests on the device, the same under
# compute-sanitizer, and the benchmarks beside PyTorch where that is installed. Writes OUT/report.md and what it was made of (build/gpu-check by
# default). Needs build/gpu-bundle (scripts/gpu_bundle.sh), a driver and cuBLASLt; no network, no Qt, no packages.
# Status: 0 done, 1 a test failed, 3 no CUDA device.
set -uo pipefail
cd "$(dirname "$0")/.."
bundle=$PWD/build/gpu-bundle
out=${1:-$PWD/build/gpu-check}
mkdir -p "$out"
report=$out/report.md
started=$(date +%s)

if ! [ -x "$bundle/bin/hone" ]; then
  echo "gpu_check: $bundle is missing; scripts/gpu_bundle.sh makes it" >&2
  exit 2
fi
# cuBLASLt: an installed toolkit's, or that of PyTorch's packages.
cuda=$(ls -d /usr/local/cuda/lib64 2> /dev/null || true)
torch=$(python3 -c 'import nvidia.cu13, os; print(os.path.join(list(nvidia.cu13.__path__)[0], "lib"))' 2> /dev/null || true)
export LD_LIBRARY_PATH=$bundle/lib/system:$cuda:$torch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export XDG_DATA_HOME=$out/data XDG_CACHE_HOME=$out/cache
hone=$bundle/bin/hone

"$hone" doctor --quick --json > "$out/doctor.json"
problem=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["cuda"]["problem"] or "")' "$out/doctor.json")
if ! python3 -c 'import json, sys; sys.exit(not json.load(open(sys.argv[1]))["cuda"]["devices"])' "$out/doctor.json"; then
  echo "gpu_check: no CUDA device: $problem"
  exit 3
fi

left() { echo $((480 - $(date +%s) + started)); }
status=0
{
  echo "# On a GPU"
  echo
  python3 - "$out/doctor.json" << 'P'
import datetime, json, sys
devices = json.load(open(sys.argv[1]))["cuda"]["devices"]
for device in devices:
    print(f"{device['name']} (compute capability {device['compute_capability']}, {device['memory'] / 1e9:.0f} GB, driver for CUDA {device['driver']}), "
          f"{datetime.date.today()}.")
P
  echo "Written by \`scripts/gpu_check.sh\`, commit $(cut -c1-12 "$bundle/commit")."
  echo
} > "$report"

# test NAME SECONDS COMMAND…: one line of the report; the output goes to OUT/NAME.log.
test_line() {
  local name=$1 limit=$2
  shift 2
  if [ "$(left)" -lt 20 ]; then
    echo "| $name | not run: the time was up |" >> "$report"
    return
  fi
  timeout "$limit" "$@" > "$out/$name.log" 2>&1
  local code=$?
  echo "| $name | $([ $code -eq 0 ] && echo passed || echo "status $code") | $(grep -E 'PASSED|FAILED|ERROR SUMMARY|RACECHECK SUMMARY|not supported' "$out/$name.log" | tail -n 2 | tr '\n' ' ' | tr '|' ' ') |" >> "$report"
  return $code
}

{
  echo "## Tests on the device"
  echo
  echo "| | | |"
  echo "| --- | --- | --- |"
} >> "$report"
export HONE_TEST_CUDA=1
test_line test_cuda_kernels 120 "$bundle/bin/test_cuda_kernels" --gtest_brief=1 --gtest_filter='-CudaEmulation.*:CudaNumbers.*' || status=1
test_line test_device 120 "$bundle/bin/test_device" --gtest_brief=1 || status=1
if command -v compute-sanitizer > /dev/null; then
  # A machine that refuses the tool is recorded, and no failure.
  for tool in memcheck racecheck; do
    test_line "$tool" 90 compute-sanitizer --tool "$tool" --error-exitcode 9 "$bundle/bin/test_cuda_kernels" --gtest_brief=1 \
      --gtest_filter='CudaElementwise.*:CudaQuantize.*:EveryStorage/CudaAttention.AttendsPages*:EveryType/CudaProduct.Expands*' ||
      { [ $? -eq 9 ] && status=1; }
  done
else
  echo "| compute-sanitizer | not installed here |" >> "$report"
fi
unset HONE_TEST_CUDA

"$bundle/bin/bench_cuda" > "$out/bench_cuda.json" 2> "$out/bench_cuda.log" || echo "bench_cuda failed" >> "$report"
bench() {  # NAME argument…
  local name=$1
  shift
  [ "$(left)" -lt 30 ] && return
  timeout 120 "$hone" bench synthetic:llama-3-8b --device cuda:0 --text none --resolution 0 --repeat 5 --json --store "$out/runs.sqlite" "$@" \
    > "$out/$name.json" 2> "$out/$name.log"
}
bench decode-bf16 --prompt 128 --generate 128
bench decode-int8 --prompt 128 --generate 128 --with quantize_weights.scheme=int8_channel
bench decode-int4 --prompt 128 --generate 128 --with quantize_weights.scheme=int4_group
bench prefill-bf16 --prompt 2048 --generate 8 --with precision.compute=bf16
bench prefill-w8a8 --prompt 2048 --generate 8 --with quantize_activations.scheme=int8_token
bench decode-64 --prompt 2048 --generate 32 --concurrency 64 --with batching.size=64
[ "$(left)" -gt 60 ] && timeout 150 python3 scripts/gpu_torch.py > "$out/torch.json" 2> "$out/torch.log"

python3 scripts/gpu_report.py "$out" >> "$report"
echo "gpu_check: $(($(date +%s) - started)) s; the report is $report" >&2
exit $status
