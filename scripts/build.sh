#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh PRESET [TARGET…]: configures where needed and builds; the whole log goes to build/PRESET/build.log, and what
# failed to standard error.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
folder=build/$preset
log=$folder/build.log
mkdir -p "$folder"
targets=()
[ "$#" -eq 0 ] || targets=(--target "$@")
# A terminal sees ninja's progress on one line; elsewhere there is a line each ten per cent.
if ! cmake --preset "$preset" ${HONE_CMAKE_OPTIONS:-} > "$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "build: configuring $preset failed; the log is $log" >&2
  exit 1
fi
if [ -t 2 ]; then
  cmake --build --preset "$preset" "${targets[@]}" 2>&1 | tee -a "$log" |
    awk '/^\[/ {printf "\r\033[K%.100s", $0; fflush()} END {print ""}' >&2
else
  echo "build: building $preset" >&2
  cmake --build --preset "$preset" "${targets[@]}" 2>&1 | tee -a "$log" |
    awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ {
      tenth = int(10 * $2 / $3)
      if (tenth > last && $3 >= 20) {printf "build: %d %% (%d of %d)\n", 10 * tenth, $2, $3; fflush()}
      if (tenth > last) last = tenth
    }' >&2
fi || {
  grep -E -A12 'error:|FAILED|undefined reference' "$log" | head -n 80 >&2
  echo "build: building $preset failed; the log is $log" >&2
  exit 1
}
