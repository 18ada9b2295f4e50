#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_cli.py HONE: the command line as a script sees it: documents, exit statuses, errors."""
import contextlib
import csv
import fcntl
import io
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

HONE = ""
EMULATED = ""  # a plug-in with a device that runs over the emulation
MODEL = "synthetic:tiny"
QUICK = ["--prompt", "16", "--generate", "8", "--repeat", "5", "--chunks", "2", "--context", "64", "--resolution", "0",
         "--threads", "1"]


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A cache of its own: another build that runs at the same time keeps its calibration in the user's, in the place of
        # this one's, and a machine that is busy is not timed again. What this build measured before is taken over.
        usual = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hone"
        cls.cache = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.cache.cleanup)
        own = pathlib.Path(cls.cache.name) / "hone"
        own.mkdir()
        for kept in usual.glob("calibration-*-threads.json"):
            shutil.copy(kept, own)
        os.environ["XDG_CACHE_HOME"] = cls.cache.name
        # Once for all: the first run on a machine times its kernels, which no case here is about to wait for.
        for threads in ("1", "2"):
            subprocess.run([HONE, "doctor", "--even-if-busy", "--threads", threads], capture_output=True, check=True)

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.store = self.root / "runs.sqlite"
        os.environ["XDG_DATA_HOME"] = str(self.root / "data")  # never the user's own runs

    def hone(self, *arguments, status=0, text=None):
        done = subprocess.run([HONE, *map(str, arguments)], capture_output=True, text=True, input=text, check=False,
                              timeout=300)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def json(self, *arguments, status=0, text=None):
        return json.loads(self.hone(*arguments, "--json", status=status, text=text).stdout)

    def bench(self, *arguments, status=0):
        return self.json("bench", MODEL, *QUICK, "--store", self.store, *arguments, status=status)

    def refused(self, *arguments, field="", found="", expected=""):
        """Exit status 2, one sentence on stderr, the same as JSON."""
        done = self.hone(*arguments, "--json", status=2)
        error = json.loads(done.stdout)["error"]
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(error["message"], done.stderr)
        for key, text in (("field", field), ("found", found), ("expected", expected)):
            self.assertIn(text, error[key])
        return error

    # --- workers ---

    def test_a_worker_does_its_jobs_behind_its_limits(self):
        with subprocess.Popen([HONE, "worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
            def ask(number, kind, **fields):
                worker.stdin.write(json.dumps({"id": number, "type": kind, **fields}) + "\n")
                worker.stdin.flush()
                return next(answer for answer in map(json.loads, worker.stdout)
                            if answer.get("id") == number and answer["type"] in ("result", "error"))

            experiment = {"checkpoint": MODEL, "recipe": [], "workload": {"prompt_tokens": 16, "generated_tokens": 8}}
            self.assertEqual(ask(1, "prepare", experiment=experiment)["type"], "result")
            status = dict(line.split(":", 1) for line in
                          pathlib.Path(f"/proc/{worker.pid}/status").read_text(encoding="utf-8").splitlines())
            self.assertEqual(status["NoNewPrivs"].strip(), "1")
            self.assertEqual(status.get("Seccomp", "2").strip(), "2")  # absent where the system knows no filters
            ask(0, "finish")
            worker.stdin.close()

    # --- documents ---

    def test_inspect(self):
        model = self.json("inspect", MODEL)
        self.assertEqual(model["architecture"], "llama")
        self.assertEqual(sum(tensor["bytes"] for tensor in model["tensors"]), model["bytes"])
        self.assertEqual(sum(model["types"].values()), model["bytes"])
        self.assertGreater(model["context_length"], 0)
        self.assertIn("parameters", self.hone("inspect", MODEL).stdout)

    def test_inspect_lists_what_a_checkpoint_says_of_itself(self):
        folder = pathlib.Path(__file__).resolve().parents[1] / "fixtures/hugging_face/tied"
        self.assertNotIn("metadata", self.json("inspect", folder))
        facts = {fact["key"]: fact for fact in self.json("inspect", folder, "--metadata")["metadata"]}
        self.assertEqual((facts["llama.block_count"]["value"], facts["llama.block_count"]["type"]), ("2", "u32"))
        tokens = facts["tokenizer.ggml.tokens"]
        self.assertEqual((tokens["elements"], tokens["type"]), (304, "text"))
        self.assertEqual(tokens["value"].split(", ")[0], '"<|endoftext|>"')
        self.assertTrue(tokens["value"].endswith(", …"))
        out = self.root / "long.gguf"
        self.json("export", folder, "--format", "gguf", "--type", "keep", "--out", out)
        shown = self.hone("inspect", out, "--metadata").stdout
        self.assertRegex(shown, r"tokenizer\.ggml\.tokens +text × 304 ")
        self.assertRegex(shown, r"llama\.block_count +u32 +2\n")

    def test_inspecting_a_large_shape_reads_headers_only(self):
        start = time.monotonic()
        self.assertGreater(self.json("inspect", "synthetic:llama-3-8b")["parameters"], 8e9)
        self.assertLess(time.monotonic() - start, 5)

    def test_techniques_are_the_registry(self):
        techniques = self.json("techniques")
        self.assertLessEqual({"prune_magnitude", "quantize_weights", "sparse_attention", "kv_cache", "batching"},
                             {technique["id"] for technique in techniques})
        for technique in techniques:
            self.assertLessEqual({"id", "title", "slot", "options", "conflicts"}, technique.keys())
            for option in technique["options"]:
                self.assertLessEqual({"key", "type", "default", "help"}, option.keys())
                self.assertIn(f"--with {technique['id']}.{option['key']}=", self.hone("bench", "--help").stdout)
        self.assertIn("quantize_weights", self.hone("techniques", "quantize_weights").stdout)

    def test_tokenize(self):
        answer = self.json("tokenize", MODEL, text="Grüße")
        self.assertEqual(bytes(answer["ids"]).decode(), "Grüße")
        self.assertEqual(self.hone("tokenize", MODEL, "--ids", text="AB").stdout.split(), ["65", "66"])
        measured = self.json("tokenize", MODEL, "--bench", text="word " * 2000)
        self.assertGreater(measured["bytes_per_second"], 0)
        self.assertGreater(measured["tokens_per_second"], 0)

    def test_generate_is_repeatable(self):
        arguments = ("generate", MODEL, "--raw", "--prompt", "abc", "--max-tokens", "5", "--temperature", "1",
                     "--seed", "7")
        first = self.json(*arguments)
        self.assertEqual(first["ids"], self.json(*arguments)["ids"])
        self.assertEqual(len(first["ids"]), 5)

    def test_bench_against_the_baseline(self):
        document = self.bench("--with", "quantize_weights.scheme=q8_0", "--against", "baseline")
        baseline, candidate = document["runs"]
        self.assertEqual(baseline["recipe"], [])
        self.assertEqual(candidate["recipe"][0]["technique"], "quantize_weights")
        for run in (baseline, candidate):
            self.assertEqual(run["status"], "done")
            self.assertLessEqual({"decode_tokens_per_second", "prefill_tokens_per_second", "time_to_first_token",
                                  "time_per_output_token", "perplexity", "peak_memory"}, run["metrics"].keys())
            for metric in run["metrics"].values():
                self.assertLessEqual({"value", "unit", "n"}, metric.keys())
            classes = {name: size for name, size in run["memory"].items() if name != "peak_resident"}
            self.assertEqual(sum(classes.values()), run["memory"]["peak_resident"])
            self.assertIn("cpu", run["environment"])
        self.assertLess(candidate["metrics"]["model_bytes"]["value"], baseline["metrics"]["model_bytes"]["value"])
        for comparison in document["comparison"].values():
            self.assertIn(comparison["verdict"], {"faster", "slower", "better", "worse", "smaller", "larger",
                                                  "cannot tell"})

    def test_a_trace_is_written_for_other_viewers(self):
        run = self.bench("--trace", "--text", "none")["runs"][0]
        self.assertEqual(run["trace"]["dropped"], 0)
        shown = self.hone("runs", "show", run["id"], "--store", self.store).stdout
        self.assertIn(f"trace of {run['trace']['events']} events", shown)
        out = self.root / "trace.json"
        done = self.json("runs", "trace", run["id"], "--out", out, "--store", self.store)
        self.assertEqual(done, {"path": str(out), "events": run["trace"]["events"], "dropped": 0})
        events = [event for event in json.loads(out.read_text())["traceEvents"] if event["ph"] == "X"]
        self.assertEqual(len(events), run["trace"]["events"])
        self.assertEqual({event["cat"] for event in events}, {"prefill", "decode"})
        for before, after in zip(events, events[1:]):
            self.assertLessEqual(before["ts"] + before["dur"], after["ts"] + 1e-6)
        plain = self.bench("--text", "none")["runs"][0]
        self.assertIsNone(plain["trace"])
        self.refused("runs", "trace", plain["id"], "--out", out, "--store", self.store, field="trace of run")
        self.refused("runs", "trace", run["id"], "--out", self.root / "no" / "folder", "--store", self.store,
                     field="--out")

    def test_bench_of_every_technique(self):
        for setting in ("prune_magnitude.sparsity=0.5", "quantize_weights.scheme=int4_group",
                        "sparse_attention.window=8", "kv_cache.dtype=int8", "kv_cache.dtype=off", "batching.size=2"):
            document = self.bench("--with", setting, "--against", "baseline")
            self.assertEqual([run["status"] for run in document["runs"]], ["done", "done"], setting)
            self.assertIn("decode_tokens_per_second", document["comparison"])

    # --- sweeps ---

    def test_a_list_of_values_is_one_series(self):
        document = self.bench("--with", "kv_cache.dtype=fp16,int8", "--with", "quantize_weights.scheme=q8_0,q4_0", "--against", "baseline")
        self.assertEqual([run["side"] for run in document["runs"]], ["baseline"] + 4 * ["candidate"])
        self.assertEqual(document["series"]["swept"], [
            {"technique": "kv_cache", "option": "dtype", "values": ["fp16", "int8"]},
            {"technique": "quantize_weights", "option": "scheme", "values": ["q8_0", "q4_0"]}])
        values = [tuple(candidate["values"].values()) for candidate in document["candidates"]]
        self.assertEqual(values, [("fp16", "q8_0"), ("fp16", "q4_0"), ("int8", "q8_0"), ("int8", "q4_0")])
        for candidate, run in zip(document["candidates"], document["runs"][1:]):
            self.assertEqual(candidate["run"], run["id"])
            self.assertEqual(run["paired_with"], document["runs"][0]["id"])
            self.assertEqual(candidate["comparison"]["decode_tokens_per_second"]["n"], 5)
            self.assertEqual(candidate["comparison"]["model_bytes"]["verdict"], "smaller")
        self.assertNotIn("comparison", document)
        listed = self.json("runs", "list", "--store", self.store)["runs"]
        self.assertEqual({run["series"]["id"] for run in listed}, {1})

    def test_a_series_is_a_table_with_a_row_a_candidate(self):
        text = self.hone("bench", MODEL, *QUICK, "--store", self.store, "--with", "quantize_weights.scheme=q8_0,q4_0",
                         "--against", "baseline").stdout
        lines = text.splitlines()
        self.assertIn("series 1 of quantize_weights.scheme", lines[0])
        self.assertTrue(any(line.split()[:3] == ["scheme", "run", "decode"] for line in lines), text)
        self.assertLessEqual(max(map(len, lines)), 100, text)
        for row in ("baseline ", "q8_0 ", "q4_0 "):
            self.assertTrue(any(line.startswith(row) for line in lines), text)
        self.assertIn("Each verdict has a 99 % interval of its own", text)

    def test_a_series_fits_its_terminal(self):
        for columns in (70, 200):
            ours, theirs = os.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
            command = [HONE, "eval", MODEL, "--chunks", "2", "--context", "64", "--threads", "1", "--store", self.store,
                       "--with", "quantize_weights.scheme=q8_0,q4_0", "--against", "baseline"]
            with subprocess.Popen(list(map(str, command)), stdout=theirs, stderr=subprocess.DEVNULL) as process:
                os.close(theirs)
                said = b""
                with contextlib.suppress(OSError):  # the other end is gone
                    while chunk := os.read(ours, 4096):
                        said += chunk
                self.assertEqual(process.wait(), 0)
            os.close(ours)
            widest = max(map(len, said.decode().splitlines()))
            self.assertLessEqual(widest, columns, said.decode())
            self.assertGreater(widest, columns // 2, said.decode())

    def test_values_that_are_none_are_refused_before_anything_runs(self):
        self.refused("bench", MODEL, "--with", "quantize_weights.scheme=q8_0,q9_9", "--store", self.store,
                     field="quantize_weights.scheme", found="q9_9", expected="q4_0")
        self.refused("generate", MODEL, "--prompt", "a", "--with", "kv_cache.dtype=fp16,int8", field="kv_cache.dtype",
                     expected="one value")
        self.assertFalse(self.store.exists())

    def test_a_recipes_file_may_hold_lists(self):
        recipe = self.root / "recipe.json"
        recipe.write_text('[{"technique": "quantize_weights", "options": {"scheme": ["q8_0", "q4_0"]}}]', encoding="utf-8")
        document = self.bench("--recipe", recipe, "--against", "baseline", "--text", "none")
        self.assertEqual([list(candidate["values"].values()) for candidate in document["candidates"]], [["q8_0"], ["q4_0"]])
        # One setting on the command line takes the place of the list.
        document = self.bench("--recipe", recipe, "--with", "quantize_weights.scheme=q5_0", "--text", "none")
        self.assertEqual([run["recipe"][0]["options"]["scheme"] for run in document["runs"]], ["q5_0"])
        self.refused("generate", MODEL, "--prompt", "a", "--recipe", recipe, field="quantize_weights.scheme", found="q8_0,q4_0",
                     expected="one value")
        self.refused("export", MODEL, "--out", self.root / "out.gguf", "--recipe", recipe, field="quantize_weights.scheme",
                     expected="one value")
        recipe.write_text('[{"technique": "quantize_weights", "options": {"scheme": ["q8_0", "q9_9"]}}]', encoding="utf-8")
        self.refused("bench", MODEL, "--recipe", recipe, "--store", self.store, field="quantize_weights.scheme", found="q9_9")

    def test_too_many_candidates_are_refused_where_nobody_can_be_asked(self):
        many = ["--with", "prune_magnitude.sparsity=" + ",".join(f"0.{i:02}" for i in range(10, 27)), "--store", self.store]
        error = self.refused("bench", MODEL, *many, field="--with", found="17 candidates", expected="--max-candidates")
        self.assertIn("at most 16", error["expected"])
        self.assertFalse(self.store.exists())
        document = self.bench("--with", "kv_cache.dtype=fp16,int8,off", "--max-candidates", "3", "--text", "none")
        self.assertEqual(len(document["runs"]), 3)
        self.refused("bench", MODEL, "--with", "kv_cache.dtype=fp16,int8,off", "--max-candidates", "2", "--store", self.store,
                     found="3 candidates")

    def test_a_terminal_is_asked_about_many_candidates(self):
        command = [HONE, "bench", MODEL, *QUICK, "--text", "none", "--store", self.store, "--with", "kv_cache.dtype=fp16,int8,off",
                   "--max-candidates", "2"]
        for answer, runs in (("n", 0), ("y", 3)):
            ours, theirs = os.openpty()
            with subprocess.Popen(list(map(str, command)), stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs) as process:
                os.close(theirs)
                said = b""
                while b"[y/N]" not in said:
                    said += os.read(ours, 1024)
                self.assertIn(b"3 candidates, more than 2", said)
                os.write(ours, answer.encode() + b"\n")
                with contextlib.suppress(OSError):  # the other end is gone
                    while os.read(ours, 1024):
                        pass
                self.assertEqual(process.wait(), 0 if runs else 2)
            os.close(ours)
            listed = self.json("runs", "list", "--store", self.store)["runs"] if self.store.exists() else []
            self.assertEqual(len(listed), runs)

    def test_one_candidate_that_cannot_run_costs_its_own_run(self):
        document = self.bench("--with", "prune_layers.layers=1,64", "--with", "prune_layers.keep_ends=0", "--against", "baseline", status=1)
        self.assertEqual([run["status"] for run in document["runs"]], ["done", "done", "failed"])
        self.assertIn("comparison", document["candidates"][0])
        self.assertNotIn("comparison", document["candidates"][1])
        self.assertIn("error", document)

    def test_batching_brings_the_sequences_it_needs(self):
        document = self.bench("--with", "batching.size=3", "--against", "baseline")
        self.assertEqual(document["runs"][0]["workload"]["concurrency"], 3)
        refused = self.bench("--with", "batching.size=3", "--concurrency", "1", status=2)
        self.assertIn("concurrency", refused["error"]["message"])
        self.assertNotIn("runs", refused)

    def test_predictions_stand_beside_what_was_measured(self):
        run = self.bench("--text", "none")["runs"][0]
        for metric in ("prefill_tokens_per_second", "decode_tokens_per_second", "peak_memory"):
            self.assertGreater(run["predicted"][metric], 0, metric)
            self.assertGreater(run["metrics"][metric]["value"], 0, metric)
        text = self.hone("runs", "show", str(run["id"]), "--store", self.store).stdout
        self.assertRegex(text, r"predicted: .*Decode [0-9.,]+ tok/s \([+-][0-9]+ %\)")

    def test_several_texts_are_scored_and_told_apart(self):
        texts = []
        for name, words in (("sea", "It is a truth that is told at sea, and often. "), ("hill", "Up hill and down dale. ")):
            texts.append(self.root / f"{name}.txt")
            texts[-1].write_text(words * 40, encoding="utf-8")
        document = self.bench("--text", *texts, "--against", "baseline", "--with", "kv_cache.dtype=int8")
        for run in document["runs"]:
            self.assertEqual(run["metrics"]["perplexity"]["n"], 4)  # two windows of each
            notes = "\n".join(run["notes"])
            self.assertRegex(notes, r"sea\.txt: perplexity .* over 2 windows")
            self.assertRegex(notes, r"hill\.txt: perplexity")
        self.assertIn("KL divergence", "\n".join(document["runs"][1]["notes"]))

    def test_quick_scores_four_windows(self):
        run = self.json("eval", MODEL, "--quick", "--context", "64", "--store", self.store)["runs"][0]
        self.assertEqual(run["metrics"]["perplexity"]["n"], 4)

    def test_doctor_measures_the_kernels_once(self):
        first = self.json("doctor", "--threads", "1")["calibration"]
        self.assertGreater(min(kind["read_bytes_per_second"] for kind in first["types"]), 0)
        self.assertEqual(first["calibration"]["version"], 3)
        again = self.json("doctor", "--threads", "1")["calibration"]
        self.assertFalse(again["measured"])
        self.assertEqual(again["calibration"], first["calibration"])
        self.assertIsNone(self.json("doctor", "--quick")["calibration"])

    def test_threads_beyond_the_processors_are_refused_with_both_numbers(self):
        processors = len(os.sched_getaffinity(0))
        threads = str(min(1024, 100 * processors))
        for arguments in (["doctor", "--refresh"], ["bench", MODEL, "--store", self.store]):
            began = time.monotonic()
            done = subprocess.run([HONE, *map(str, arguments), "--threads", threads], capture_output=True, text=True,
                                  check=False)
            self.assertLess(time.monotonic() - began, 30)
            self.assertNotEqual(done.returncode, 0)
            said = done.stdout + done.stderr
            self.assertIn(f"This machine has {processors} processor", said)
            self.assertIn(f"found {threads}", said)

    def test_eval_measures_accuracy_alone(self):
        text = self.root / "text.txt"
        text.write_text("It is a truth that is told at sea, and often. " * 40, encoding="utf-8")
        for protocol in ("llama.cpp", "strided"):
            document = self.json("eval", MODEL, "--text", text, "--protocol", protocol, "--context", "64", "--stride",
                                 "32", "--chunks", "3", "--store", self.store)
            self.assertGreater(document["runs"][0]["metrics"]["perplexity"]["value"], 1)
            self.assertNotIn("decode_tokens_per_second", document["runs"][0]["metrics"])

    def test_export_verifies(self):
        out = self.root / "out.gguf"
        result = self.json("export", MODEL, "--with", "quantize_weights.scheme=int8_channel", "--with",
                           "kv_cache.dtype=int8", "--format", "gguf", "--out", out, "--verify", "--store", self.store)
        with sqlite3.connect(self.store) as database:
            self.assertEqual(database.execute("SELECT path, bytes FROM artifact").fetchall(),
                             [(str(out), out.stat().st_size)])
        self.assertEqual(result["left_out"], ["kv_cache"])
        self.assertEqual(result["bytes"], out.stat().st_size)
        self.assertTrue(result["verify"]["passed"])
        self.assertLessEqual(abs(result["verify"]["kl_divergence"]), 1e-6)
        self.assertIn("Q8_0", self.json("inspect", out)["types"])
        self.refused("export", MODEL, "--out", out, "--store", self.store)
        self.json("export", MODEL, "--out", out, "--overwrite", "--store", self.store)

    def test_export_of_a_folder_and_back(self):
        model = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "hugging_face" / "grouped"
        out, back = self.root / "out", self.root / "back.gguf"
        store = ["--store", self.store]
        result = self.json("export", model, "--with", "quantize_weights.scheme=int8_channel", "--type", "f16",
                           "--format", "safetensors", "--out", out, *store)
        self.assertEqual(result["bytes"], sum(file.stat().st_size for file in out.iterdir()))
        self.assertEqual(set(self.json("inspect", out)["types"]), {"F16", "F32"})
        self.refused("export", model, "--format", "safetensors", "--out", out, *store, expected="a new name")
        self.refused("export", model, "--with", "quantize_weights.scheme=int8_channel", "--format", "safetensors", "--out",
                     self.root / "small", *store, expected="F32, F16 or BF16")
        self.assertFalse((self.root / "small").exists())
        self.json("export", out, "--overwrite", "--type", "bf16", "--format", "safetensors", "--out", out, *store)
        self.json("export", out / "config.json", "--format", "gguf", "--out", back, *store)
        self.assertEqual(self.json("inspect", back)["tensors"][1:3], self.json("inspect", out)["tensors"][1:3])
        ids = [self.json("generate", path, "--raw", "--prompt", "Hello", "--max-tokens", "8")["ids"] for path in (out, back)]
        self.assertEqual(*ids)
        (out / "model.safetensors").write_bytes((out / "model.safetensors").read_bytes()[:-1])
        self.assertIn("model.safetensors", self.refused("inspect", out, found="after the header's end")["file"])

    # --- the store ---

    def test_runs_are_found_again(self):
        self.bench("--with", "kv_cache.dtype=fp16", "--against", "baseline")
        runs = self.json("runs", "list", "--store", self.store)
        runs = runs.get("runs", runs) if isinstance(runs, dict) else runs
        ids = sorted(run["id"] for run in runs)
        self.assertEqual(len(ids), 2)
        shown = self.json("runs", "show", ids[1], "--store", self.store)["runs"][0]
        self.assertEqual(shown["recipe"][0]["options"]["dtype"], "fp16")
        self.assertIn("comparison", self.json("runs", "compare", *ids, "--store", self.store))
        rows = list(csv.reader(io.StringIO(self.hone("runs", "export", "--format", "csv", "--store", self.store).stdout)))
        self.assertEqual(len(rows), 3)
        self.assertIn("| ", self.hone("runs", "export", "--format", "markdown", "--store", self.store).stdout)
        json.loads(self.hone("runs", "export", "--format", "json", "--store", self.store).stdout)
        self.hone("runs", "remove", ids[0], "--store", self.store)
        self.assertNotIn(f"\n{ids[0]} ", self.hone("runs", "list", "--store", self.store).stdout)
        self.refused("runs", "show", 99, "--store", self.store)

    def test_several_runs_are_compared_and_reported(self):
        self.bench("--with", "kv_cache.dtype=fp16,int8", "--against", "baseline", "--text", "none")
        document = self.json("runs", "compare", 1, 2, 3, "--store", self.store)
        self.assertEqual([each["run"] for each in document["comparisons"]], [2, 3])
        self.assertIn("decode_tokens_per_second", document["comparisons"][1]["comparison"])
        shown = self.hone("runs", "compare", 1, 2, 3, "--store", self.store).stdout
        self.assertEqual(shown.count("99 % interval"), 2)
        page = self.hone("runs", "compare", 1, 2, 3, "--format", "html", "--store", self.store).stdout
        self.assertTrue(page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>"))
        self.assertIn("<svg", page)
        report = self.hone("runs", "compare", 1, 2, "--format", "markdown", "--store", self.store).stdout
        self.assertIn("# Runs compared with run 1", report)
        rows = list(csv.DictReader(io.StringIO(self.hone("runs", "compare", 1, 2, 3, "--format", "csv", "--store", self.store).stdout)))
        self.assertEqual({row["run"] for row in rows}, {"2", "3"})
        json.loads(self.hone("runs", "compare", 1, 2, "--format", "json", "--store", self.store).stdout)
        self.refused("runs", "compare", 1, "--store", self.store, field="RUN", found="1 values")

    def test_a_run_is_measured_again(self):
        self.bench("--with", "kv_cache.dtype=fp16", "--against", "baseline")
        again = self.json("runs", "rerun", 2, "--store", self.store)
        self.assertEqual([run["id"] for run in again["runs"]], [3, 4])
        self.assertEqual(again["runs"][1]["paired_with"], 3)
        first, second = self.json("runs", "show", 2, "--store", self.store)["runs"][0], again["runs"][1]
        for part in ("recipe", "workload", "target"):
            self.assertEqual(first[part], second[part])
        self.assertIn("decode_tokens_per_second", again["comparison"])
        # A run that was measured alone is compared with what it gave before.
        alone = self.json("runs", "rerun", 1, "--store", self.store)
        self.assertEqual([run["id"] for run in alone["runs"]], [1, 5])
        self.assertEqual(alone["runs"][1]["side"], "baseline")
        self.assertIn("perplexity", alone["comparison"])
        self.assertIn("not interleaved", " ".join(alone["warnings"]))
        self.refused("runs", "rerun", 99, "--store", self.store)

    def test_a_series_is_measured_again_whole_or_in_part(self):
        self.bench("--with", "kv_cache.dtype=fp16,int8", "--against", "baseline", "--text", "none")
        done = self.hone("runs", "rerun", 3, "--series", "--store", self.store, "--json")
        again = json.loads(done.stdout)
        self.assertEqual([run["id"] for run in again["runs"]], [4, 5, 6])
        self.assertEqual(again["series"]["id"], 2)
        self.assertEqual([list(candidate["values"].values()) for candidate in again["candidates"]], [["fp16"], ["int8"]])
        self.assertEqual(done.stderr, "")
        part = self.hone("runs", "rerun", 3, "--store", self.store, "--json")
        self.assertEqual([run["series"] for run in json.loads(part.stdout)["runs"]], [None, None])
        self.assertIn("run 3 is of series 1 and is measured alone, against a baseline of its own; --series", part.stderr)
        self.refused("runs", "rerun", 7, "--series", "--store", self.store, field="--series", found="of no series")

    def test_what_cannot_be_compared_is_refused_with_the_reason(self):
        self.bench()
        self.json("bench", MODEL, *QUICK[:-1], "2", "--store", self.store)
        document = self.json("runs", "compare", 1, 2, "--store", self.store)
        self.assertNotIn("decode_tokens_per_second", document["comparison"])
        self.assertEqual(document["refusals"]["decode_tokens_per_second"], "other thread count: 1 and 2")
        self.assertIn("perplexity", document["comparison"])
        self.assertIn("other thread count: 1 and 2", document["warnings"])
        self.assertIn("not comparable: other thread count", self.hone("runs", "compare", 1, 2, "--store", self.store).stdout)
        environment = document["runs"][0]["environment"]
        for part in ("cpu", "isa", "governor", "load_average", "hostname", "build_type", "commit", "compiler", "kernel"):
            self.assertIn(part, environment)
        self.assertIn("glibc", environment["libraries"])

    def test_a_store_of_a_newer_version_is_left_alone(self):
        self.bench()
        with sqlite3.connect(self.store) as database:
            database.execute("PRAGMA user_version = 999")
        before = self.store.read_bytes()
        self.assertIn("baseline", self.hone("runs", "list", "--store", self.store).stdout)
        error = self.refused("bench", MODEL, *QUICK, "--store", self.store)
        self.assertIn("newer Hone (schema 999", error["message"])
        self.refused("runs", "remove", 1, "--store", self.store)
        self.assertEqual(self.store.read_bytes(), before)

    # --- things that go wrong ---

    def start_bench(self):
        return subprocess.Popen([HONE, "bench", MODEL, "--prompt", "200", "--generate", "300", "--repeat", "50", "--text",
                                 "none", "--threads", "1", "--store", str(self.store), "--json"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def worker_of(self, client):
        for _ in range(500):
            children = pathlib.Path(f"/proc/{client.pid}/task/{client.pid}/children").read_text(encoding="ascii").split()
            for child in children:
                if b"worker" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
            time.sleep(0.02)
        self.fail("no worker was started")

    def run_once_measuring(self, client):
        for _ in range(500):
            if self.store.exists():
                done = subprocess.run([HONE, "runs", "list", "--store", str(self.store), "--json"], capture_output=True,
                                      text=True, check=False)
                if done.returncode == 0 and '"running"' in done.stdout:
                    return
            time.sleep(0.02)
        self.fail("no run began")

    def stored(self):
        document = self.json("runs", "show", 1, "--store", self.store)
        return document["runs"][0]

    def test_a_killed_worker_leaves_a_failed_run(self):
        client = self.start_bench()
        worker = self.worker_of(client)
        self.run_once_measuring(client)
        os.kill(worker, signal.SIGKILL)
        out, err = client.communicate(timeout=60)
        self.assertEqual(client.returncode, 1, err)
        self.assertIn("killed", json.loads(out)["error"]["message"])
        self.assertEqual(self.stored()["status"], "failed")
        self.assertIn("killed", self.stored()["reason"])

    def test_an_interrupt_leaves_a_cancelled_run(self):
        client = self.start_bench()
        self.worker_of(client)
        self.run_once_measuring(client)
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=60)
        self.assertEqual(client.returncode, 130)
        self.assertEqual(self.stored()["status"], "cancelled")

    def test_bad_arguments(self):
        self.refused("bench", MODEL, "--with", "kv_cache.dtype=int3", field="kv_cache.dtype", found="int3",
                     expected="int8, fp16, fp32, off")
        self.refused("bench", MODEL, "--with", "elephant", field="technique", found="elephant", expected="batching")
        self.refused("bench", MODEL, "--with", "kv_cache.colour=1", found="colour", expected="dtype")
        self.refused("bench", MODEL, "--device", "cuda", field="--device", expected="cuda:N")
        self.refused("bench", MODEL, "--prompt", "-3")
        self.refused("bench", MODEL, "--repeat", "many")
        self.refused("bench", MODEL, "--against", "nonsense")
        self.refused("bench", MODEL, "--against", "77", "--store", self.store)
        self.refused("frobnicate")
        recipe = self.root / "recipe.json"
        recipe.write_text("{not json", encoding="utf-8")
        self.refused("bench", MODEL, "--recipe", recipe)

    def test_bad_models(self):
        bad = self.root / "bad.gguf"
        bad.write_bytes(b"GGUF" + bytes(40))
        self.refused("inspect", bad, field="version", found="0")
        self.refused("bench", self.root / "absent.gguf", "--store", self.store)
        self.refused("inspect", "synthetic:elephant", expected="llama-3-8b")
        self.refused("inspect", self.root)

    def test_a_model_too_large_for_memory_is_refused_with_the_arithmetic(self):
        start = time.monotonic()
        error = self.json("bench", "synthetic:llama-3-70b", "--prompt", "8000", "--generate", "64", "--concurrency", "512",
                          "--with", "batching.size=256", "--text", "none", "--store", self.store, status=1)["error"]
        self.assertLess(time.monotonic() - start, 60, "refused before anything is read")
        self.assertEqual(error["field"], "memory")
        for part in ("GB of memory", "weights 141.1", "KV cache", "available"):
            self.assertIn(part, error["message"])

    def test_a_place_that_cannot_be_written(self):
        self.refused("export", MODEL, "--out", self.root / "absent" / "x.gguf", "--store", self.store)
        self.refused("bench", MODEL, "--store", "/proc/hone.sqlite", *QUICK)

    # --- CUDA devices ---

    def with_plugin(self, path):
        os.environ["HONE_CUDA_PLUGIN"] = str(path)
        self.addCleanup(os.environ.pop, "HONE_CUDA_PLUGIN")

    def test_says_why_there_is_no_cuda_device(self):
        self.with_plugin(self.root / "absent.so")
        cuda = self.json("doctor", "--quick")["cuda"]
        self.assertIn("absent.so is not there", cuda["problem"])
        self.assertIsNone(cuda["nccl"])
        error = self.json("bench", MODEL, *QUICK, "--device", "cuda:0", "--store", self.store, status=2)["error"]
        self.assertIn("cuda:0 cannot be used", error["message"])
        self.assertIn("absent.so is not there", error["message"])
        self.assertEqual(error["field"], "device")

    def test_runs_on_a_cuda_device(self):
        self.with_plugin(EMULATED)
        cuda = self.json("doctor", "--quick")["cuda"]
        self.assertEqual([device["id"] for device in cuda["devices"]], ["cuda:0"])
        self.assertIsNone(cuda["problem"])
        self.assertEqual(cuda["nccl"], {"version": None, "problem": "the emulated device has no NCCL"})
        self.assertIn("not used yet", self.hone("doctor", "--quick").stdout)
        device = cuda["devices"][0]
        self.assertEqual(device["memory_free"], device["memory"])
        self.assertEqual(device["tracing"], {"source": "emulation", "kernels": True, "problem": None})
        self.assertIsNone(device["problem"])
        self.assertEqual(self.json("bench", MODEL, *QUICK, "--device", "cuda:1", "--store", self.store, status=2)["error"]["field"], "device")
        short = ["--prompt", "8", "--generate", "4", "--repeat", "3", "--chunks", "1", "--context", "16", "--resolution", "0", "--threads", "1",
                 "--store", self.store]
        model = self.root / "tiny.gguf"  # of a synthetic model a device makes the weights itself
        self.hone("export", MODEL, "--format", "gguf", "--out", model)
        on_cpu = self.json("bench", model, *short)["runs"][0]
        document = self.json("bench", model, *short, "--device", "cuda:0", "--against", "baseline", "--with", "kv_cache.dtype=int8")
        baseline, run = document["runs"]
        self.assertAlmostEqual(baseline["metrics"]["perplexity"]["value"] / on_cpu["metrics"]["perplexity"]["value"], 1, places=4)
        self.assertLess(run["memory"]["kv_cache"], baseline["memory"]["kv_cache"])
        self.assertEqual(baseline["memory"]["unaccounted"], 0)
        self.assertEqual(baseline["environment"]["device"]["name"], cuda["devices"][0]["name"])
        self.assertIsNone(on_cpu["environment"].get("device"))
        self.assertTrue(run["engaged"]["kv_cache"]["engaged"])
        for scheme in ("int8_channel", "fp8_channel", "int4_group", "q4_1"):
            run = self.json("bench", MODEL, *short, "--device", "cuda:0", "--text", "none", "--with", f"quantize_weights.scheme={scheme}")["runs"][0]
            self.assertTrue(run["engaged"]["quantize_weights"]["engaged"])

    def test_computes_in_fp8_on_a_cuda_device_alone(self):
        fp8 = ["bench", MODEL, *QUICK, "--store", self.store, "--text", "none", "--with", "quantize_activations.scheme=fp8_token"]
        self.assertIn("compute capability 8.9", self.json(*fp8, status=2)["error"]["message"])
        self.with_plugin(EMULATED)
        run = self.json(*fp8, "--device", "cuda:0")["runs"][0]
        self.assertTrue(run["engaged"]["quantize_activations"]["engaged"])

    def test_leaves_the_zeros_of_two_of_four_out_on_a_cuda_device(self):
        self.with_plugin(EMULATED)
        model = self.root / "tiny.gguf"
        self.hone("export", MODEL, "--format", "gguf", "--type", "bf16", "--out", model)
        baseline, run = self.json("bench", model, "--prompt", "20", "--generate", "3", "--repeat", "2", "--resolution", "0", "--text", "none", "--store",
                                  self.store, "--device", "cuda:0", "--against", "baseline", "--with", "prune_magnitude.pattern=n_m", "--with",
                                  "precision.compute=bf16")["runs"]
        self.assertTrue(run["engaged"]["prune_magnitude"]["engaged"])
        self.assertLess(run["memory"]["weights"], 0.8 * baseline["memory"]["weights"])

    def test_a_lost_context_ends_the_run_and_nothing_else(self):
        self.with_plugin(EMULATED)
        bench = ["bench", MODEL, *QUICK, "--store", self.store, "--text", "none", "--device", "cuda:0"]
        os.environ["HONE_EMULATED_LOSS"] = "100"
        self.addCleanup(os.environ.pop, "HONE_EMULATED_LOSS", None)
        error = self.json(*bench, status=1)["error"]
        self.assertRegex(error["message"], r"context is lost: .*an illegal memory access")
        del os.environ["HONE_EMULATED_LOSS"]
        self.assertEqual(self.json(*bench)["runs"][0]["status"], "done")

    def test_traces_the_kernels_of_a_cuda_device(self):
        self.with_plugin(EMULATED)
        run = self.json("bench", MODEL, "--device", "cuda:0", "--prompt", "8", "--generate", "5", "--repeat", "2", "--text", "none", "--trace",
                        "--store", self.store)["runs"][0]
        whole = self.json("runs", "kernels", run["id"], "--by", "kernel", "--store", self.store)
        facts = whole["device"]
        self.assertEqual(facts["source"], "emulation")
        self.assertEqual(facts["kernels"], facts["launches"])
        self.assertGreater(facts["attributed_time"] / facts["kernel_time"], 0.99)
        self.assertTrue(any(group["name"].startswith("product<") and group["launch"]["grid"][0] > 0 for group in whole["groups"]))
        self.assertAlmostEqual(sum(group["share"] for group in whole["groups"]), 1)
        of_layer = self.json("runs", "kernels", run["id"], "--layer", "1", "--phase", "decode", "--store", self.store)["groups"]
        self.assertIn("attention", [group["name"] for group in of_layer])
        self.assertLess(sum(group["count"] for group in of_layer), sum(group["count"] for group in whole["groups"]))
        self.assertIn("recorded by emulation", self.hone("runs", "kernels", run["id"], "--store", self.store).stdout)
        self.assertEqual(facts["counters_source"], "emulation")
        self.assertGreater(whole["slowdown"], 0)
        for group in self.json("runs", "kernels", run["id"], "--store", self.store)["groups"]:
            if group["flops"] > 0:
                self.assertGreater(group["dram_bytes"], 0)
                self.assertAlmostEqual(group["tensor_share"], 0.25)
        text = self.hone("runs", "kernels", run["id"], "--store", self.store).stdout
        for part in ("DRAM MB", "Tensor %", "were counted by emulation", "× the run's time a token"):
            self.assertIn(part, text)
        path = self.root / "trace.json"
        self.hone("runs", "trace", run["id"], "--out", path, "--store", self.store)
        events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
        names = {event["args"]["name"] for event in events if event["name"] == "thread_name"}
        self.assertLessEqual({"CUDA calls", "stream 7"}, names)
        self.assertTrue(any(event["ph"] == "C" for event in events))  # memory

    def test_refused_counters_cost_nothing_but_themselves(self):
        self.with_plugin(EMULATED)
        for name, value in (("HONE_EMULATED_COUNTERS_REFUSED", "only for administrators"), ("HONE_EMULATED_MIG", "1")):
            os.environ[name] = value
            self.addCleanup(os.environ.pop, name, None)
        run = self.json("bench", MODEL, "--device", "cuda:0", "--prompt", "8", "--generate", "4", "--repeat", "2", "--text", "none", "--trace",
                        "--store", self.store)["runs"][0]
        self.assertEqual(run["status"], "done")
        self.assertIn("the hardware's counters were not read: only for administrators", run["notes"])
        self.assertTrue(any("(MIG)" in note for note in run["notes"]), run["notes"])
        whole = self.json("runs", "kernels", run["id"], "--store", self.store)
        self.assertIsNone(whole["groups"][0]["dram_bytes"])
        text = self.hone("runs", "kernels", run["id"], "--store", self.store).stdout
        self.assertNotIn("DRAM MB", text)
        self.assertIn("No counters: only for administrators", text)
        self.assertIn("an instance of a divided device (MIG)", self.hone("doctor").stdout)

    def test_help_and_version(self):
        self.assertIn("hone 0.", self.hone("--version").stdout)
        for command in ("bench", "eval", "generate", "export", "tokenize", "inspect", "techniques", "runs", "doctor"):
            self.assertIn("Usage", self.hone(command, "--help").stdout)
        self.assertIn("processor", self.hone("doctor").stdout)
        self.assertIn("cpu", json.dumps(self.json("doctor")))


if __name__ == "__main__":
    HONE = sys.argv.pop(1)
    EMULATED = sys.argv.pop(1)
    unittest.main()
