#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_torch.py [--small]: the same shape and work in PyTorch, for scripts/gpu_check.sh: llama-3-8b with random BF16 weights, compiled, a static cache.

Prints JSON: prefill (SDPA and cuBLAS) and decode (compiled, CUDA graphs) tokens a second, one sequence. Needs PyTorch 2.5 alone.
--small: a tiny shape in fp32 on the CPU, traced but not compiled, which shows that the two ways through the model agree.
"""
import argparse
import dataclasses
import json
import time

import torch
from torch import nn
from torch.nn import functional


@dataclasses.dataclass
class Shape:
    layers: int
    width: int
    heads: int
    kv_heads: int
    inner: int
    vocabulary: int
    positions: int
    theta: float = 500000.0

    @property
    def head(self):
        return self.width // self.heads


LLAMA = Shape(layers=32, width=4096, heads=32, kv_heads=8, inner=14336, vocabulary=128256, positions=2304)
TINY = Shape(layers=2, width=64, heads=4, kv_heads=2, inner=128, vocabulary=320, positions=64)


def rotate(x, cos, sin):
    low, high = x.chunk(2, dim=-1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        kv = shape.kv_heads * shape.head
        self.attention_norm, self.inner_norm = nn.RMSNorm(shape.width, eps=1e-5), nn.RMSNorm(shape.width, eps=1e-5)
        self.qkv = nn.Linear(shape.width, shape.width + 2 * kv, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)
        self.gate_up = nn.Linear(shape.width, 2 * shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)
        self.register_buffer("keys", torch.zeros(1, shape.kv_heads, shape.positions, shape.head))
        self.register_buffer("values", torch.zeros(1, shape.kv_heads, shape.positions, shape.head))

    def attend(self, x, where, cos, sin, mask):
        """`mask` is None for a prompt, which attends to itself; else over the whole cache."""
        shape, count = self.shape, x.shape[1]
        kv = shape.kv_heads * shape.head
        q, k, v = (part.view(1, count, -1, shape.head).transpose(1, 2) for part in self.qkv(x).split((shape.width, kv, kv), dim=-1))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        self.keys.index_copy_(2, where, k)
        self.values.index_copy_(2, where, v)
        if mask is not None:
            k, v = self.keys, self.values
        y = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=True)
        return self.out(y.transpose(1, 2).reshape(1, count, shape.width))

    def forward(self, x, where, cos, sin, mask):
        x = x + self.attend(self.attention_norm(x), where, cos, sin, mask)
        gate, up = self.gate_up(self.inner_norm(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)


class Llama(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=1e-5)
        self.output = nn.Linear(shape.width, shape.vocabulary, bias=False)
        frequencies = shape.theta ** (-torch.arange(0, shape.head, 2, dtype=torch.float64) / shape.head)
        angles = torch.outer(torch.arange(shape.positions, dtype=torch.float64), frequencies)
        self.register_buffer("cos", angles.cos().to(torch.get_default_dtype()))
        self.register_buffer("sin", angles.sin().to(torch.get_default_dtype()))
        self.register_buffer("past", torch.tril(torch.ones(shape.positions, shape.positions, dtype=torch.bool)))

    def run(self, tokens, where, mask):
        x = self.embedding(tokens)
        cos, sin = self.cos[where], self.sin[where]
        for layer in self.layers:
            x = layer(x, where, cos, sin, mask)
        return self.output(self.norm(x[:, -1:]))

    def prefill(self, tokens):
        return self.run(tokens, torch.arange(tokens.shape[1], device=tokens.device), None)

    def step(self, token, where):
        """One more token at position where[0]: its logits, and the token that follows."""
        logits = self.run(token, where, self.past[where][None, None])
        return logits, logits.argmax(dim=-1)


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def prefill_rate(model, prompt, device, rounds):
    best = float("inf")
    for _ in range(rounds + 1):  # the first warms up
        wait(device)
        start = time.perf_counter()
        model.prefill(prompt)
        wait(device)
        best = min(best, time.perf_counter() - start)
    return prompt.shape[1] / best


def decode_rate(model, step, prompt, device, steps, rounds):
    best = float("inf")
    for _ in range(rounds + 1):  # the first compiles
        token = model.prefill(prompt).argmax(dim=-1)
        where = torch.tensor([prompt.shape[1]], device=device)
        wait(device)
        start = time.perf_counter()
        for _ in range(steps):
            token = step(token, where)[1].clone()  # a graph's output is overwritten by its next run
            where = where + 1
        wait(device)
        best = min(best, time.perf_counter() - start)
    return steps / best


def cache_difference(model, prompt):
    """Between the logits of a prompt, and of its last token behind the others in the cache."""
    whole = model.prefill(prompt)
    model.prefill(prompt[:, :-1])
    last = model.step(prompt[:, -1:], torch.tensor([prompt.shape[1] - 1], device=prompt.device))[0]
    return (whole - last).abs().max().item() / whole.abs().max().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    small = parser.parse_args().small
    shape, device = (TINY, "cpu") if small else (LLAMA, "cuda")
    prompt, long_prompt, steps, rounds = (8, 16, 4, 1) if small else (128, 2048, 128, 3)
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float32 if small else torch.bfloat16)
    with torch.device(device):
        model = Llama(shape).eval()
    with torch.inference_mode():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.normal_(0, 0.02)
        tokens = torch.randint(0, 256, (1, long_prompt), device=device)
        result = {"torch": torch.__version__, "device": torch.cuda.get_device_name() if device == "cuda" else device,
                  "cache_difference": cache_difference(model, tokens[:, :prompt]),
                  "prefill_tokens_per_second": prefill_rate(model, tokens, device, rounds)}
        how = {"backend": "eager"} if small else {"mode": "reduce-overhead"}
        step = torch.compile(model.step, fullgraph=True, **how)
        result["decode_tokens_per_second"] = decode_rate(model, step, tokens[:, :prompt], device, steps, rounds)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
