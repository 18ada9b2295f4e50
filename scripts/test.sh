#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh: sets up, builds with warnings as errors and runs every suite. Last line: "N passed, N failed, N skipped".
# With HONE_CI or CI set, a missing sample model or Python package, or a skip that tests/expected_skips.txt does not list, is a
# failure. HONE_SHARED_DATA: a folder with the reference text; without it ../shared/data, where that exists.
# HONE_TEST_PRESET: dev (the default), release or asan.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${HONE_TEST_PRESET:-dev}
folder=build/$preset
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hone

# The packages of requirements-test.txt in an environment of their own; remade when the list changes.
python_packages() {
  local venv=$cache/venv-test wanted=scripts/requirements-test.txt
  if ! cmp --silent "$wanted" "$venv/installed.txt"; then
    rm -rf "$venv"
    mkdir -p "$cache"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: -r "$wanted" >&2 || return 1
    cp "$wanted" "$venv/installed.txt"
  fi
  echo "$venv/bin/python"
}

scripts/setup.sh
options=-DHONE_PYTHON=
strict=()
[ -z "${HONE_CI:-}${CI:-}" ] || strict=(--strict)
problem() {
  [ "${#strict[@]}" -eq 0 ] || strict+=(--fail "$1")
}
if python=$(python_packages); then
  options=-DHONE_PYTHON=$python
else
  problem "the Python packages of tests/interop are missing"
  echo "test: PyPI cannot be reached, so tests/interop is skipped" >&2
fi
# The plug-in for NVIDIA GPUs is built too, where a toolkit is at hand and always in CI; only a machine with a GPU can run it.
fetch=--installed
[ -z "${HONE_CI:-}${CI:-}" ] || fetch=
if cuda=$(scripts/cuda_toolkit.sh $fetch); then
  options+=" -DHONE_CUDA_ROOT=$cuda"
else
  problem "the CUDA toolkit is missing"
  echo "test: no CUDA toolkit, so the CUDA plug-in is not built" >&2
fi
HONE_CMAKE_OPTIONS=$options scripts/build.sh "$preset"

if sample=$(scripts/sample_model.sh "$folder/bin/hone"); then
  export HONE_SAMPLE_DIR=$sample
else
  problem "the sample model is missing"
  echo "test: no sample model: the tests on it are skipped" >&2
fi
if [ -n "${HONE_SAMPLE_DIR:-}" ] && ! scripts/qwen_model.sh > /dev/null; then
  problem "the Qwen 2.5 model is missing"
  echo "test: no Qwen 2.5 model: the tests on it are skipped" >&2
fi
if [ -z "${HONE_SHARED_DATA:-}" ] && [ -d ../shared/data ]; then
  HONE_SHARED_DATA=$(cd ../shared/data && pwd)
  export HONE_SHARED_DATA
fi
export QT_QPA_PLATFORM=offscreen

# What users build is compiled several sources at a time: CI builds and starts it, so that no two of them disagree.
if [ -n "${HONE_CI:-}${CI:-}" ] && [ "$preset" != release ]; then
  if ! { HONE_CMAKE_OPTIONS=$options scripts/build.sh release hone hone-ui hone_plugins &&
    build/release/bin/hone --version && build/release/bin/hone-ui --version; } >&2; then
    problem "the release build failed"
  fi
fi

rm -rf "$folder/test-results"
mkdir -p "$folder/test-results"
ctest --preset "$preset" --output-junit test-results/ctest.xml || true
# The readers of untrusted bytes, fuzzed for a while in CI; by hand: scripts/fuzz.sh.
fuzz=$folder/test-results/fuzz.xml
if [ -n "${HONE_CI:-}${CI:-}" ] && [ "$preset" = dev ]; then
  HONE_FUZZ_REPORT=$PWD/$fuzz scripts/fuzz.sh "${HONE_FUZZ_SECONDS:-20}" >&2 || [ -e "$fuzz" ] || problem "the fuzzers could not be built"
fi
exec python3 scripts/count_tests.py "$folder/test-results" tests/expected_skips.txt --more "$fuzz" "${strict[@]}"
