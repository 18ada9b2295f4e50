#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far predictions lie from what is then measured, for every technique.

    tests/bench/check_predictions.py CHECKPOINT [--hone build/release/bin/hone] [--prompts 128 2048] [--repeat 3] [--limit 35]

For each row of scripts/measure_techniques.py and each prompt length one `hone bench`, without a baseline. Prints the predicted
time over the measured one, as a percentage above (+) or below (−) it, then the median of the absolute errors of all prefill and
decode times; exits with 1 where that is above the limit. `hone doctor --refresh` is run first.
"""
import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMES = {"prefill": "prefill_tokens_per_second", "decode": "decode_tokens_per_second"}


def rows():
    spec = importlib.util.spec_from_file_location("measure_techniques", ROOT / "scripts/measure_techniques.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(title, settings, sequences(extra)) for title, settings, extra in module.ROWS]


def sequences(extra):
    return ["--concurrency", extra[extra.index("--concurrency") + 1]] if "--concurrency" in extra else []


def measure(options, settings, extra, prompt, store):
    # Without a cache every token costs a prompt, and many sequences cost many.
    generated = "4" if "kv_cache.dtype=off" in settings or prompt > 1000 and extra else "16"
    command = [options.hone, "bench", options.checkpoint, "--json", "--text", "none", "--repeat", str(options.repeat), "--store", store,
               "--prompt", str(prompt), "--generate", generated, *extra]
    for setting in settings:
        command += ["--with", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["runs"][-1]


def errors_of(run):
    """The error of each time: a speed that is predicted too high is a time that is predicted too short."""
    found = {}
    for name, metric in TIMES.items():
        if metric in run["predicted"] and metric in run["metrics"]:
            found[name] = run["metrics"][metric]["value"] / run["predicted"][metric] - 1
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--hone", default="build/release/bin/hone")
    parser.add_argument("--prompts", type=int, nargs="+", default=[128, 2048])
    parser.add_argument("--repeat", type=int, default=3, help="repetitions of each")
    parser.add_argument("--limit", type=float, default=35, help="percent")
    options = parser.parse_args()
    subprocess.run([options.hone, "doctor", "--refresh"], check=True, capture_output=True)
    every = []
    with tempfile.TemporaryDirectory() as folder:
        print("| technique | " + " | ".join(f"{name} at {prompt}" for prompt in options.prompts for name in TIMES) + " |")
        print("| --- |" + " ---: |" * (len(TIMES) * len(options.prompts)))
        for title, settings, extra in rows():
            cells = [title]
            for prompt in options.prompts:
                found = errors_of(measure(options, settings, extra, prompt, folder + "/runs.sqlite"))
                every += found.values()
                cells += [f"{100 * found[name]:+.0f} %" if name in found else "—" for name in TIMES]
            print("| " + " | ".join(cells) + " |", flush=True)
    median = 100 * statistics.median(map(abs, every))
    print(f"\nmedian error {median:.0f} % over {len(every)} times; {sum(abs(e) <= options.limit / 100 for e in every)} of them "
          f"within {options.limit:.0f} %")
    sys.exit(0 if every and median <= options.limit else 1)


if __name__ == "__main__":
    main()
