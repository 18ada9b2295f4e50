#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/fixtures/weights/quantised_rows.json: rows of numbers and their bytes as the `gguf` package stores them, and bytes of
any kind with the numbers that it reads in them.

Needs numpy and gguf (the figures in the file were made with gguf 0.19.0)."""
import json
import pathlib
import sys

import gguf
import numpy as np

TYPES = {"f16": gguf.GGMLQuantizationType.F16, "bf16": gguf.GGMLQuantizationType.BF16,
         "q8_0": gguf.GGMLQuantizationType.Q8_0, "q4_0": gguf.GGMLQuantizationType.Q4_0,
         "q4_1": gguf.GGMLQuantizationType.Q4_1, "q5_0": gguf.GGMLQuantizationType.Q5_0, "q5_1": gguf.GGMLQuantizationType.Q5_1}


# Every block of random bytes but for the halves at these offsets: scales of the order of one, of either sign.
READ = {"q4_0": (18, [0]), "q4_1": (20, [0, 2]), "q5_0": (22, [0]), "q5_1": (24, [0, 2]), "q6_k": (210, [208]), "q4_k": (144, [0, 2]), "q8_0": (34, [0])}


def expanded():
    random = np.random.default_rng(11)
    result = {}
    for name, (size, halves) in READ.items():
        kind = gguf.GGMLQuantizationType[name.upper()]
        blocks = random.integers(0, 256, (6, size), dtype=np.uint8)
        for at in halves:
            blocks[:, at:at + 2] = random.standard_normal(6).astype(np.float16).view(np.uint8).reshape(6, 2)
        values = np.stack([gguf.quants.dequantize(block, kind) for block in blocks]).astype(np.float32)
        result[name] = {"bytes": blocks.tobytes().hex(), "values": values.tobytes().hex()}
    return result


def rows():
    random = np.random.default_rng(7)
    table = random.standard_normal((12, 128)).astype(np.float32)
    table[1] *= 1e-6                       # scales that are subnormal in half precision
    table[2] *= 3e3
    table[3] = 0
    table[4] = np.abs(table[4])            # one sign only
    table[5] = np.round(table[5] * 4) / 4  # many ties, halves among the quotients
    table[6, 1:] = 0                       # one outlier
    table[7] = -table[7, 0]                # all the same
    table[8, ::32] = 8                     # the largest magnitude with both signs
    table[8, 1::32] = -8
    return table


def main():
    table = rows()
    stored = {name: [bytes(gguf.quants.quantize(row[None, :], kind).tobytes()).hex() for row in table]
              for name, kind in TYPES.items()}
    document = {"made_with": "gguf 0.19.0, numpy " + np.__version__,
                "rows": [row.tobytes().hex() for row in table], "stored": stored, "expanded": expanded()}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(document, indent=0) + "\n")


if __name__ == "__main__":
    main()
