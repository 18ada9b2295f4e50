#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_hugging_face_fixtures.py [NAME…]: writes the folders NAME… (all by default) of tests/fixtures/hugging_face anew.

    python3 -m venv /tmp/hf && /tmp/hf/bin/pip install torch transformers==5.23.0 tokenizers safetensors
    /tmp/hf/bin/python tests/interop/make_hugging_face_fixtures.py

Small random models as transformers saves them, and what transformers computes with them in fp32: `grouped` (two key heads for
four query heads, heads wider than the embedding's share, an output matrix, BF16, two shards, SmolLM2's pre-tokeniser, rows of the
embedding without a token), `tied` (F32, one file, no output matrix, Llama 3's pre-tokeniser and a text start), and the same two shapes of
Qwen 2, `qwen2` and `qwen2_tied` (biases, Qwen 2's pre-tokeniser, texts composed first), and of Qwen 3, `qwen3` and `qwen3_tied`
(norms of the heads of q and k, heads wider than the embedding's share). `logits.json`
has each model plain and with both scalings of the rotary frequencies, which only change config.json; `tokens.json` has texts
with the ids that tokenizers gives them.
"""
import json
import pathlib
import shutil
import sys

import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "fixtures" / "hugging_face"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
DECOMPOSED = "cafe\u0301 A\u030angstro\u0308m \u1112\u1161\u11ab"
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEXTS = ["", "Hello, world!", "It's 2024: we'LL pay $1,234.56 for 12345 things.", "  two  spaces \n\n and\tlines\r\n\r\n",
         "naïve café über straße", "日本語 русский 🙂", "x=1;y+=22;//comment\n\tif (a) { b(); }", "the the the and and"]
SCALINGS = {"plain": None,
            "linear": {"rope_type": "linear", "factor": 2.5},
            "llama3": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                       "original_max_position_embeddings": 64}}
POSITIONS = [1, 20, 47]


def tokenizer(pre_tokenizer, size, whole_words, normalizer=None):
    bpe = Tokenizer(models.BPE(ignore_merges=whole_words))
    if normalizer is not None:
        bpe.normalizer = normalizer
    bpe.pre_tokenizer = pre_tokenizer
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=[AddedToken(text, special=True) for text in SPECIALS],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    bpe.train([str(ROOT / "resources" / "texts" / "sample.txt")], trainer)
    return bpe


def model(family="llama", **options):
    torch.manual_seed(7)
    config = transformers.AutoConfig.for_model(family, num_hidden_layers=2, rms_norm_eps=1e-5, max_position_embeddings=512,
                                               bos_token_id=1, eos_token_id=2, pad_token_id=0, **options)
    made = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            # Wide enough that attention is far from uniform: mistakes in it must show.
            weight.copy_(1 + 0.2 * torch.randn_like(weight) if "norm" in name else 0.3 * torch.randn_like(weight))
    return made


def logits(folder, vocabulary):
    tokens = [(5 + 37 * i) % vocabulary for i in range(48)]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rows = {}
    for name, scaling in SCALINGS.items():
        changed = transformers.AutoConfig.for_model(**config)
        if scaling:
            changed.rope_parameters = {**scaling, "rope_theta": 10000.0}
        made = transformers.AutoModelForCausalLM.from_pretrained(folder, config=changed, dtype=torch.float32,
                                                                 attn_implementation="eager").eval()
        with torch.no_grad():
            found = made(torch.tensor([tokens])).logits[0, POSITIONS]
        rows[name] = [[round(value, 5) for value in row] for row in found.tolist()]
    return {"tokens": tokens, "positions": POSITIONS, "scalings": SCALINGS, "logits": rows}


def save(name, made, bpe, shard, template):
    folder = OUT / name
    if sys.argv[1:] and name not in sys.argv[1:]:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made.save_pretrained(folder, max_shard_size=shard)
    bpe.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": SPECIALS[1], "eos_token": SPECIALS[2],
                "pad_token": {"content": SPECIALS[0]}, "chat_template": template}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    expected = logits(folder, made.config.vocab_size)
    (folder / "logits.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")
    rows = [{"text": text, "ids": bpe.encode(text, add_special_tokens=False).ids} for text in TEXTS]
    if bpe.normalizer is not None:
        rows.append({"text": DECOMPOSED, "decoded": bpe.normalizer.normalize_str(DECOMPOSED),
                     "ids": bpe.encode(DECOMPOSED, add_special_tokens=False).ids})
    (folder / "tokens.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main():
    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                      pre_tokenizers.ByteLevel(add_prefix_space=False)])
    grouped = model(hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
                    vocab_size=324, tie_word_embeddings=False).to(torch.bfloat16)
    save("grouped", grouped, tokenizer(digits, 320, False), "40KB",
         "{% for message in messages %}{{ message['content'] }}{% endfor %}")
    llama3 = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                      pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    whole = tokenizer(llama3, 304, True)
    whole.post_processor = processors.TemplateProcessing(single=f"{SPECIALS[1]} $A", pair=f"{SPECIALS[1]} $A {SPECIALS[1]} $B",
                                                         special_tokens=[(SPECIALS[1], 1)])
    tied = model(hidden_size=24, intermediate_size=32, num_attention_heads=3, num_key_value_heads=1, vocab_size=304,
                 tie_word_embeddings=True)
    save("tied", tied, whole, "5GB", "{{ messages[0]['content'] }}")
    qwen2 = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(QWEN2), "isolated"),
                                     pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    composing = tokenizer(qwen2, 304, False, normalizers.NFC())
    for name, tie in (("qwen2", False), ("qwen2_tied", True)):
        wide = model("qwen2", hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2, vocab_size=320,
                     tie_word_embeddings=tie)
        save(name, wide.to(torch.bfloat16 if tie else torch.float32), composing, "5GB", "{{ messages[0]['content'] }}")
    for name, tie in (("qwen3", False), ("qwen3_tied", True)):
        normed = model("qwen3", hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
                       vocab_size=320, tie_word_embeddings=tie)
        save(name, normed.to(torch.bfloat16 if tie else torch.float32), composing, "5GB", "{{ messages[0]['content'] }}")


if __name__ == "__main__":
    main()
