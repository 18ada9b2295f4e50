#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_techniques.py HONE [--out docs/measurements/interop.md]: techniques that change what is computed, beside PyTorch.

    python3 -m venv /tmp/hf && /tmp/hf/bin/pip install torch transformers==5.23.0 numpy
    HONE_SAMPLE_DIR=~/.cache/hone /tmp/hf/bin/python tests/interop/compare_techniques.py build/release/bin/hone

Writes each technique a second time, in a few lines of PyTorch on transformers' model: int8 and bf16 products as rounded values,
attention as a mask over all positions, int8 caches as rounded keys and values, pruned weights and layers as the papers say. Then compares,
on the bundled text (windows of 1,024 tokens, the second half of each scored), the perplexities and how far each program's technique is from
its own baseline (KL divergence). Roundings amplify differences in the last bit of a sum: two programs that quantise alike err by as much,
not in the same places. So divergences must agree, and perplexities within the limit or three standard deviations of what such errors
make of them, 2 · KL / tokens each. Fails where they do not. --out replaces the section of that page that this script made before.
"""
import argparse
import datetime
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = ROOT / "resources" / "texts" / "sample.txt"
CONTEXT, WINDOWS, LIMIT, KL_LIMIT = 1024, 4, 0.002, 0.15
CALIBRATION_TOKENS, CALIBRATION_SEQUENCE = 4096, 512  # of the last third of the text
TITLE = "# Techniques in PyTorch"
WINDOW, SINKS, PAGE, KEEP, DENSE_LAYERS = 128, 4, 16, 8, 2
REMOVED_LAYERS, KEPT_ENDS = 3, 2


def hone_json(hone, *arguments):
    done = subprocess.run([hone, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def int8_rows(weight):
    """One scale a row, rounded to half precision before the integers are chosen."""
    scale = (weight.abs().amax(dim=1, keepdim=True) / 127).half().float()
    return torch.clamp(torch.round(weight / scale), -127, 127) * scale


class Int8Linear(torch.nn.Module):
    """W8A8: weights by row, inputs by token with the scale of their largest value."""

    def __init__(self, linear):
        super().__init__()
        self.weight = int8_rows(linear.weight.data)

    def forward(self, x):
        scale = x.abs().amax(dim=-1, keepdim=True).clamp_min(1e-30) / 127
        return torch.nn.functional.linear(torch.round(x / scale) * scale, self.weight)


class Bf16Linear(torch.nn.Module):
    """Weights and inputs rounded to bf16, sums in fp32."""

    def __init__(self, linear):
        super().__init__()
        self.weight = linear.weight.data.bfloat16().float()

    def forward(self, x):
        return torch.nn.functional.linear(x.bfloat16().float(), self.weight)


def linears(layer):
    for part in (layer.self_attn, layer.mlp):
        for name, child in list(part.named_children()):
            if isinstance(child, torch.nn.Linear):
                yield part, name, child


def with_products(kind):
    def change(model, _calibration):
        for layer in model.model.layers:
            for part, name, linear in linears(layer):
                setattr(part, name, kind(linear))
    return change


class Enough(Exception):
    """The layer that was asked for has run."""


def stop(*_):
    raise Enough


def input_squares(model, layer, calibration):
    """The sum of squares of every input of the layer's products, over the calibration text."""
    sums, hooks = {}, [layer.register_forward_hook(stop)]
    for _, _, linear in linears(layer):
        def add(module, inputs):
            sums[module] = sums.get(module, 0) + inputs[0][0].double().square().sum(dim=0)
        hooks.append(linear.register_forward_pre_hook(add))
    for tokens in calibration:
        try:
            model(torch.tensor([tokens]))
        except Enough:
            pass
    for hook in hooks:
        hook.remove()
    return sums


def prune_wanda(model, calibration):
    """Half of each row, by |weight| · ‖input‖; each layer sees what the pruned layers before it put out."""
    for layer in model.model.layers:
        for linear, squares in input_squares(model, layer, calibration).items():
            weight = linear.weight.data
            score = weight.abs() * squares.sqrt().float()
            least = score.argsort(dim=1, stable=True)[:, :weight.shape[1] // 2]
            weight.scatter_(1, least, 0)


def prune_layers(model, calibration):
    """Block influence: one less the mean cosine of what goes into a layer and what comes out."""
    influence = torch.zeros(len(model.model.layers), dtype=torch.float64)
    for tokens in calibration:
        hidden = model(torch.tensor([tokens]), output_hidden_states=True).hidden_states
        for layer, (before, after) in enumerate(zip(hidden, hidden[1:])):
            influence[layer] += (1 - torch.cosine_similarity(before[0].double(), after[0].double(), dim=-1)).sum()
    middle = range(KEPT_ENDS, len(influence) - KEPT_ENDS)
    removed = set(sorted(middle, key=lambda layer: influence[layer])[:REMOVED_LAYERS])
    model.model.layers = torch.nn.ModuleList(
        layer for index, layer in enumerate(model.model.layers) if index not in removed)
    model.config.num_hidden_layers = len(model.model.layers)
    for index, layer in enumerate(model.model.layers):
        layer.self_attn.layer_idx = index


def attend(query, key, value, allowed, scaling):
    scores = (query @ key.transpose(2, 3)) * scaling
    weights = torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1)
    return (weights @ value).transpose(1, 2).contiguous()


