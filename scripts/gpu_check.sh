#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gpu_check.sh [OUT]: everything that only a machine with an NVIDIA GPU can tell, within 8 minutes, what is needed most first: each kind of kernel
# under compute-sanitizer, every suite of the CUDA tests in a process of its own, which products the vendor's library takes and how fast it and Hone's
# kernels are; then benchmarks beside PyTorch where that is installed, recordings of traces, and at last sanitizers over everything. Writes OUT/report.md
# and what it was made of, and OUT.tar.gz, which holds all that has to travel: a few MB, whenever the script ends. OUT is gpu-check beside the bundle
# unless given. Runs from a bundle that scripts/gpu_bundle.sh made (the copy in it, or this one with build/gpu-bundle), and builds one where there is
# none but a toolkit and a compiler. Needs a driver for CUDA 13 (580 or newer), cuBLASLt 13 and Python 3; no network, no Qt, no packages.
# Status: 0 done, 1 a test failed or was not run, 2 it could not begin, 3 no CUDA device.
# HONE_GPU_CHECK_SECONDS: the limit, where it is not 480. HONE_GPU_CHECK_MODEL: a trained model as GGUF, for perplexities; the tests' sample
# unless given (HONE_SAMPLE_DIR, or gpu-sample in or beside the bundle). For tests of this script: HONE_GPU_CHECK_PLUGIN names a plug-in to take
# instead (everything is then done in small), HONE_GPU_BUNDLE another bundle.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bundle=${HONE_GPU_BUNDLE:-$([ -x "$here/bin/hone" ] && echo "$here" || echo "${here%/*}/build/gpu-bundle")}
out=${1:-${bundle%/*}/gpu-check}

# Seconds that are left, less what stopping a part and writing the report may take.
left() { echo $((${HONE_GPU_CHECK_SECONDS:-480} - 10 - SECONDS)); }

# within SECONDS COMMAND…: no longer than that, nor than what is left. 124 or 137: it was stopped; 125: no time was left to begin.
within() {
  local limit=$1 most
  shift
  most=$(left)
  [ "$most" -ge 15 ] || return 125
  timeout -k 5 "$((limit < most ? limit : most))" "$@"
}

stop() {
  echo "gpu_check: $1" >&2
  exit 2
}

command -v python3 > /dev/null || stop "Python 3 is missing"
mkdir -p "$out" && [ -w "$out" ] || stop "$out cannot be written"
out=$(cd "$out" && pwd)
if ! [ -x "$bundle/bin/hone" ]; then
  [ -x "$here/gpu_bundle.sh" ] || stop "$bundle is missing; scripts/gpu_bundle.sh makes it"
  echo "gpu_check: $bundle is missing; building it here" >&2
  within 300 "$here/gpu_bundle.sh" --here > "$out/build.log" 2>&1 || stop "$bundle is missing and cannot be built here: $(tail -n 1 "$out/build.log")"
fi

# cuBLASLt and CUPTI: an installed toolkit's, or those of PyTorch's packages. For Hone's programs alone: PyTorch brings its own libraries.
libraries=$bundle/lib/system
for folder in /usr/local/cuda/lib64 /usr/local/cuda-13*/lib64 /usr/local/cuda/extras/CUPTI/lib64 \
  "$(python3 -c 'import nvidia.cu13, os; print(os.path.join(list(nvidia.cu13.__path__)[0], "lib"))' 2> /dev/null)"; do
  [ -n "$folder" ] && [ -d "$folder" ] && libraries+=:$folder
done
libraries+=${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
hone=$bundle/bin/hone
# The machine's own C++ library where it will do: the bundle's may want a later glibc.
LD_LIBRARY_PATH=$libraries "$hone" --version > /dev/null 2>&1 || libraries+=:$bundle/lib/cxx
hone_env=(env "LD_LIBRARY_PATH=$libraries" "XDG_DATA_HOME=$out/data" "XDG_CACHE_HOME=$out/cache")
small=()
model=synthetic:llama-3-8b short=128 long=2048 generate=128 few=32 repeat=5
windows=(--quick) sequences=64 kernels='-CudaEmulation.*:CudaNumbers.*' devices='*'
# One small case a kernel.
first='CudaElementwise.*:CudaQuantize.*:CudaConvert.*:CudaRescale.*:CudaFill.*:CudaPages.*:EveryType/CudaProduct.ExpandsToTheCpusBits/*:EveryType/CudaProduct.*Several*/q4_1:EveryType/CudaProduct.*Several*/q4_0:EveryType/CudaProduct.*Several*/i8_channel:EveryType/CudaProductTiles.*/q4_0:EveryType/CudaTwoOfFour.*/bf16:EveryStorage/CudaAttention.AttendsPromptsOnTensorCores/1:EveryStorage/CudaAttention.AttendsPagesOfAList/1'
# Every kind of kernel, asynchronous copies and tiles in shared memory above all; of those that come in many types a few.
sanitized='CudaElementwise.*:CudaQuantize.*:CudaConvert.*:CudaRescale.*:CudaPages.*:EveryStorage/CudaAttention.*:EveryType/CudaProduct.*Several*:EveryType/CudaProduct.Expands*:EveryType/CudaProductTiles.*/q4_0:EveryType/CudaTwoOfFour.*/bf16'
if [ -n "${HONE_GPU_CHECK_PLUGIN:-}" ]; then
  hone_env+=("HONE_CUDA_PLUGIN=$HONE_GPU_CHECK_PLUGIN")
  small=(--small)
  model=synthetic:tiny short=4 long=12 generate=3 few=3 repeat=2 sequences=2
  windows=(--chunks 1 --context 32) kernels='CudaElementwise.*:CudaQuantize.*' devices='*ComputesWhatTheCpuComputes' sanitized='CudaElementwise.Norms' first=CudaElementwise.Norms
fi
rm -f "$out"/*.json "$out"/*.log "$out.tar.gz"
sanitizer=$(PATH=$PATH:/usr/local/cuda/bin command -v compute-sanitizer)

timeout -k 5 60 "${hone_env[@]}" "$hone" doctor --quick --json > "$out/doctor.json" 2> "$out/doctor.log" ||
  stop "$hone does not run here: $(tail -n 1 "$out/doctor.log")"
# The first device in words; nothing, and status 3, where there is none.
device=$(python3 - "$out/doctor.json" << 'P'
import json, sys
cuda = json.load(open(sys.argv[1], encoding="utf-8"))["cuda"]
if not cuda["devices"]:
    print(cuda["problem"])
    sys.exit(3)
device = cuda["devices"][0]
print(f"{device['name']} (compute capability {device['compute_capability']}, {device['memory'] / 1e9:.0f} GB, driver for CUDA {device['driver']})")
P
) || {
  echo "gpu_check: no CUDA device: $device"
  exit 3
}

report=$out/report.md
status=0
cat > "$report" << R
# On a GPU

$device, $(date +%F). Written by \`scripts/gpu_check.sh\`, commit $(cat "$bundle/commit" 2> /dev/null || echo unknown).
$(command -v nvidia-smi > /dev/null && nvidia-smi --query-gpu=driver_version,clocks.sm,clocks.mem,power.limit --format=csv,noheader 2> /dev/null | sed '1 s/^/Driver, clocks, power limit: /; 1 q')

## Tests on the device

| | | |
| --- | --- | --- |
R

# line NAME RESULT [LOG]: a row of the table, with what the log says last of its tests.
line() {
  echo "| $1 | $2 | $([ -z "${3:-}" ] || grep -aE 'PASSED|FAILED|SUMMARY' "$3" | tail -n 2 | tr '\n|' '  ') |" >> "$report"
}

# What has to travel, in one file: the report, documents, recordings, and of each log its beginning and its end. Whenever this ends: a machine that
# is taken away, or a part that hangs, leaves what was measured before.
pack() {
  local packed=$out.packed
  rm -rf "$packed" && mkdir -p "$packed/gpu-check" || return
  cp "$report" "$out"/*.json "$packed/gpu-check/" 2> /dev/null
  [ ! -d "$out/recordings" ] || cp -r "$out/recordings" "$packed/gpu-check/"
  for log in "$out"/*.log; do
    [ -s "$log" ] || continue
    if [ "$(wc -c < "$log")" -le 100000 ]; then cp "$log" "$packed/gpu-check/"; else
      { head -c 50000 "$log"; printf '\n… cut …\n'; tail -c 50000 "$log"; } > "$packed/gpu-check/${log##*/}"
    fi
  done
  tar -C "$packed" -czf "$out.tar.gz" gpu-check && rm -rf "$packed"
}
trap pack EXIT

tests() {  # NAME SECONDS FILTER: each suite by itself
  local most
  most=$(left)
  if [ "$most" -lt 15 ]; then
    line "$1" "not run: the time was up"
    status=1
    return
  fi
  "${hone_env[@]}" HONE_TEST_CUDA=1 python3 "$here/gpu_tests.py" "$out" "$1" "$bundle/bin/$1" "$3" --seconds "$(($2 < most ? $2 : most))" \
    --jobs "$jobs" --sanitizer "$sanitizer" >> "$report" || status=1
}

# A machine that refuses the tool is recorded, and so is one that is too slow for it: neither is a failure.
sanitize() {  # NAME TOOL SECONDS FILTER
  local log=$out/$1.log
  if [ -z "$sanitizer" ]; then
    line "$1" "not run: compute-sanitizer is not installed here"
    return
  fi
  within "$3" "${hone_env[@]}" HONE_TEST_CUDA=1 "$sanitizer" --tool "$2" --error-exitcode 9 --report-api-errors no \
    "$bundle/bin/test_cuda_kernels" --gtest_brief=1 --gtest_filter="$4" > "$log" 2>&1
  local code=$?
  if [ $code -eq 125 ]; then
    line "$1" "not run: the time was up"
  elif [ $code -eq 124 ] || [ $code -eq 137 ]; then
    line "$1" "stopped: it took too long"
  elif ! grep -qa 'SUMMARY' "$log" || { [ $code -ne 0 ] && [ $code -ne 9 ] && ! grep -qaF '[  FAILED  ]' "$log"; }; then
    line "$1" "refused by this machine, status $code: $(grep -av '^=* *$' "$log" | tail -n 1 | tr '|' ' ')"
  elif [ $code -eq 0 ]; then
    line "$1" passed "$log"
  else
    line "$1" "**failed**, status $code" "$log"
    status=1
  fi
}

document() {  # NAME SECONDS COMMAND…: prints JSON
  local name=$1
  shift
  within "$@" > "$out/$name.json" 2> "$out/$name.log"
  local code=$?
  [ $code -ne 125 ] || echo "not run: the time was up" > "$out/$name.log"
  [ $code -ne 124 ] && [ $code -ne 137 ] || echo "stopped: it took too long" >> "$out/$name.log"
}

bench() {  # NAME argument…
  local name=$1
  shift
  document "$name" 75 "${hone_env[@]}" "$hone" bench "$model" --device cuda:0 --text none --resolution 0 --json --store "$out/runs.sqlite" "$@"
}

jobs=$(nproc)
[ "$jobs" -le 8 ] || jobs=8
# The first three minutes: what everything else rests on.
sanitize memcheck-first memcheck 45 "$first"
tests test_cuda_kernels 60 "$kernels"
tests test_cuda 60 "$devices"
for type in bf16 f16 e4m3 int8 f32; do
  document "probe-$type" 20 "${hone_env[@]}" "$bundle/bin/bench_cuda" --probe "$type"
done
document bench_cuda 60 "${hone_env[@]}" "$bundle/bin/bench_cuda" "${small[@]}"

# Accuracy means something on a trained model only: the tests' sample, where it was brought along.
sample=${HONE_GPU_CHECK_MODEL:-}
for folder in "${HONE_SAMPLE_DIR:-}" "$bundle/gpu-sample" "${bundle%/*}/gpu-sample"; do
  [ -n "$sample" ] || [ -z "$folder" ] || ! [ -f "$folder/SmolLM2-135M-Instruct.Q4_1.gguf" ] || sample=$folder/SmolLM2-135M-Instruct.Q4_1.gguf
done

document model 15 "${hone_env[@]}" "$hone" inspect "$model" --json
bench decode-bf16 --prompt "$short" --generate "$generate" --repeat "$repeat"
bench decode-int8 --prompt "$short" --generate "$generate" --repeat "$repeat" --with quantize_weights.scheme=int8_channel
bench decode-int4 --prompt "$short" --generate "$generate" --repeat "$repeat" --with quantize_weights.scheme=int4_group
bench prefill-bf16 --prompt "$long" --generate 2 --repeat "$repeat" --with precision.compute=bf16
bench prefill-w8a8 --prompt "$long" --generate 2 --repeat "$repeat" --with quantize_activations.scheme=int8_token
bench prefill-fp8 --prompt "$long" --generate 2 --repeat "$repeat" --with quantize_activations.scheme=fp8_token
document torch 120 python3 "$here/gpu_torch.py" --compile-seconds 75 "${small[@]}"
document cuda_trace 60 "${hone_env[@]}" "HONE_SAMPLE_DIR=$([ -z "$sample" ] || dirname "$sample")" "$bundle/bin/bench_cuda_trace" "${small[@]}" --record "$out/recordings"
# What the hardware counted of the last run's decoding, operation by operation.
bench counters --prompt "$short" --generate "$few" --repeat 2 --trace
run=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["runs"][-1]["id"])' "$out/counters.json" 2> /dev/null)
[ -z "$run" ] || document counted 20 "${hone_env[@]}" "$hone" runs kernels "$run" --phase decode --json --store "$out/runs.sqlite"
bench decode-1x2k --prompt "$long" --generate "$few" --repeat 2 --with precision.compute=bf16
bench decode-64x2k --prompt "$long" --generate "$few" --repeat 2 --concurrency "$sequences" --with batching.size="$sequences" --with precision.compute=bf16
if [ -f "$sample" ]; then
  evaluate=("${hone_env[@]}" "$hone" eval "$sample" "${windows[@]}" --json --store "$out/runs.sqlite")
  document perplexity-cpu 60 "${evaluate[@]}"
  document perplexity-bf16 60 "${evaluate[@]}" --device cuda:0 --with precision.compute=bf16
fi
# At last everything, which takes longest and says least that is new.
for tool in memcheck racecheck; do sanitize "$tool" "$tool" 100 "$sanitized"; done

python3 "$here/gpu_report.py" "$out" >> "$report" || status=1
pack
trap - EXIT
echo "gpu_check: $SECONDS s; the report is $report; what has to travel is $out.tar.gz, $(du -h "$out.tar.gz" | cut -f1)" >&2
exit $status
