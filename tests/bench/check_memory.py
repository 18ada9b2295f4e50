#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of a worker's memory no class explains, for every technique.

    tests/bench/check_memory.py CHECKPOINT [--hone build/release/bin/hone] [--raw FOLDER]

For each row of scripts/measure_techniques.py one `hone bench` of one repetition, or what --keep FOLDER of that script left there. Prints the classes, the peak, what is unaccounted and
how far the predicted peak lies from the measured one, in MB; exits with 1 where more than 5 % of a peak and 16 MiB is unaccounted.
"""
import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLASSES = ["weights", "kv_cache", "activations", "workspace", "runtime", "unaccounted", "peak_resident"]


def techniques():
    spec = importlib.util.spec_from_file_location("measure_techniques", ROOT / "scripts/measure_techniques.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(options, settings, extra, store):
    command = [options.hone, "bench", options.checkpoint, "--json", "--text", "none", "--repeat", "1", "--store", store, *extra]
    for setting in settings:
        command += ["--with", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["runs"][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--hone", default="build/release/bin/hone")
    parser.add_argument("--raw", type=pathlib.Path, help="folder of scripts/measure_techniques.py --keep")
    options = parser.parse_args()
    print("| technique | " + " | ".join(name.replace("_", " ") for name in CLASSES) + " | predicted peak |")
    print("| --- |" + " ---: |" * (len(CLASSES) + 1))
    worst, failed = 0, False
    with tempfile.TemporaryDirectory() as folder:
        script = techniques()
        for title, settings, extra in script.ROWS:
            if options.raw:
                run = json.loads(script.raw_file(options.raw, title).read_text())["runs"][-1]
            else:
                run = measure(options, settings, extra, folder + "/runs.sqlite")
            memory = run["memory"]
            peak, rest = memory["peak_resident"], abs(memory["unaccounted"])
            worst = max(worst, rest / peak)
            failed |= rest > max(0.05 * peak, 16 * 2**20)
            cells = [f"{memory[name] / 1e6:.1f}" for name in CLASSES]
            print(f"| {title} | " + " | ".join(cells) + f" | {100 * (run['predicted']['peak_memory'] / peak - 1):+.1f} % |",
                  flush=True)
    print(f"\nmost unaccounted: {100 * worst:.1f} % of a peak")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
