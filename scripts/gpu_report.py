#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_report.py FOLDER: what scripts/gpu_check.sh measured, as Markdown, beside what is to be reached. What is missing reads "not measured"."""
import json
import math
import pathlib
import sys

BF16 = 2  # bytes
UNACCOUNTED = 64 << 20


class Measured:
    """The documents in a folder, each by its name; None for what is missing or no JSON."""

    def __init__(self, folder):
        self.folder = folder
        self.documents = {}

    def document(self, name):
        if name not in self.documents:
            try:
                self.documents[name] = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                self.documents[name] = None
        return self.documents[name]

    def value(self, name, *path):
        """What a document holds at path; None where one of the steps is missing."""
        found = self.document(name)
        for step in path:
            try:
                found = found[step]
            except (TypeError, KeyError, IndexError):
                return None
        return found

    def metric(self, name, key):
        """Of the last run of `hone bench`."""
        return self.value(name, "runs", -1, "metrics", key, "value")

    def rate(self, of, kind):
        """FLOPs a second of many tokens: of the vendor's products (dense) or of Hone's (tiles)."""
        rates = {entry["type"]: entry.get("flops_per_second") for entry in self.value("bench_cuda", of) or []}
        return rates.get(kind)


def ratio(a, b):
    return a / b if a is not None and b else None


def product(*factors):
    return None if any(factor is None for factor in factors) else math.prod(factors)


def off(value):
    """By how much a ratio is off 1."""
    return None if value is None else abs(value - 1)


def model_sizes(measured):
    """What a token takes of the model, in BF16: bytes read to decode it, and FLOPs in products to prefill it. Embeddings are looked up, and the
    output matrix is multiplied with a prompt's last token alone."""
    parameters = measured.value("model", "parameters")
    config = measured.value("model", "config")
    if parameters is None or config is None:
        return None, None
    embedding = config["n_vocab"] * config["n_embd"]
    if config["tied_embeddings"]:
        return parameters * BF16, 2 * (parameters - embedding)
    return (parameters - embedding) * BF16, 2 * (parameters - 2 * embedding)


def percent(value):
    return f"{100 * value:.1f} %"


def times(value):
    return f"{value:.2f} ×"


