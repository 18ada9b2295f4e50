#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_gguf_types.py HONE DUMP_TENSORS: exported files as the independent `gguf` package reads them.

Exports the sample model (HONE_SAMPLE_DIR) in every type, and three recipes whose formats are Hone's own; in each file the
embedding and the first and last blocks (with HONE_LONG_TESTS every tensor) must dequantise to the same bits in `gguf` as in Hone,
and no metadata may be lost. Exit status 77: nothing to check with.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import gguf
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
CHANGED = {"general.file_type", "general.alignment", "general.quantization_version"}
PREFIXES = [] if os.environ.get("HONE_LONG_TESTS") else ["token_embd", "output", "blk.0.", "blk.29."]
CASES = [("F32", ["--type", "f32"]), ("F16", ["--type", "f16"]), ("BF16", ["--type", "bf16"]), ("Q8_0", ["--type", "q8_0"]),
         ("Q4_0", ["--type", "q4_0"]), ("Q4_1", ["--type", "q4_1"]), ("Q5_0", ["--type", "q5_0"]), ("Q5_1", ["--type", "q5_1"]),
         ("Q8_0", ["--with", "quantize_weights.scheme=int8_channel"]),
         ("BF16", ["--with", "quantize_weights.scheme=fp8_channel"]),
         ("Q4_0", ["--with", "quantize_weights.scheme=int4_group", "--with", "quantize_weights.embedding=same"])]


def metadata(reader):
    return {name: field.contents() for name, field in reader.fields.items()
            if not name.startswith("GGUF.") and name not in CHANGED}


def check(path, dump, expected_type, original):
    reader = gguf.GGUFReader(path)
    assert metadata(reader) == original, f"{path.name}: metadata differ"
    values = np.memmap(dump, dtype=np.float32, mode="r")
    position, types = 0, {}
    for tensor in reader.tensors:
        types[tensor.tensor_type.name] = types.get(tensor.tensor_type.name, 0) + 1
        if PREFIXES and not tensor.name.startswith(tuple(PREFIXES)):
            continue
        theirs = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(-1)
        ours = values[position:position + theirs.size]
        position += theirs.size
        assert np.array_equal(ours.view(np.uint32), theirs.view(np.uint32)), f"{path.name}: {tensor.name} differs"
    assert position == values.size, f"{path.name}: {position} values, and Hone sees {values.size}"
    assert types.get(expected_type, 0) >= 210, f"{path.name}: {types}"
    print(f"{path.name}: {len(reader.tensors)} tensors, {position:,} values equal to the bit; {types}")


def main():
    hone, dump_tensors = sys.argv[1:]
    sample = os.environ.get("HONE_SAMPLE_DIR")
    if not sample:
        print("skipped: needs the sample model")
        sys.exit(77)
    model = pathlib.Path(sample) / MODEL
    original = metadata(gguf.GGUFReader(model))
    with tempfile.TemporaryDirectory() as folder:
        for number, (expected, arguments) in enumerate(CASES):
            out, dump = pathlib.Path(folder) / f"{number}-{expected}.gguf", pathlib.Path(folder) / "values"
            subprocess.run([hone, "export", model, "--format", "gguf", "--out", out, "--store",
                            pathlib.Path(folder) / "runs.sqlite", *arguments], check=True,
                           stdout=subprocess.DEVNULL)
            subprocess.run([dump_tensors, out, dump, *PREFIXES], check=True)
            check(out, dump, expected, original)
            out.unlink()


if __name__ == "__main__":
    main()
