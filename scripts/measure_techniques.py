#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures every technique alone on one checkpoint and writes docs/measurements/techniques.md.

    scripts/measure_techniques.py CHECKPOINT [--hone build/release/bin/hone] [--out docs/measurements/techniques.md]

Each row is one `hone bench --against baseline`: baseline and candidate interleaved in two workers. Runs are kept in
a store beside the table's raw JSON only where --keep names a folder.
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

# (title, settings, extra arguments): the baseline of each row is the same checkpoint with the same workload, measured in turn, except where
# BASELINES has settings of its own: that one is measured just before.
LONG = ["--prompt", "512", "--generate", "32"]
MIXED = ["--concurrency", "8", "--prompt", "128", "--prompt-lengths", "mixed:1", "--generate", "16"]
MANY = ["--concurrency", "8", "--prompt", "32", "--generate", "16"]
ROWS = [
    ("quantize_weights int8_channel", ["quantize_weights.scheme=int8_channel"], []),
    ("quantize_weights int4_group 64", ["quantize_weights.scheme=int4_group", "quantize_weights.group_size=64"], []),
    ("prune_magnitude 50 %, row", ["prune_magnitude.sparsity=0.5", "prune_magnitude.scope=row"], []),
    ("batching of 8", ["batching.size=8"], MANY),
    ("kv_cache int8", ["kv_cache.dtype=int8"], LONG),
    ("kv_cache off", ["kv_cache.dtype=off"], ["--prompt", "64", "--generate", "16"]),
    ("sparse_attention window 256 + 4 sinks", ["sparse_attention.window=256", "sparse_attention.sinks=4"], LONG),
    ("quantize_weights q8_0", ["quantize_weights.scheme=q8_0"], []),
    ("quantize_weights q4_0", ["quantize_weights.scheme=q4_0"], []),
    ("prune_magnitude 50 %, row, zeros in memory", ["prune_magnitude.sparsity=0.5", "prune_magnitude.scope=row",
                                                    "prune_magnitude.storage=dense"], []),
    ("prune_magnitude 2:4", ["prune_magnitude.pattern=n_m", "prune_magnitude.n=2", "prune_magnitude.m=4"], []),
    ("quantize_weights q4_1", ["quantize_weights.scheme=q4_1"], []),
    ("quantize_weights fp8_channel", ["quantize_weights.scheme=fp8_channel"], []),
    ("kv_cache fp16", ["kv_cache.dtype=fp16"], LONG),
    ("baseline against itself", [], []),
    ("prune_magnitude 50 %, tensor", ["prune_magnitude.sparsity=0.5", "prune_magnitude.scope=tensor"], []),
    ("prune_magnitude 50 %, global", ["prune_magnitude.sparsity=0.5", "prune_magnitude.scope=global"], []),
    ("prune_magnitude 80 %, row", ["prune_magnitude.sparsity=0.8", "prune_magnitude.scope=row"], []),
    ("prune_magnitude 30 %, row", ["prune_magnitude.sparsity=0.3", "prune_magnitude.scope=row"], []),
    ("prune_wanda 50 %", ["prune_wanda.sparsity=0.5"], []),
    ("prune_wanda 2:4", ["prune_wanda.pattern=n_m", "prune_wanda.n=2", "prune_wanda.m=4"], []),
    ("prune_neurons 20 %", ["prune_neurons.sparsity=0.2"], []),
    ("prune_neurons 20 %, by weights", ["prune_neurons.sparsity=0.2", "prune_neurons.criterion=weights"], []),
    ("prune_layers 2", ["prune_layers.layers=2"], []),
    ("prune_layers 6", ["prune_layers.layers=6"], []),
    ("quantize_activations int8", ["quantize_activations.scheme=int8_token"], []),
    ("precision bf16", ["precision.compute=bf16"], []),
    ("kv_cache paged", ["kv_cache.dtype=fp32", "kv_cache.layout=paged"], LONG),
    ("sparse_attention top pages", ["sparse_attention.kind=top_pages"], LONG),
    ("batching adaptive", ["batching.kind=adaptive"], MANY),
    ("tokenization", ["tokenization.merge_cache=true", "tokenization.length_buckets=true", "batching.size=4"], MIXED),
]
BASELINES = {"tokenization": ["batching.size=4"]}
COLUMNS = [
    ("prefill_tokens_per_second", "prefill"),
    ("decode_tokens_per_second", "decode"),
    ("total_tokens_per_second", "total"),
]


