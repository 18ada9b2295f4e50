#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_sample_text.py FILE: a text that compresses well says little that is new; `gzip -9` must leave 30 % of it."""
import gzip
import pathlib
import sys

text = pathlib.Path(sys.argv[1]).read_bytes()
share = len(gzip.compress(text, 9)) / len(text)
print(f"{len(text)} B, of which gzip -9 leaves {share:.1%}")
sys.exit(0 if share >= 0.30 else 1)
