#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far predicted times lie from what is then measured, for every technique, by two calibrations.

    tests/bench/check_predictions.py CHECKPOINT [--hone build/release/bin/hone] [--prompt 128] [--only TEXT …] [--limit 20]

Calibrates (`hone doctor --refresh`), measures each row of scripts/measure_techniques.py once with `hone bench` and without a baseline,
calibrates again, and asks what each calibration predicts for what was measured. Prints each technique's predicted and measured speeds with
the error of its times: above 0 they were predicted longer than they are. Exits with 1 where the median of the absolute errors of
either calibration is above the limit, and with 2 where the machine was too busy to calibrate. Some seven minutes with
SmolLM2-135M on two cores; nothing else may run meanwhile.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEEDS = {"prefill": "prefill_tokens_per_second", "decode": "decode_tokens_per_second"}


def rows(only):
    spec = importlib.util.spec_from_file_location("measure_techniques", ROOT / "scripts/measure_techniques.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(title, settings, sequences(extra)) for title, settings, extra in module.ROWS
            if not only or any(text in title for text in only)]


def sequences(extra):
    return ["--concurrency", extra[extra.index("--concurrency") + 1]] if "--concurrency" in extra else []


def calibrate(options, number):
    began = time.monotonic()
    command = [options.hone, "doctor", "--refresh", "--json"] + (["--even-if-busy"] if options.even_if_busy else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr or json.loads(done.stdout).get("calibration_problem", {}).get("message", ""), file=sys.stderr)
        sys.exit(2)
    answer = json.loads(done.stdout)["calibration"]
    kept = answer["calibration"]
    print(f"calibration {number}: {time.monotonic() - began:.0f} s, {kept['threads']} threads, repeats {100 * kept['spread']:.0f} % apart, "
          f"others had {100 * kept['others']:.0f} % of the processors; "
          + ", ".join(f"{kind['type']} {kind['read_bytes_per_second'] * 1e-9:.1f} GB/s" for kind in answer["types"]), flush=True)


def measure(options, settings, extra, store):
    # Without a cache every token costs a prompt, and many sequences cost many.
    generated = "4" if "kv_cache.dtype=off" in settings else "16" if extra else "32"
    command = [options.hone, "bench", options.checkpoint, "--json", "--text", "none", "--repeat", str(options.repeat), "--store", store,
               "--prompt", str(options.prompt), "--generate", generated, *extra]
    for setting in settings:
        command += ["--with", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["runs"][-1]


def predictions(options, experiments):
    """What the kept calibration says of each: one worker is asked for all of them."""
    requests = [{"id": i, "type": "predict", "experiment": experiment} for i, experiment in enumerate(experiments, 1)]
    requests.append({"id": 0, "type": "finish"})
    worker = subprocess.Popen([options.hone, "worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    answers = {}
    for request in requests:
        worker.stdin.write(json.dumps(request) + "\n")
        worker.stdin.flush()
        for line in worker.stdout:
            answer = json.loads(line)
            if answer.get("id") != request["id"] or answer["type"] not in ("result", "error"):
                continue
            if answer["type"] == "error":
                sys.exit(f"predict: {answer['error']['message']}")
            answers[request["id"]] = answer.get("times") or {}
            break
    worker.stdin.close()
    worker.wait()
    return [answers[i] for i in range(1, len(experiments) + 1)]


def report(title, measured, by_calibration, errors):
    for name, metric in SPEEDS.items():
        if metric not in measured:
            continue
        cells = [f"{title:<38} {name:<8} {measured[metric]['value']:>9.1f}"]
        for calibration, times in enumerate(by_calibration):
            if metric not in times:
                cells.append(f"{'—':>9} {'':>8}")
                continue
            error = measured[metric]["value"] / times[metric] - 1
            errors[calibration].append((abs(error), error, f"{title}, {name}"))
            cells.append(f"{times[metric]:>9.1f} {100 * error:>+7.0f} %")
        print("  ".join(cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--hone", default="build/release/bin/hone")
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--repeat", type=int, default=3, help="repetitions of each")
    parser.add_argument("--limit", type=float, default=20, help="percent")
    parser.add_argument("--even-if-busy", action="store_true", help="to try the script: figures then mean nothing")
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT", help="only techniques whose title holds one of these")
    options = parser.parse_args()
    began = time.monotonic()
    print(f"load {os.getloadavg()[0]:.1f} at the start")
    calibrate(options, 1)
    chosen, measured = rows(options.only), []
    with tempfile.TemporaryDirectory() as folder:
        for i, (title, settings, extra) in enumerate(chosen, 1):
            print(f"{i} of {len(chosen)}: {title}", file=sys.stderr, flush=True)
            measured.append(measure(options, settings, extra, folder + "/runs.sqlite"))
    experiments = [{"checkpoint": options.checkpoint, "recipe": run["recipe"], "workload": run["workload"], "target": run["target"]}
                   for run in measured]
    first = predictions(options, experiments)
    calibrate(options, 2)
    second = predictions(options, experiments)
    print(f"\n{'tokens a second':<38} {'':<8} {'measured':>9}  {'predicted 1':>9} {'error':>8}  {'predicted 2':>9} {'error':>8}")
    errors = [[], []]
    for (title, _, _), run, *by_calibration in zip(chosen, measured, first, second):
        report(title, run["metrics"], by_calibration, errors)
    medians = [100 * statistics.median(e[0] for e in found) if found else float("inf") for found in errors]
    for number, (found, median) in enumerate(zip(errors, medians), 1):
        bias = 100 * statistics.median(e[1] for e in found) if found else float("nan")
        worst = max(found, default=(0, 0, "none"))
        print(f"calibration {number}: median |error| {median:.0f} % of {len(found)} times (limit {options.limit:.0f} %), median error "
              f"{bias:+.0f} %, worst {100 * worst[1]:+.0f} % ({worst[2]})")
    print(f"load {os.getloadavg()[0]:.1f} at the end, {time.monotonic() - began:.0f} s")
    sys.exit(0 if max(medians) <= options.limit else 1)


if __name__ == "__main__":
    main()
