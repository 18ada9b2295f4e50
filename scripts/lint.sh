#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lint.sh [FOLDER…]: clang-format over all sources, then clang-tidy over those of FOLDER… (all by default: some minutes), with the commands
# of a build without precompiled headers. Needs the Debian packages clang-format and clang-tidy.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files '*.h' '*.cpp' '*.inc' '*.cuh' '*.cu' | xargs clang-format --dry-run -Werror
echo "lint: clang-format is content" >&2
cmake --preset dev -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON > /dev/null
# The commands are g++'s; clang does not know all of its warnings.
git ls-files "${@:-.}" | grep '\.cpp$' | xargs -P "$(nproc)" -n 4 \
  clang-tidy --quiet -p build/lint --extra-arg=-Wno-unknown-warning-option --warnings-as-errors='*'
echo "lint: clang-tidy is content" >&2