def bench(hone, checkpoint, settings, against, extra, store):
    command = [hone, "bench", checkpoint, "--json", "--store", str(store), *against]
    for setting in settings:
        command += ["--with", setting]
    done = subprocess.run(command + extra, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command + extra)}: status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def measure(options, title, settings, extra, store):
    own = BASELINES.get(title)
    if own is None:
        return bench(options.hone, options.checkpoint, settings, ["--against", "baseline"], extra, store)
    baseline = bench(options.hone, options.checkpoint, own, [], extra, store)["runs"]
    document = bench(options.hone, options.checkpoint, settings, ["--against", str(baseline[0]["id"])], extra, store)
    document["runs"] = baseline + document["runs"][-1:]
    return document


def value(run, metric):
    return run["metrics"].get(metric, {}).get("value")


def ratio(document, metric):
    compared = document["comparison"].get(metric)
    if not compared or "ratio" not in compared:
        return "—"
    arrow = {"faster": "▲", "better": "▲", "smaller": "▲", "slower": "▼", "worse": "▼", "larger": "▼"}
    return f"{compared['ratio']:.2f} ({compared['low_99']:.2f}–{compared['high_99']:.2f}) {arrow.get(compared['verdict'], '·')}"


def megabytes(run, metric):
    amount = value(run, metric)
    return "—" if amount is None else f"{amount / 1e6:.0f}"


def interval(run, metric, digits, scale=1.0):
    figure = run["metrics"].get(metric)
    if figure is None:
        return "—"
    text = f"{figure['value'] * scale:.{digits}f}"
    if figure["high"] > figure["low"]:
        text += f" ({figure['low'] * scale:.{digits}f}–{figure['high'] * scale:.{digits}f})"
    return text


def table_row(title, document):
    run = document["runs"][-1]
    cells = [title]
    cells += [f"{value(run, metric):.0f}" if value(run, metric) else "—" for metric, _ in COLUMNS[:2]]
    cells += [ratio(document, metric) for metric, _ in COLUMNS]
    cells += [megabytes(run, "model_bytes"), megabytes(run, "peak_memory")]
    cells += [interval(run, "perplexity", 2), interval(run, "kl_divergence", 4), interval(run, "top1_agreement", 1, 100)]
    return "| " + " | ".join(cells) + " |"


# Predicted over measured time, less one; a speed that is predicted too high is a time that is predicted too short.
PREDICTED = [("prefill_tokens_per_second", "prefill"), ("decode_tokens_per_second", "decode")]
# What only some techniques change: (metric, title, shown value).
OWN = [
    ("padding_share", "padding", lambda value: f"{100 * value:.1f} %"),
    ("tokenize_bytes_per_second", "tokenising", lambda value: f"{value / 1e6:.1f} MB/s"),
    ("attention_mass", "attention mass kept", lambda value: f"{100 * value:.1f} %"),
]
SHOWS_OWN = {"tokenization": ["padding_share", "tokenize_bytes_per_second"], "batching": ["padding_share"],
             "sparse_attention": ["attention_mass"]}


def prediction_error(run, metric):
    predicted, measured = run["predicted"].get(metric), value(run, metric)
    return f"{100 * (measured / predicted - 1):+.0f} %" if predicted and measured else "—"


def peak_error(run):
    predicted = run["predicted"].get("peak_memory")
    return f"{100 * (predicted / run['memory']['peak_resident'] - 1):+.1f} %" if predicted else "—"