def repeated(module, key, value):
    groups = module.num_key_value_groups
    return key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)


def int8_vectors(values):
    """One scale a token and head."""
    scale = values.abs().amax(dim=-1, keepdim=True).clamp_min(1e-30) / 127
    return torch.round(values / scale) * scale


def int8_cache_attention(module, query, key, value, _mask, scaling, **_):
    positions = torch.arange(key.shape[2])
    causal = positions[None, :] <= positions[:, None]
    return attend(query, *repeated(module, int8_vectors(key), int8_vectors(value)), causal, scaling), None


def window_attention(module, query, key, value, _mask, scaling, **_):
    positions = torch.arange(key.shape[2])
    back = positions[:, None] - positions[None, :]
    allowed = (back >= 0) & ((back < WINDOW) | (positions[None, :] < SINKS))
    return attend(query, *repeated(module, key, value), allowed, scaling), None


def page_attention(module, query, key, value, _mask, scaling, **_):
    """Quest: a page's bound is the largest score that a key within its channels' least and largest values could reach; the queries
    that share keys choose together."""
    length, groups = key.shape[2], module.num_key_value_groups
    positions = torch.arange(length)
    causal = positions[None, :] <= positions[:, None]
    if module.layer_idx < DENSE_LAYERS:
        return attend(query, *repeated(module, key, value), causal, scaling), None
    pages = key.shape[2] // PAGE
    paged = key.view(1, key.shape[1], pages, PAGE, key.shape[3])
    low, high = paged.amin(dim=3), paged.amax(dim=3)
    grouped = query.view(1, key.shape[1], groups, length, key.shape[3])
    bound = (grouped.clamp_min(0) @ high.transpose(2, 3)[:, :, None]
             + grouped.clamp_max(0) @ low.transpose(2, 3)[:, :, None]).amax(dim=2)
    own = positions // PAGE
    bound = bound.masked_fill(torch.arange(pages)[None, :] >= own[:, None], float("-inf"))
    best = bound.topk(min(KEEP - 1, pages), dim=-1).indices
    chosen = torch.zeros_like(bound, dtype=torch.bool).scatter_(3, best, True)
    chosen |= torch.arange(pages)[None, :] == own[:, None]
    allowed = chosen.repeat_interleave(PAGE, dim=3) & causal
    return attend(query, *repeated(module, key, value), allowed.repeat_interleave(groups, dim=1), scaling), None


ALL_ATTENTION_FUNCTIONS.register("window_and_sinks", window_attention)
ALL_ATTENTION_FUNCTIONS.register("top_pages", page_attention)
ALL_ATTENTION_FUNCTIONS.register("int8_cache", int8_cache_attention)

# (title, settings of Hone, attention of transformers, change of its model)
TECHNIQUES = [
    ("baseline", [], "eager", None),
    ("quantize_activations", ["quantize_activations.scheme=int8_token"], "eager", with_products(Int8Linear)),
    ("precision, bf16", ["precision.compute=bf16"], "eager", with_products(Bf16Linear)),
    ("kv_cache, int8", ["kv_cache.dtype=int8"], "int8_cache", None),
    ("prune_wanda, 50 %", [f"prune_wanda.tokens={CALIBRATION_TOKENS}", "prune_wanda.sparsity=0.5"], "eager", prune_wanda),
    (f"prune_layers, {REMOVED_LAYERS}",
     [f"prune_layers.layers={REMOVED_LAYERS}", f"prune_layers.keep_ends={KEPT_ENDS}",
      f"prune_layers.tokens={CALIBRATION_TOKENS}"], "eager", prune_layers),
    (f"sparse_attention, window {WINDOW} + {SINKS} sinks",
     [f"sparse_attention.window={WINDOW}", f"sparse_attention.sinks={SINKS}"], "window_and_sinks", None),
    (f"sparse_attention, {KEEP} of {CONTEXT // PAGE} pages",
     ["sparse_attention.kind=top_pages", f"sparse_attention.page={PAGE}", f"sparse_attention.keep={KEEP}",
      f"sparse_attention.dense_layers={DENSE_LAYERS}"], "top_pages", None),
]


