#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh: sets up, builds with warnings as errors and runs every suite. Last line: "N passed, N failed, N skipped".
# HONE_CI=1: a missing sample model, or a skip that tests/expected_skips.txt does not list, is a failure.
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
if python=$(python_packages); then
  options=-DHONE_PYTHON=$python
else
  echo "test: PyPI cannot be reached, so tests/interop is skipped" >&2
fi
HONE_CMAKE_OPTIONS=$options scripts/build.sh "$preset"

missing_model=0
if sample=$(scripts/sample_model.sh "$folder/bin/hone"); then
  export HONE_SAMPLE_DIR=$sample
else
  missing_model=1
  echo "test: no sample model: the tests on it are skipped" >&2
fi
[ ! -d ../shared/data ] || export HONE_SHARED_DATA=$PWD/../shared/data
export QT_QPA_PLATFORM=offscreen

rm -rf "$folder/test-results"
mkdir -p "$folder/test-results"
ctest --preset "$preset" --output-junit test-results/ctest.xml || true
strict=()
[ -z "${HONE_CI:-}" ] || strict=(--strict)
[ "$missing_model" -eq 0 ] || [ -z "${HONE_CI:-}" ] || strict+=(--fail "the sample model is missing")
exec python3 scripts/count_tests.py "$folder/test-results" tests/expected_skips.txt "${strict[@]}"
