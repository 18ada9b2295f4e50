#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_torch.py [--small] [--compile-seconds S]: the same shape and work in PyTorch, for scripts/gpu_check.sh: llama-3-8b, random BF16 weights, a static
cache that is as long as the work needs: attention over positions that nobody wrote would make a weak baseline.

Prints JSON: prefill (SDPA and cuBLAS) and decode tokens a second, one sequence. Decoding is compiled as a whole with CUDA graphs, unless that takes longer
than S seconds (a cold compile may), and replayed as one CUDA graph that is not compiled: the faster one counts, and both are told, with the graphs that
the compiler skipped. Needs PyTorch 2.5 alone. --small: a tiny shape in fp32 on the CPU, traced but not compiled, which shows that the two ways through the
model agree.
"""
import argparse
import dataclasses
import json
import os
import signal
import sys
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
    theta: float = 500000.0

    @property
    def head(self):
        return self.width // self.heads


LLAMA = Shape(layers=32, width=4096, heads=32, kv_heads=8, inner=14336, vocabulary=128256)
TINY = Shape(layers=2, width=64, heads=4, kv_heads=2, inner=128, vocabulary=320)


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

    def make_room(self, positions):
        for name in ("keys", "values"):
            self.register_buffer(name, torch.zeros(1, self.shape.kv_heads, positions, self.shape.head, device=self.down.weight.device))

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

    def make_room(self, positions):
        """A cache of so many positions, empty."""
        device = self.output.weight.device
        frequencies = self.shape.theta ** (-torch.arange(0, self.shape.head, 2, dtype=torch.float64, device=device) / self.shape.head)
        angles = torch.outer(torch.arange(positions, dtype=torch.float64, device=device), frequencies)
        self.register_buffer("cos", angles.cos().to(torch.get_default_dtype()))
        self.register_buffer("sin", angles.sin().to(torch.get_default_dtype()))
        self.register_buffer("past", torch.tril(torch.ones(positions, positions, dtype=torch.bool, device=device)))
        for layer in self.layers:
            layer.make_room(positions)

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


def replayed(model, token, where):
    """A step as one CUDA graph, its inputs copied into place: what CUDA graphs give without compiling."""
    token, where = token.clone(), where.clone()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(2):
            model.step(token, where)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = model.step(token, where)

    def step(next_token, next_where):
        token.copy_(next_token)
        where.copy_(next_where)
        graph.replay()
        return result

    return step


class TooLong(Exception):
    pass


class Limit:
    """Raises TooLong when `seconds` are over, and again every second, since a compiler catches what is raised in it; ten seconds later it calls give_up()
    and ends the process."""

    def __init__(self, seconds, give_up):
        self.seconds, self.give_up, self.raised = seconds, give_up, 0

    def __enter__(self):
        signal.signal(signal.SIGALRM, self.expire)
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 1)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        signal.setitimer(signal.ITIMER_REAL, 0)

    def expire(self, *_):
        self.raised += 1
        if self.raised > 10:
            self.stop()
            self.give_up(self.said())
            sys.stdout.flush()
            os._exit(0)
        raise TooLong(self.said())

    def said(self):
        return f"compiling took longer than {self.seconds} s"


def compiled_rate(model, prompt, device, steps, rounds, limit):
    """{rate or problem, seconds of compiling, skipped graphs}"""
    how = {"mode": "reduce-overhead"} if device == "cuda" else {"backend": "eager"}
    step = torch.compile(model.step, fullgraph=True, **how)
    token, where = model.prefill(prompt).argmax(dim=-1), torch.tensor([prompt.shape[1]], device=device)
    result = {}
    try:
        with limit:
            start = time.perf_counter()
            for _ in range(3):  # compiles, warms up, records
                step(token, where)
            wait(device)
        result["compile_seconds"] = time.perf_counter() - start
        result["decode_tokens_per_second"] = decode_rate(model, step, prompt, device, steps, rounds)
    except Exception as error:  # whatever the compiler says: the other way was measured  # pylint: disable=broad-except
        result["problem"] = limit.said() if limit.raised else f"{type(error).__name__}: {error}".splitlines()[0][:300]
    counters = getattr(torch._dynamo.utils, "counters", {})  # pylint: disable=protected-access
    result["skipped_graphs"] = int(counters["inductor"]["cudagraph_skips"]) if "inductor" in counters else 0
    return result


def cache_difference(model, prompt):
    """Between the logits of a prompt, and of its last token behind the others in the cache."""
    whole = model.prefill(prompt)
    model.prefill(prompt[:, :-1])
    last = model.step(prompt[:, -1:], torch.tensor([prompt.shape[1] - 1], device=prompt.device))[0]
    return (whole - last).abs().max().item() / whole.abs().max().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--compile-seconds", type=int, default=300)
    arguments = parser.parse_args()
    small = arguments.small
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
        short = tokens[:, :prompt]
        model.make_room(long_prompt)
        result = {"torch": torch.__version__, "device": torch.cuda.get_device_name() if device == "cuda" else device,
                  "cache_difference": cache_difference(model, short),
                  "prefill_tokens_per_second": prefill_rate(model, tokens, device, rounds)}
        model.make_room(prompt + steps)
        ways = {}
        if device == "cuda":
            step = replayed(model, model.prefill(short).argmax(dim=-1), torch.tensor([prompt], device=device))
            ways["one CUDA graph, not compiled"] = {"decode_tokens_per_second": decode_rate(model, step, short, device, steps, rounds)}
        def report(compiled):
            ways["compiled"] = compiled
            rates = {way: of["decode_tokens_per_second"] for way, of in ways.items() if "decode_tokens_per_second" in of}
            best = max(rates, key=rates.get, default=None)
            print(json.dumps(result | {"decode_tokens_per_second": rates.get(best), "decode_way": best, "decode_positions": prompt + steps, "decode": ways}))

        limit = Limit(arguments.compile_seconds, lambda said: report({"problem": said}))
        report(compiled_rate(model, short, device, steps, rounds, limit))


if __name__ == "__main__":
    main()
