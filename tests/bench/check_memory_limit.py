#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adaptive batches under a control group's memory limit: no request may fail, and the batch must stay below its largest size.

    sudo tests/bench/check_memory_limit.py HONE CHECKPOINT [--limit MB] [--sequences N] [--prompt TOKENS]

Needs the right to make a control group (version 1 or 2). Prints the batch without and with the limit.
"""
import argparse
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path("/sys/fs/cgroup")


def own_group():
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        if "memory" in controllers.split(","):
            # A container may see its own group's files at the root.
            return group.lstrip("/") if (ROOT / "memory" / group.lstrip("/")).is_dir() else "."
    return "."


@contextlib.contextmanager
def group(limit):
    """A control group with a memory limit in bytes; yields the file that processes join by."""
    version_2 = (ROOT / "cgroup.controllers").exists()
    # Below the own group in version 1, whose limits thus hold on; version 2 allows no groups below one that has processes.
    folder = (ROOT if version_2 else ROOT / "memory" / own_group()) / f"hone-check-{os.getpid()}"
    folder.mkdir()
    try:
        if version_2:
            (ROOT / "cgroup.subtree_control").write_text("+memory")
            (folder / "memory.swap.max").write_text("0")
        (folder / ("memory.max" if version_2 else "memory.limit_in_bytes")).write_text(str(limit))
        yield folder / "cgroup.procs", 2 if version_2 else 1
    finally:
        folder.rmdir()


def bench(options, join):
    with tempfile.TemporaryDirectory() as scratch:
        store = pathlib.Path(scratch) / "runs.sqlite"
        command = [options.hone, "bench", options.checkpoint, "--json", "--text", "none", "--prompt", str(options.prompt), "--generate", "24",
                   "--repeat", "2", "--concurrency", str(options.sequences), "--store", str(store),
                   "--with", "batching.kind=adaptive", "--with", f"batching.size={options.sequences}"]
        enter = (lambda: join.write_text(str(os.getpid()))) if join else None
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=enter)
        if done.returncode != 0:
            sys.exit(f"status {done.returncode}\n{done.stderr}")
        run = json.loads(done.stdout)["runs"][-1]
        detail = sqlite3.connect(store).execute(
            "SELECT detail FROM sample WHERE kind = 'repetition' ORDER BY id DESC LIMIT 1").fetchone()[0]
    detail = json.loads(detail)
    assert run["status"] == "done", run["reason"]
    assert len(detail["token_times"]) == options.sequences
    assert all(len(times) == 24 for times in detail["token_times"])
    return detail["counters"], run["metrics"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hone")
    parser.add_argument("checkpoint")
    parser.add_argument("--limit", type=int, default=450, help="MB")
    parser.add_argument("--sequences", type=int, default=12)
    parser.add_argument("--prompt", type=int, default=768, help="tokens: keys and values are to be more than the limit leaves")
    options = parser.parse_args()
    free, _ = bench(options, None)
    with group(options.limit * 1_000_000) as (join, version):
        limited, metrics = bench(options, join)
    peak = metrics["peak_memory"]["value"] / 1e6
    print(f"control groups version {version}, limit {options.limit} MB, {options.sequences} sequences: largest batch "
          f"{free['largest_batch']} without, {limited['largest_batch']} with the limit; peak {peak:.0f} MB; "
          f"{limited['backed_off']} waited again; every sequence done")
    assert limited["largest_batch"] < options.sequences


if __name__ == "__main__":
    main()
