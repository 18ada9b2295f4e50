#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_report.py FOLDER: the benchmarks of scripts/gpu_check.sh as Markdown, beside what is to be reached. What is missing reads "not measured"."""
import json
import pathlib
import sys

PARAMETER_BYTES = 2  # BF16


def load(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def metric(folder, name, key):
    document = load(folder / f"{name}.json")
    if not document or not document.get("runs"):
        return None
    run = document["runs"][-1]
    figure = run["metrics"].get(key)
    return figure["value"] if figure else None


def model_bytes(folder, name):
    return metric(folder, name, "model_bytes")


def row(title, value, target):
    return f"| {title} | {value if value is not None else 'not measured'} | {target} |"


def ratio(a, b, text):
    return text.format(a / b) if a and b else None


def main():
    folder = pathlib.Path(sys.argv[1])
    bench, torch = load(folder / "bench_cuda.json"), load(folder / "torch.json") or {}
    decode = {name: metric(folder, f"decode-{name}", "decode_tokens_per_second") for name in ("bf16", "int8", "int4", "64")}
    prefill = {name: metric(folder, f"prefill-{name}", "prefill_tokens_per_second") for name in ("bf16", "w8a8")}
    print("\n## Speed, beside what is to be reached\n\nllama-3-8b's shape, random weights. Bandwidth counts the model's bytes once a token.\n")
    print("| | measured | target |\n| --- | ---: | --- |")
    copy = bench["copy"]["bytes_per_second"] if bench else None
    read = decode["bf16"] * model_bytes(folder, "decode-bf16") if decode["bf16"] else None
    print(row("decode, BF16, 1 sequence, of the copy's bandwidth", ratio(read, copy, "{:.0%}"), "≥ 85 %"))
    print(row("decode, BF16, over PyTorch compiled", ratio(decode["bf16"], torch.get("decode_tokens_per_second"), "{:.2f} ×"), "≥ 1.15 ×"))
    print(row("decode, int8 over BF16", ratio(decode["int8"], decode["bf16"], "{:.2f} ×"), "≥ 1.8 ×"))
    print(row("decode, int4 over BF16", ratio(decode["int4"], decode["bf16"], "{:.2f} ×"), "≥ 3.0 ×"))
    dense = {entry["type"]: entry["flops_per_second"] for entry in bench["dense"]} if bench else {}
    flops = prefill["bf16"] * model_bytes(folder, "prefill-bf16") / PARAMETER_BYTES * 2 if prefill["bf16"] else None
    print(row("prefill of 2,048, BF16, of the measured matrix-product rate", ratio(flops, dense.get("bf16"), "{:.0%}"), "≥ 65 %"))
    print(row("prefill of 2,048, BF16, over PyTorch", ratio(prefill["bf16"], torch.get("prefill_tokens_per_second"), "{:.2f} ×"), "≥ 1 ×"))
    print(row("prefill, W8A8 over BF16", ratio(prefill["w8a8"], prefill["bf16"], "{:.2f} ×"), "≥ 1.5 ×"))
    print(row("decode at 64 sequences, 2k context, over one sequence", ratio(decode["64"], decode["bf16"], "{:.1f} ×"), "≥ 10 ×"))
    if bench:
        print(f"\nCopies: {copy / 1e12:.2f} TB/s read and written. Matrix products of 8192³, TFLOP/s: "
              + ", ".join(f"{name} {rate / 1e12:.0f}" for name, rate in dense.items()) + ".")
        print("\n| product of few tokens | tokens | µs | of the copy's bandwidth |\n| --- | ---: | ---: | ---: |")
        for entry in bench["products"]:
            print(f"| {entry['type']}, {entry['rows']} × {entry['cols']} | {entry['tokens']} | {entry['microseconds']:.1f} | "
                  f"{entry['bytes_per_second'] / copy:.0%} |")
    for name in sorted(path.stem for path in folder.glob("*.log")):
        text = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").strip()
        if name.startswith(("decode", "prefill", "torch")) and not load(folder / f"{name}.json"):
            print(f"\n{name}: {text.splitlines()[-1] if text else 'no result'}")


if __name__ == "__main__":
    main()
