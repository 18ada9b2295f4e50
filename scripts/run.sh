#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat << 'TEXT'
Usage: scripts/run.sh [CHECKPOINT]

Sets up what is missing (Debian packages, the release build, the sample model) and opens Hone's window on CHECKPOINT, a GGUF
file or synthetic:SHAPE. Without CHECKPOINT it takes the sample model, SmolLM2-135M-Instruct in BF16.

Where there is no display, it does the window's main job on the command line instead: it measures int8 weights against
the baseline and prints the comparison. Without a network, and no sample model in the cache, it takes synthetic:tiny.
TEXT
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac

scripts/setup.sh
scripts/build.sh release hone hone-ui hone_plugins
hone=build/release/bin/hone
model=${1:-}
if [ -z "$model" ]; then
  if folder=$(scripts/sample_model.sh "$hone"); then
    model=$folder/SmolLM2-135M-Instruct.BF16.gguf
  else
    model=synthetic:tiny
    echo "run: no sample model, so this is $model: speed and memory are real, its random weights say nothing of accuracy" >&2
  fi
fi
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec build/release/bin/hone-ui "$model"
fi
echo "run: no display, so here is the window's main job on the command line: int8 weights against the baseline" >&2
exec "$hone" bench "$model" --with quantize_weights.scheme=int8_channel --against baseline