def rows(measured):
    """(what, measured, how it reads, target, whether it is reached) of everything that is to be reached."""
    m = measured
    read, flops = model_sizes(m)
    copy = m.value("bench_cuda", "copy", "bytes_per_second")
    decode = {name: m.metric(f"decode-{name}", "decode_tokens_per_second") for name in ("bf16", "int8", "int4", "1x2k", "64x2k")}
    prefill = {name: m.metric(f"prefill-{name}", "prefill_tokens_per_second") for name in ("bf16", "w8a8", "fp8")}

    def least(what, value, text, limit):
        return what, value, text, f"≥ {text(limit)}", value is not None and value >= limit

    def most(what, value, text, limit):
        return what, value, text, f"≤ {text(limit)}", value is not None and value <= limit

    yield least("decode, BF16, 1 sequence, of the copy's bandwidth", ratio(product(decode["bf16"], read), copy), percent, 0.85)
    yield least("decode, BF16, over PyTorch compiled, static cache", ratio(decode["bf16"], m.value("torch", "decode_tokens_per_second")), times, 1.15)
    yield least("decode, int8 over BF16", ratio(decode["int8"], decode["bf16"]), times, 1.8)
    yield least("decode, int4 over BF16", ratio(decode["int4"], decode["bf16"]), times, 3.0)
    yield least("prefill of 2,048, BF16, of the measured matrix-product rate", ratio(product(prefill["bf16"], flops), m.rate("dense", "bf16")), percent, 0.65)
    yield least("prefill of 2,048, BF16, over PyTorch, SDPA", ratio(prefill["bf16"], m.value("torch", "prefill_tokens_per_second")), times, 1.0)
    yield least("prefill, W8A8 over BF16", ratio(prefill["w8a8"], prefill["bf16"]), times, 1.5)
    yield least("prefill, FP8 over BF16", ratio(prefill["fp8"], prefill["bf16"]), times, 1.5)
    yield least("decode at 64 sequences, 2k context, over one sequence", ratio(decode["64x2k"], decode["1x2k"]), times, 10)
    yield least("2:4 matrix product, BF16, over dense", ratio(m.rate("tiles", "bf16 2:4"), m.rate("dense", "bf16")), times, 1.2)
    trace = m.value("bench_cuda", "trace") or {}
    yield most("CUPTI against CUDA events, one long kernel", off((trace.get("long_kernel") or {}).get("ratio")), percent, 0.01)
    yield most("CUPTI against CUDA events, 1,000 kernels back to back", off((trace.get("short_kernels") or {}).get("ratio")), percent, 0.02)
    # Spans between events are no trace of kernels.
    traced = m.value("cuda_trace", "overhead") or {}
    cost = traced.get("ratio") if not traced.get("problem") else None
    yield most("tracing, of decode time (limit 5 %)", None if cost is None else max(0.0, cost - 1), percent, 0.02)
    yield least("kernel time with layer, operation and phase", ratio(traced.get("attributed_time"), traced.get("kernel_time")), percent, 0.99)
    yield least("kernels recorded, of those launched", ratio(traced.get("kernels"), traced.get("launches")), percent, 1.0)
    groups = m.value("counted", "groups") or []
    yield least("operations of decoding whose hardware counters were read", ratio(sum(g["dram_bytes"] is not None for g in groups), len(groups)),
                percent, 1.0)
    difference = m.value("cuda_trace", "logits", "largest_difference")
    yield most("logits against the CPU backend, fp32", difference if difference != "not finite" else math.inf, "{:.1e}".format, 2e-3)
    perplexity = ratio(m.metric("perplexity-bf16", "perplexity"), m.metric("perplexity-cpu", "perplexity"))
    yield most("perplexity, BF16 against the CPU in fp32", off(perplexity), lambda value: f"{100 * value:.2f} %", 0.005)
    memory = m.value("decode-bf16", "runs", -1, "memory") or {}
    rest, used = memory.get("unaccounted"), memory.get("peak_resident")
    limit = max(0.05 * used, UNACCOUNTED) if used is not None else UNACCOUNTED
    yield most("device memory that no class accounts for", None if rest is None else abs(rest), lambda value: f"{value / (1 << 20):.0f} MiB", limit)


def print_targets(measured):
    print("\n## Beside what is to be reached\n")
    print(f"{measured.value('model', 'name') or 'no model'}, random weights. Bandwidth counts the weights that a token reads, FLOPs those of the products with them.\n")
    print("| | measured | target | |\n| --- | ---: | --- | --- |")
    for what, value, text, target, reached in rows(measured):
        print(f"| {what} | {'not measured' if value is None else text(value)} | {target} | {'' if value is None else 'reached' if reached else 'missed'} |")


def print_runs(measured):
    print("\n| run | prefill tok/s | decode tok/s | ms a token |\n| --- | ---: | ---: | ---: |")
    for path in sorted([*measured.folder.glob("decode-*.json"), *measured.folder.glob("prefill-*.json")]):
        figures = [measured.metric(path.stem, f"{phase}_tokens_per_second") for phase in ("prefill", "decode")]
        if None not in figures:
            latency = measured.metric(path.stem, "time_per_output_token")
            print(f"| {path.stem} | {figures[0]:.1f} | {figures[1]:.1f} | {latency * 1e3:.3f} |")
    torch = measured.document("torch")
    if not torch:
        return
    decode = torch["decode_tokens_per_second"]
    print(f"| PyTorch {torch['torch']}, {torch.get('decode_way') or 'nothing decoded'} | {torch['prefill_tokens_per_second']:.1f} | "
          + (f"{decode:.1f} | {1e3 / decode:.3f} |" if decode else "– | – |"))
    for way, of in (torch.get("decode") or {}).items():
        rate = of.get("decode_tokens_per_second")
        said = [f"{rate:.1f} tokens a second" if rate else of.get("problem", "not measured")]
        if "compile_seconds" in of:
            said.append(f"{of['compile_seconds']:.0f} s of compiling")
        if of.get("skipped_graphs"):
            said.append(f"{of['skipped_graphs']} CUDA graphs skipped: a weak baseline")
        print(f"\nPyTorch decoding, {way}: {', '.join(said)}.")


