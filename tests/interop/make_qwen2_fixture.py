#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_qwen2_fixture.py MODEL.gguf OUT.json: what transformers computes with the weights of Qwen2.5-Coder-0.5B-Instruct that the `gguf`
package expands.

Writes tests/fixtures/qwen2_f32.json: the mean loss over 384 tokens of the bundled sample text, and three greedy continuations of 24 tokens
with how far the two best logits lay apart at each step. Weights, activations and sums are fp32. Needs torch, transformers, gguf and
numpy; the versions used are in the file.
"""
import json
import pathlib
import sys

import gguf
import numpy as np
import torch
import transformers

TEXT = pathlib.Path(__file__).parents[2] / "resources/texts/sample.txt"
CHARACTERS, TOKENS, STEPS = 4000, 384, 24
PROMPTS = ["def fibonacci(n):\n", "The capital of France is", "// Sums the elements of a vector\ntemplate <typename T>\nT sum("]
BLOCK = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
         "ffn_norm": "post_attention_layernorm"}
ELSE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def name_of(tensor):
    parts = tensor.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{BLOCK[parts[2]]}.{parts[3]}"
    return f"{ELSE[parts[0]]}.{parts[1]}"


def model_of(reader):
    def value(key):
        return reader.fields[f"qwen2.{key}"].contents()

    tensors = {name_of(t.name): torch.from_numpy(gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32).copy())
               for t in reader.tensors}
    config = transformers.Qwen2Config(
        vocab_size=tensors["model.embed_tokens.weight"].shape[0], hidden_size=value("embedding_length"),
        intermediate_size=value("feed_forward_length"), num_hidden_layers=value("block_count"),
        num_attention_heads=value("attention.head_count"), num_key_value_heads=value("attention.head_count_kv"),
        max_position_embeddings=value("context_length"), rms_norm_eps=value("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": value("rope.freq_base")},
        tie_word_embeddings="lm_head.weight" not in tensors)
    model = transformers.Qwen2ForCausalLM(config).to(torch.float32).eval()
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    return model


def greedy(model, ids):
    step, past, chosen, margins = torch.tensor([ids]), None, [], []
    for _ in range(STEPS):
        output = model(step, past_key_values=past, use_cache=True, logits_to_keep=1)
        best, past = output.logits[0, -1].topk(2), output.past_key_values
        chosen.append(int(best.indices[0]))
        margins.append(round(float(best.values[0] - best.values[1]), 5))
        step = torch.tensor([[chosen[-1]]])
    return {"greedy_ids": chosen, "margins": margins}


def main():
    path = pathlib.Path(sys.argv[1])
    reader = gguf.GGUFReader(path)
    model = model_of(reader)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    with torch.no_grad():
        ids = tokenizer(TEXT.read_text(encoding="utf-8")[:CHARACTERS])["input_ids"][:TOKENS]
        batch = torch.tensor([ids])
        loss = float(model(batch, labels=batch).loss)
        prompts = []
        for prompt in PROMPTS:
            prompt_ids = tokenizer(prompt)["input_ids"]
            prompts.append({"prompt": prompt, "prompt_ids": prompt_ids, **greedy(model, prompt_ids)})
    types = sorted({t.tensor_type.name for t in reader.tensors})
    document = {"made_with": f"transformers {transformers.__version__}, torch {torch.__version__}, gguf 0.19.0", "types": types,
                "characters": CHARACTERS, "ids": ids, "loss": loss, "prompts": prompts}
    pathlib.Path(sys.argv[2]).write_text(json.dumps(document, indent=0) + "\n")
    print(loss)


if __name__ == "__main__":
    main()
