#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_transformers.py HONE [--out docs/measurements/interop.md]: exported folders in transformers beside Hone.

    python3 -m venv /tmp/hf && /tmp/hf/bin/pip install torch transformers==5.23.0 numpy
    HONE_SAMPLE_DIR=~/.cache/hone /tmp/hf/bin/python tests/interop/compare_transformers.py build/release/bin/hone

Exports the sample model as a Hugging Face folder in F32 and BF16, loads each with transformers' AutoModel and
AutoTokenizer and nothing else, computes in fp32, and compares the ids of the bundled text, the chat template's text, the greedy
continuation of three prompts, and the perplexity on the bundled text (windows of 512 tokens, the second half of each scored).
Fails unless ids, template and continuations are the same and the perplexity is within 0.2 %. --out replaces the section of that
page that this script made before.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = ROOT / "resources" / "texts" / "sample.txt"
TYPES = ["f32", "bf16"]
PROMPTS = ["The capital of France is", "def fibonacci(n):\n", "Once upon a time, in a village by the sea,"]
TOKENS, CONTEXT, WINDOWS = 32, 512, 20
TITLE = "# Exported folders in transformers"


def hone_json(hone, *arguments):
    done = subprocess.run([hone, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


@torch.no_grad()
def perplexity(model, ids):
    total, scored = 0.0, 0
    for window in range(min(WINDOWS, len(ids) // CONTEXT)):
        tokens = torch.tensor([ids[window * CONTEXT:(window + 1) * CONTEXT]])
        logits = model(tokens).logits[0, CONTEXT // 2:-1].double()
        wanted = tokens[0, CONTEXT // 2 + 1:]
        total -= torch.log_softmax(logits, dim=-1).gather(1, wanted[:, None]).sum().item()
        scored += wanted.numel()
    return float(torch.tensor(total / scored).double().exp())


@torch.no_grad()
def continuation(model, ids):
    found = model.generate(torch.tensor([ids]), max_new_tokens=TOKENS, do_sample=False)
    return found[0, len(ids):].tolist()


def compare(hone, source, kind, folder):
    out, store = folder / kind, folder / "runs.sqlite"
    exported = hone_json(hone, "export", source, "--format", "safetensors", "--type", kind, "--out", out, "--verify",
                         "--store", store)
    ours = hone_json(hone, "eval", out, "--text", TEXT, "--context", CONTEXT, "--chunks", WINDOWS, "--store",
                     store)["runs"][0]["metrics"]["perplexity"]["value"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(out)
    model = transformers.AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()
    text = TEXT.read_text(encoding="utf-8")
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    same_ids = hone_json(hone, "tokenize", out, TEXT, "--ids")["ids"] == ids
    same = 0
    for prompt in PROMPTS:
        continued = hone_json(hone, "generate", out, "--raw", "--prompt", prompt, "--max-tokens", TOKENS)["ids"]
        same += continued == continuation(model, tokenizer(prompt)["input_ids"])[:len(continued)]
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
    return {"type": kind, "bytes": exported["bytes"], "kl": exported["verify"]["kl_divergence"], "hone": ours,
            "theirs": perplexity(model, ids), "same": same, "ids": len(ids) if same_ids else 0,
            "chat": chat.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")}


def passed(row):
    return bool(row["same"] == len(PROMPTS) and row["ids"] and row["chat"]
                and abs(row["theirs"] / row["hone"] - 1) <= 0.002)


def section(rows, command):
    lines = [TITLE, "", "Made by tests/interop/compare_transformers.py; its head says how to run it.", "",
             f"- date: {datetime.date.today().isoformat()}", f"- machine: {cpu_name()}, {os.cpu_count()} cores",
             f"- transformers {transformers.__version__}, torch {torch.__version__}, computing in fp32",
             f"- command: `{command}`",
             "- model: SmolLM2-135M-Instruct (BF16), exported by Hone as a folder in each type and loaded with AutoModel and "
             "AutoTokenizer",
             f"- text: resources/texts/sample.txt, {WINDOWS} windows of {CONTEXT} tokens, the second half of each scored",
             f"- greedy: {len(PROMPTS)} prompts, {TOKENS} tokens each", "",
             "| type | folder | KL, folder from memory | same ids | perplexity, Hone | perplexity, transformers | difference | "
             "same greedy | |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"]
    for row in rows:
        lines.append(f"| {row['type'].upper()} | {row['bytes'] / 1e6:.1f} MB | {row['kl']:.1e} nats | {row['ids']:,} | "
                     f"{row['hone']:.4f} | {row['theirs']:.4f} | {(row['theirs'] / row['hone'] - 1) * 100:+.3f} % | "
                     f"{row['same']} of {len(PROMPTS)} | {'within limits' if passed(row) else 'BEYOND LIMITS'} |")
    lines += ["", "Limits: the same ids for the whole text, the same greedy continuation and a perplexity within 0.2 %.", ""]
    return "\n".join(lines)


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hone")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    source = pathlib.Path(os.environ["HONE_SAMPLE_DIR"]) / "SmolLM2-135M-Instruct.BF16.gguf"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in TYPES:
            rows.append(compare(options.hone, source, kind, pathlib.Path(folder)))
            print(rows[-1], file=sys.stderr, flush=True)
    text = section(rows, "HONE_SAMPLE_DIR=~/.cache/hone python tests/interop/compare_transformers.py build/release/bin/hone")
    print(text)
    if options.out:
        page = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
        before, _, after = page.partition(TITLE)
        rest = after[after.find("\n# "):] if "\n# " in after else ""  # another script's section
        options.out.write_text("\n\n".join(filter(None, [before.strip("\n"), text.strip("\n"), rest.strip("\n")])) + "\n",
                               encoding="utf-8")
    sys.exit(0 if all(passed(row) for row in rows) else 1)


if __name__ == "__main__":
    main()
