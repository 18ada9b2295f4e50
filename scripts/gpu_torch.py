#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_torch.py: the same shape and work in PyTorch, for scripts/gpu_check.sh: llama-3-8b with random BF16 weights, compiled, with a static cache.

Prints JSON: prefill and decode tokens a second, one sequence. Needs PyTorch and transformers.
"""
import json
import time

import torch
import transformers


def seconds(model, prompt, tokens):
    """Of generating so many tokens; the best of three, after one that compiles."""
    best = float("inf")
    for _ in range(4):
        torch.cuda.synchronize()
        start = time.perf_counter()
        model.generate(prompt, min_new_tokens=tokens, max_new_tokens=tokens, do_sample=False, cache_implementation="static")
        torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return best


def main():
    torch.set_float32_matmul_precision("high")
    config = transformers.LlamaConfig(hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32,
                                      num_key_value_heads=8, vocab_size=128256, max_position_embeddings=8192, rope_theta=500000.0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = transformers.LlamaForCausalLM(config).eval()
    torch.set_default_dtype(torch.float32)
    prompt = torch.randint(0, 256, (1, 128), device="cuda")
    long_prompt = torch.randint(0, 256, (1, 2048), device="cuda")
    with torch.inference_mode():
        for _ in range(3):  # the prompt pass as it comes, with SDPA
            model(long_prompt, logits_to_keep=1)
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(5):
            model(long_prompt, logits_to_keep=1)
        torch.cuda.synchronize()
        prefill = 5 * 2048 / (time.perf_counter() - start)
        model.forward = torch.compile(model.forward, mode="reduce-overhead", fullgraph=True)
        few, many = seconds(model, prompt, 16), seconds(model, prompt, 144)
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "prefill_tokens_per_second": prefill,
                      "decode_tokens_per_second": 128 / (many - few)}))


if __name__ == "__main__":
    main()