def own_metrics(settings, document):
    """Before → after, of the metrics that the row's techniques are about."""
    baseline, run = document["runs"][0], document["runs"][-1]
    wanted = {metric for setting in settings for metric in SHOWS_OWN.get(setting.split(".")[0], [])}
    parts = []
    for metric, title, shown in OWN:
        if metric in wanted and value(run, metric) is not None:
            before = value(baseline, metric)
            parts.append(f"{title} " + (f"{shown(before)} → " if before is not None else "") + shown(value(run, metric)))
    return ", ".join(parts) or "—"


def evidence_row(title, settings, document):
    run = document["runs"][-1]
    said = [f"{'yes' if evidence['engaged'] else 'no'}: {evidence['counter']} {evidence['value']}"
            for evidence in run.get("engaged", {}).values() if evidence["engaged"] is not None]
    cells = [title, ", ".join(said) or "—"]
    cells += [prediction_error(run, metric) for metric, _ in PREDICTED]
    cells += [peak_error(run), own_metrics(settings, document)]
    return "| " + " | ".join(cells) + " |"


def raw_file(folder, title):
    return folder / (title.replace(" ", "_").replace("%", "percent") + ".json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--hone", default="build/release/bin/hone")
    parser.add_argument("--out", default="docs/measurements/techniques.md", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the store and the raw JSON")
    parser.add_argument("--chunks", default="20", help="scored windows of 512 tokens")
    parser.add_argument("--repeat", default="12", help="repetitions of each side, whatever the noise")
    parser.add_argument("--resume", action="store_true", help="take rows whose raw JSON lies in --keep from there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        table, evidence = [], []
        for title, settings, extra in ROWS:
            print(title, file=sys.stderr, flush=True)
            raw = raw_file(folder, title)
            if options.resume and raw.exists():
                document = json.loads(raw.read_text())
            else:
                document = measure(options, title, settings,
                                   ["--chunks", options.chunks, "--repeat", options.repeat, "--resolution", "0", *extra],
                                   folder / "runs.sqlite")
                raw.write_text(json.dumps(document))
            workload = " ".join(extra) or "default workload"
            if title in BASELINES:
                workload += "; baseline with " + " ".join(BASELINES[title])
            table.append(table_row(f"{title}<br><small>{workload}</small>", document))
            evidence.append(evidence_row(title, settings, document))
            # After each row: an hour's work is not lost to the last one.
            write_page(options, document["runs"][0]["environment"], table, evidence)


def write_page(options, environment, table, evidence):
    name = pathlib.Path(options.checkpoint).name
    head = [
        "# Techniques, each alone",
        "",
        f"{name}, {datetime.date.today()}, on {environment.get('cpu', '?')} ({environment.get('isa', '?')}, "
        f"{environment.get('physical_cores', '?')} cores, shared and noisy: read the ratios). Written by",
        f"`scripts/measure_techniques.py {name} --chunks {options.chunks} --repeat {options.repeat}`; commit {environment.get('commit', '?')}.",
        "",
        "Ratios are candidate over baseline, measured interleaved in two workers (one after the other where the row names its baseline), with the 99 % interval that decides the verdict; ▲ faster, ▼ slower,",
        "· cannot tell. The default workload is 128 prompt tokens, 64 generated, one sequence,",
        f"{options.repeat} repetitions of each side.",
        f"Perplexity, KL divergence and top-1 agreement: bundled text, {options.chunks} windows of 512 with the second half scored,",
        "against the same checkpoint's baseline. Sizes in MB.",
        "",
        "| technique | prefill tok/s | decode tok/s | prefill × | decode × | total × | model MB | peak MB | perplexity | KL, nats | top-1, % |",
        "| --- | ---: | ---: | --- | --- | --- | ---: | ---: | --- | --- | --- |",
    ]
    middle = [
        "",
        "## Engaged, and as predicted?",
        "",
        "The counter that had to move, of one repetition; how far the predicted time (from `hone doctor`'s calibration) and the predicted",
        "peak of memory lie above (+) or below (−) the measured ones; and what only this technique changes, baseline → candidate.",
        "",
        "| technique | engaged | prefill time | decode time | peak memory | its own metrics |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text("\n".join(head + table + middle + evidence) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