@torch.no_grad()
def log_probs(model, ids):
    """Of every scored token's whole vocabulary: [WINDOWS · (CONTEXT / 2 − 1), n_vocab]."""
    windows = []
    for window in range(WINDOWS):
        tokens = torch.tensor([ids[window * CONTEXT:(window + 1) * CONTEXT]])
        windows.append(torch.log_softmax(model(tokens).logits[0, CONTEXT // 2:-1].float(), dim=-1))
    return torch.cat(windows)


def scored_tokens(ids):
    return torch.tensor([token for window in range(WINDOWS)
                         for token in ids[window * CONTEXT + CONTEXT // 2 + 1:(window + 1) * CONTEXT]])


def perplexity(scores, wanted):
    return float((-scores.gather(1, wanted[:, None]).double().mean()).exp())


def divergence(baseline, scores):
    """In nats a token, baseline first; row by row, which needs no third table."""
    total = sum(float((base.double().exp() * (base.double() - own.double())).sum()) for base, own in zip(baseline, scores))
    return total / len(baseline)


def calibration_text(hone, source, scratch):
    text = TEXT.read_bytes()
    tail = scratch / "calibration.txt"
    tail.write_bytes(text[len(text) // 3 * 2:])
    ids = hone_json(hone, "tokenize", source, tail, "--ids")["ids"]
    return [[ids[at % len(ids)] for at in range(begin, begin + CALIBRATION_SEQUENCE)]
            for begin in range(0, CALIBRATION_TOKENS, CALIBRATION_SEQUENCE)]


@torch.no_grad()
def compare(hone, source, folder, store, calibration, baseline, technique):
    """A row, and PyTorch's scores."""
    title, settings, attention, change = technique
    arguments = [part for setting in settings for part in ("--with", setting)]
    against = ["--against", "baseline"] if settings else []
    metrics = hone_json(hone, "eval", source, "--text", TEXT, "--context", CONTEXT, "--chunks", WINDOWS, "--store", store,
                        *arguments, *against)["runs"][-1]["metrics"]
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32,
                                                              attn_implementation=attention).eval()
    if change:
        change(model, calibration)
    ids = hone_json(hone, "tokenize", source, TEXT, "--ids")["ids"]
    scores = log_probs(model, ids)
    row = {"title": title, "hone": metrics["perplexity"]["value"], "theirs": perplexity(scores, scored_tokens(ids)),
           "hone_kl": metrics["kl_divergence"]["value"] if settings else 0.0,
           "their_kl": divergence(baseline, scores) if settings else 0.0}
    spread = math.sqrt(2 * (row["hone_kl"] + row["their_kl"]) / len(scores))
    row["limit"] = max(LIMIT, 3 * spread)
    row["agrees"] = (abs(row["theirs"] / row["hone"] - 1) <= row["limit"]
                     and abs(row["their_kl"] - row["hone_kl"]) <= KL_LIMIT * row["hone_kl"])
    return row, scores


def section(hone, rows):
    lines = [TITLE, "", "Made by tests/interop/compare_techniques.py; its head says how to run it.", "",
             f"- date: {datetime.date.today().isoformat()}",
             f"- transformers {transformers.__version__}, torch {torch.__version__}, computing in fp32",
             f"- command: `HONE_SAMPLE_DIR=~/.cache/hone python tests/interop/compare_techniques.py {hone}`",
             f"- model: SmolLM2-135M-Instruct (BF16); text: resources/texts/sample.txt, {WINDOWS} windows of {CONTEXT} tokens, the "
             "second half of each scored", "",
             "| technique | perplexity, Hone | perplexity, PyTorch | difference | its limit | KL, Hone, nats | KL, PyTorch, nats | |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"]
    for row in rows:
        lines.append(f"| {row['title']} | {row['hone']:.4f} | {row['theirs']:.4f} | {(row['theirs'] / row['hone'] - 1) * 100:+.3f} % | "
                     f"{100 * row['limit']:.2f} % | {row['hone_kl']:.6f} | {row['their_kl']:.6f} | "
                     f"{'within limits' if row['agrees'] else '**differs**'} |")
    return "\n".join(lines + ["", "KL: each program's technique against its own baseline, a scored token; the two may differ by "
                              f"{100 * KL_LIMIT:.0f} %. Perplexities may differ by {100 * LIMIT:.1f} %, or by three standard "
                              "deviations of what roundings that fall differently make of them (√(2 KL / tokens) each), where that is more.", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hone")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    source = pathlib.Path(os.environ["HONE_SAMPLE_DIR"]) / "SmolLM2-135M-Instruct.BF16.gguf"
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder, store = pathlib.Path(scratch) / "model", pathlib.Path(scratch) / "runs.sqlite"
        hone_json(options.hone, "export", source, "--format", "safetensors", "--type", "f32", "--out", folder, "--store", store)
        calibration = calibration_text(options.hone, source, pathlib.Path(scratch))
        baseline = None
        for technique in TECHNIQUES:
            row, scores = compare(options.hone, source, folder, store, calibration, baseline, technique)
            baseline = scores if baseline is None else baseline
            rows.append(row)
            print(rows[-1], file=sys.stderr, flush=True)
    text = section(options.hone, rows)
    print(text)
    if options.out:
        page = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
        before, _, after = page.partition(TITLE)
        rest = after[after.find("\n# "):] if "\n# " in after else ""  # another script's section
        options.out.write_text("\n\n".join(filter(None, [before.strip("\n"), text.strip("\n"), rest.strip("\n")])) + "\n",
                               encoding="utf-8")
    sys.exit(0 if all(row["agrees"] for row in rows) else 1)


if __name__ == "__main__":
    main()
