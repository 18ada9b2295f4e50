#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh SECONDS [TARGET…]: libFuzzer with AddressSanitizer and UBSan over the readers of untrusted bytes (tests/fuzz), each for SECONDS, as many
# at once as there are processors. Prints each target's executions, covered edges and features; inputs that were findings stay in
# build/fuzz/findings. Status 1 after a finding. HONE_FUZZ_REPORT: a file to report to as ctest would.
# Needs the Debian packages clang and libclang-rt-14-dev (scripts/packages.txt).
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz.sh SECONDS [TARGET…]}
shift
all=(config gguf protocol recipe safetensors store tokenizer)
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=("${all[@]}")
scripts/build.sh fuzz write_seeds "${targets[@]/#/fuzz_}"
place=build/fuzz
"$place/bin/write_seeds" "$place/seeds"

# A minute of one input is a hang, 2 GiB for a file of 256 KiB at most is memory out of proportion.
run() {
  local target=$1 seconds=$2
  mkdir -p "build/fuzz/corpus/$target" "build/fuzz/findings/$target"
  build/fuzz/bin/fuzz_"$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -max_len=262144 -print_final_stats=1 \
    -use_value_profile=1 -artifact_prefix="build/fuzz/findings/$target/" -dict=tests/fuzz/words.dict \
    "build/fuzz/corpus/$target" "build/fuzz/seeds/$target" > "build/fuzz/$target.log" 2>&1
}
export -f run
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c "run {} $seconds && touch $place/{}.clean || rm -f $place/{}.clean" || true

status=0
report='<testsuite>'
for target in "${targets[@]}"; do
  log=$place/$target.log
  last=$(grep -aE '^#[0-9]+.*cov: ' "$log" | tail -n 1 | sed -E 's/.*cov: ([0-9]+) ft: ([0-9]+).*/\1 edges, \2 features/' || true)
  count=$(sed -nE 's/^stat::number_of_executed_units: +([0-9]+)/\1/p' "$log" || true)
  if [ -e "$place/$target.clean" ]; then
    echo "fuzz: $target: ${count:-?} inputs, ${last:-no coverage}: nothing found" >&2
    report+="<testcase name=\"fuzz_$target\" status=\"run\"/>"
  else
    status=1
    echo "fuzz: $target: a finding in $place/findings/$target after ${last:-no coverage}:" >&2
    grep -aE 'ERROR|runtime error|SUMMARY|terminate|what\(\)' "$log" | head -n 5 >&2 || tail -n 5 "$log" >&2
    report+="<testcase name=\"fuzz_$target\" status=\"fail\"/>"
  fi
done
[ -z "${HONE_FUZZ_REPORT:-}" ] || echo "$report</testsuite>" > "$HONE_FUZZ_REPORT"
exit "$status"
