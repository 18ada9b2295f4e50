#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures sparse attention at long prompts and writes docs/measurements/long_context.md.

    scripts/measure_long_context.py CHECKPOINT [--hone build/release/bin/hone] [--out docs/measurements/long_context.md]
                                    [--prompts 2000 8000]

Each row is one `hone bench --against baseline`, without an accuracy text: what is left out of the dense softmax says how much is lost.
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

from measure_techniques import ratio, value

# (title, settings, the longest prompt): a repetition of 8,000 tokens takes the best part of a minute.
ROWS = [
    ("window 256 + 4 sinks", ["kind=window", "window=256", "sinks=4"], 4000),
    ("top 16 pages of 16", ["kind=top_pages", "keep=16"], 4000),
    ("window 1024 + 4 sinks", ["kind=window", "window=1024", "sinks=4"], 8192),
    ("top 64 pages of 16", ["kind=top_pages", "keep=64"], 8192),
]


def repetitions(prompt):
    return max(3, 12000 // prompt)


def measure(options, prompt, settings, store):
    command = [options.hone, "bench", options.checkpoint, "--against", "baseline", "--json", "--store", store, "--text", "none",
               "--prompt", str(prompt), "--generate", "32", "--repeat", str(repetitions(prompt)), "--resolution", "0"]
    for setting in settings:
        command += ["--with", "sparse_attention." + setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def table_row(prompt, title, document):
    baseline, run = document["runs"]
    mass = value(run, "attention_mass")
    cells = [f"{prompt:,}", title, "—" if mass is None else f"{100 * mass:.1f} %"]
    for metric in ("prefill_tokens_per_second", "decode_tokens_per_second"):
        cells += [f"{value(baseline, metric):.0f} → {value(run, metric):.0f}", ratio(document, metric)]
    return "| " + " | ".join(cells) + " |"


def write_page(options, environment, lines):
    name = pathlib.Path(options.checkpoint).name
    head = [
        "# Sparse attention at long prompts",
        "",
        f"{name}, {datetime.date.today()}, on {environment.get('cpu', '?')} ({environment.get('isa', '?')}, "
        f"{environment.get('physical_cores', '?')} cores, shared and noisy). Written by",
        f"`scripts/measure_long_context.py {name}`; commit {environment.get('commit', '?')}.",
        "",
        "Kept is the share of the dense softmax that falls on what is attended, as a mean over layers, heads and the prompt's last 64 tokens,",
        "where anything was left out. Speeds are in tokens/s, baseline → candidate, "
        + ", ".join(f"{repetitions(prompt)} repetitions of each at {prompt:,}" for prompt in options.prompts) + ",",
        "interleaved, with the 99 % interval that decides the verdict; ▲ faster, ▼ slower, · cannot tell. 32 tokens are generated after each prompt.",
        "",
        "| prompt | attends | kept | prefill | prefill × | decode | decode × |",
        "| ---: | --- | ---: | ---: | --- | ---: | --- |",
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(head + lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--hone", default="build/release/bin/hone")
    parser.add_argument("--out", default="docs/measurements/long_context.md", type=pathlib.Path)
    parser.add_argument("--prompts", type=int, nargs="+", default=[2000, 8000])
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for prompt in options.prompts:
            for title, settings, longest in ROWS:
                if prompt > longest:
                    continue
                print(prompt, title, file=sys.stderr, flush=True)
                document = measure(options, prompt, settings, folder + "/runs.sqlite")
                lines.append(table_row(prompt, title, document))
                write_page(options, document["runs"][0]["environment"], lines)


if __name__ == "__main__":
    main()
