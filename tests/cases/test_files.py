#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_files.py HONE: files that are written and the run store, as attacks on reliability found them (docs/review/files.md).

The reference is what a user expects of any program that writes files: what it did not make, it does not delete, and what it says it wrote, it wrote.
"""
import csv
import io
import json
import os
import pathlib
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import unittest

HONE = ""
MODEL = "synthetic:tiny"
QUICK = ["--prompt", "16", "--generate", "8", "--repeat", "3", "--chunks", "1", "--context", "64", "--resolution", "0",
         "--threads", "1", "--against", "nothing"]


FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "hugging_face" / "tied"


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # One for all: what a machine's kernels cost is kept there, and measured once.
        cls.cache = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.cache.cleanup)

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "tmp").mkdir()
        (self.root / "out").mkdir()
        self.out = self.root / "out"
        self.store = self.root / "runs.sqlite"
        self.environment = {**os.environ, "HOME": str(self.root), "TMPDIR": str(self.root / "tmp"),
                            "XDG_DATA_HOME": str(self.root / "data"), "XDG_CACHE_HOME": self.cache.name}

    def hone(self, *arguments, status=0, **options):
        done = subprocess.run([HONE, *map(os.fsencode, arguments)], capture_output=True, check=False, timeout=300,
                              env=self.environment, **options)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return (done.stdout + done.stderr).decode("utf-8", "replace")

    def export(self, name, *arguments, status=0, **options):
        return self.hone("export", FOLDER, "--store", self.store, "--out", self.out / name, *arguments, status=status,
                         **options)

    def names(self):
        return sorted(entry.name for entry in self.out.iterdir())

    def make_run(self):
        self.hone("bench", MODEL, *QUICK, "--trace", "--store", self.store)

    def sql(self, statement):
        with sqlite3.connect(self.store) as database:
            database.executescript("PRAGMA ignore_check_constraints = ON; " + statement)
        database.close()

    # --- H1, H3, M10: what Hone did not make, or did not see ---

    def test_h1_a_backup_that_only_looks_like_a_leftover(self):
        for form in ("gguf", "safetensors"):
            for name in ("m.partial-backup", "m.partial-1-0"):
                (self.out / name).mkdir(exist_ok=True)
                (self.out / name / "thesis.txt").write_text("years of work")
            (self.out / "m.partial-notes").write_text("mine")
            self.export("m", "--format", form, "--overwrite")
            for name in ("m.partial-backup", "m.partial-1-0"):
                self.assertEqual((self.out / name / "thesis.txt").read_text(), "years of work")
            self.assertEqual((self.out / "m.partial-notes").read_text(), "mine")
            if form == "gguf":
                (self.out / "m").unlink()

    def test_a_folder_with_more_in_it_is_refused(self):
        self.export("m", "--format", "safetensors")
        (self.out / "m" / "thesis.txt").write_text("mine")
        self.assertIn("thesis.txt", self.export("m", "--format", "safetensors", "--overwrite", status=2))
        self.assertEqual((self.out / "m" / "thesis.txt").read_text(), "mine")
        self.export("n.gguf")
        self.export("n.gguf", status=2)

    # --- L13, L14, L21, M4 ---

    def test_l13_a_dangling_link_is_followed(self):
        (self.out / "m.gguf").symlink_to(self.root / "real.gguf")
        self.export("m.gguf")
        self.assertTrue((self.out / "m.gguf").is_symlink())
        self.assertGreater((self.root / "real.gguf").stat().st_size, 0)

    def test_l14_names_up_to_the_longest(self):
        for length in (240, 250, 255):
            self.export("m" * length)
        self.export("m" * 256, status=2)
        self.assertEqual(len(self.names()), 3)

    def test_l21_the_mode_of_what_is_replaced_stays(self):
        self.export("m.gguf")
        (self.out / "m.gguf").chmod(0o600)
        self.export("m.gguf", "--overwrite")
        self.assertEqual(stat.S_IMODE((self.out / "m.gguf").stat().st_mode), 0o600)

    def test_m4_a_name_that_is_no_text_is_never_another_file(self):
        name = os.fsencode(self.out) + b"/m\xff.gguf"
        done = subprocess.run([HONE, b"export", MODEL.encode(), b"--store", os.fsencode(self.store), b"--out", name],
                              capture_output=True, check=False, env=self.environment)
        self.assertIn(done.returncode, (0, 2), done.stderr)
        self.assertEqual(os.listdir(os.fsencode(self.out)), [b"m\xff.gguf"] if done.returncode == 0 else [])

    # --- L10, L11, M12 ---

    def test_l10_a_trace_asks_before_it_replaces(self):
        self.make_run()
        trace = self.out / "trace.json"
        trace.write_text("mine")
        self.hone("runs", "trace", "1", "--store", self.store, "--out", trace, status=2)
        self.assertEqual(trace.read_text(), "mine")
        self.hone("runs", "trace", "1", "--store", self.store, "--out", trace, "--overwrite", status=2,
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)))
        self.assertEqual(trace.read_text(), "mine", "on a full disk the old file stays")
        self.assertEqual(self.names(), ["trace.json"])
        self.hone("runs", "trace", "1", "--store", self.store, "--out", trace, "--overwrite")
        self.assertGreater(len(json.loads(trace.read_text())["traceEvents"]), 0)

    def test_l11_a_store_that_was_named_is_looked_at_first(self):
        (self.root / "letter.txt").write_text("no store" * 500)
        self.hone("export", MODEL, "--store", self.root / "letter.txt", "--out", self.out / "m.gguf", status=2)
        self.assertEqual(self.names(), [])
        # The usual one costs the record alone.
        (self.root / "data" / "hone" / "runs.sqlite").mkdir(parents=True)
        self.assertIn("The model was written", self.hone("export", MODEL, "--out", self.out / "m.gguf"))
        self.assertEqual(self.names(), ["m.gguf"])

    def test_m12_a_limit_on_file_sizes_is_a_full_disk(self):
        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        self.hone("runs", "list", "--store", self.store)  # makes it, which takes more
        self.assertIn("ulimit -f", self.export("m.gguf", status=2, preexec_fn=limited))
        self.assertEqual(self.names(), [])

    # --- M11: what killed clients leave ---

    def test_m11_the_next_start_removes_what_a_killed_one_left(self):
        self.make_run()  # calibrated by now
        client = subprocess.Popen([HONE, "eval", MODEL, "--chunks", "5000", "--context", "64", "--threads", "1", "--against",
                                   "baseline", "--store", self.store, "--with", "quantize_weights.scheme=int8_channel"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
        deadline = time.monotonic() + 60
        while client.poll() is None and time.monotonic() < deadline and not list(
                (self.root / "tmp").glob("hone-spool*/window*")):
            time.sleep(0.001)
        client.send_signal(signal.SIGKILL)
        client.wait()
        left = list((self.root / "tmp").iterdir())
        self.assertTrue(left, "a spool folder of a killed client")
        self.assertEqual(stat.S_IMODE(left[0].stat().st_mode), 0o700)
        (self.root / "tmp" / "hone-spool-mine").mkdir()
        deadline = time.monotonic() + 10
        while len(list((self.root / "tmp").iterdir())) > 1 and time.monotonic() < deadline:
            self.hone("techniques")
        self.assertEqual([entry.name for entry in (self.root / "tmp").iterdir()], ["hone-spool-mine"])

    # --- the store ---

    def test_store_names_that_are_no_files(self):
        for name in (":memory:", "file:x", "file::memory:?cache=shared"):
            self.assertIn("not the name of a file", self.hone("runs", "list", "--store", name, status=2))
        fifo = self.root / "fifo"
        os.mkfifo(fifo)
        self.assertIn("regular file", self.hone("runs", "list", "--store", fifo, status=2))

    def test_l18_a_new_store_is_private(self):
        self.hone("runs", "list")
        self.assertEqual(stat.S_IMODE((self.root / "data/hone/runs.sqlite").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE((self.root / "data/hone").stat().st_mode), 0o700)

    def test_h2_a_negative_version(self):
        self.make_run()
        for version in (-1, -100, -2**31):
            self.sql(f"PRAGMA user_version = {version}")
            self.assertIn("damaged", self.hone("runs", "list", "--store", self.store, status=2))

    def test_m9_one_bad_row_costs_that_row(self):
        self.make_run()
        self.make_run()
        self.sql("UPDATE run SET target = '" + "[" * 100_000 + "' WHERE id = 1")
        self.assertIn("unreadable", self.hone("runs", "list", "--store", self.store))
        self.assertIn("cannot be read", self.hone("runs", "show", "1", "--store", self.store))
        self.assertIn("unreadable", self.hone("runs", "list", "--json", "--store", self.store))
        for form in ("csv", "json", "markdown"):
            text = self.hone("runs", "export", "--format", form, "--store", self.store)
            self.assertIn("done", text)
            self.assertIn("unreadable", text)
        self.hone("runs", "show", "2", "--store", self.store)
        self.hone("runs", "rerun", "1", "--store", self.store, status=2)
        self.sql("UPDATE sample SET figures = '{' WHERE run_id = 2")
        runs = json.loads(self.hone("runs", "export", "--format", "json", "--store", self.store))["runs"]
        self.assertIn("run 2", next(run for run in runs if run["id"] == 2)["samples_problem"])

    def test_l15_an_endless_view(self):
        self.make_run()
        self.sql("ALTER TABLE run RENAME TO run2; CREATE VIEW run AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                 "SELECT i + 1 FROM n) SELECT i AS id, 0 AS removed FROM n")
        start = time.monotonic()
        self.assertIn("expected a table", self.hone("runs", "list", "--store", self.store, status=2))
        self.assertLess(time.monotonic() - start, 10)

    def test_l7_cells_are_no_formulas(self):
        self.make_run()
        self.sql("UPDATE model SET name = '=HYPERLINK(\"http://x\")|<b>`'")
        rows = list(csv.DictReader(io.StringIO(self.hone("runs", "export", "--format", "csv", "--store", self.store))))
        self.assertEqual(rows[0]["model"], "'=HYPERLINK(\"http://x\")|<b>`")
        self.assertIn("\\|\\<b\\>\\`", self.hone("runs", "export", "--store", self.store))


if __name__ == "__main__":
    HONE = sys.argv.pop(1)
    unittest.main()