def print_probes(measured):
    """Where the vendor's library does not take what the emulated device takes, or takes what that refuses; and whether its results are right."""
    products, differing = 0, []
    for path in sorted(measured.folder.glob("probe-*.json")):
        for entry in measured.document(path.stem) or []:
            products += 1
            wrong = (entry.get("difference") or 0) > 0.01
            if wrong or (entry["refused"] is None) != (entry["expected"] is None):
                differing.append((entry, f"off by {entry['difference']:.2g}" if wrong else entry["refused"] or "taken"))
    if products == 0:
        return
    print(f"\nThe vendor's library was asked for {products} products of few tokens, odd shapes and results that are not aligned; of {len(differing)} "
          "it said otherwise than the rules in kernels/cuda/plugin/dense_product.h.")
    if differing:
        print("\n| type | tokens | rows × columns | y aligned to | it | the rules |\n| --- | ---: | ---: | ---: | --- | --- |")
    for entry, said in differing:
        print(f"| {entry['type']} | {entry['tokens']} | {entry['rows']} × {entry['cols']} | {entry['y_alignment']} | {said.replace('|', ' ')} | "
              f"{entry['expected'] or 'taken'} |")


def print_rates(measured):
    bench = measured.document("bench_cuda")
    if not bench:
        return
    copy = bench["copy"]["bytes_per_second"]
    print(f"\nCopies: {copy / 1e12:.3f} TB/s read and written. Matrix products of the vendor's library, TFLOP/s: "
          + ", ".join(f"{entry['type']} " + (f"{entry['flops_per_second'] / 1e12:.1f}" if "flops_per_second" in entry else f"({entry['problem']})")
                      for entry in bench["dense"]) + ".")
    print("\n| product of few tokens | tokens | µs | of the copy's bandwidth |\n| --- | ---: | ---: | ---: |")
    for entry in bench["products"]:
        print(f"| {entry['type']}, {entry['rows']} × {entry['cols']} | {entry['tokens']} | {entry['microseconds']:.1f} | "
              f"{percent(entry['bytes_per_second'] / copy)} |")


def print_counted(measured):
    groups = [group for group in measured.value("counted", "groups") or [] if group["dram_bytes"] is not None]
    if not groups:
        return
    print(f"\nDecoding as {measured.value('counted', 'device', 'counters_source')} counted it, in a pass of its own.\n")
    print("| operation | DRAM MB | of the formula's bytes | tensor cores | multiprocessors |\n| --- | ---: | ---: | ---: | ---: |")
    for group in groups:
        share = ratio(group["dram_bytes"], group["bytes"])
        print(f"| {group['name']} | {group['dram_bytes'] / 1e6:.1f} | {'–' if share is None else percent(share)} | {percent(group['tensor_share'])} | "
              f"{percent(group['sm_share'])} |")


def print_problems(measured):
    """What was refused, the last line of the log of whatever gave no document, and why kernels were not seen."""
    for path in sorted(measured.folder.glob("*.log")):
        name = path.stem
        if measured.value(name, "error"):
            print(f"\n{name}: {measured.value(name, 'error', 'message')}")
        elif (measured.folder / f"{name}.json").exists() and not measured.document(name):
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            print(f"\n{name}: {lines[-1] if lines else 'no result'}")
    for name, path in (("bench_cuda", ("trace", "problem")), ("cuda_trace", ("overhead", "problem")), ("counted", ("device", "counters_problem"))):
        if measured.value(name, *path):
            print(f"\n{name}: {measured.value(name, *path)}")


def main():
    measured = Measured(pathlib.Path(sys.argv[1]))
    print_targets(measured)
    print_runs(measured)
    print_rates(measured)
    print_probes(measured)
    print_counted(measured)
    print_problems(measured)


if __name__ == "__main__":
    main()
