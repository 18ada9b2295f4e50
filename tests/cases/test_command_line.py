#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_command_line.py HONE: what a person types wrong, where output goes that cannot be written, and names that files may have.

What the right answers are: an error is a sentence, then the option's name, what was typed and what may stand there; status 2 for input
that cannot be used, 1 for what failed, 128 and a signal's number where that stopped it (POSIX shells' rule)."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HONE = ""
MODEL = "synthetic:tiny"
# What no library's message may look like: its marks in ours would be a text that was passed on.
RAW = re.compile(r"json\.exception|filesystem error|what\(\)|std::|basic_string|map::at|stoi|CLI::|Could not convert|not in \{|"
                 r"terminate called|\[json|required [A-Z]+ missing")
RUN_OPTIONS = {"--threads": (0, 1024)}
ACCURACY = {"--context": (2, 1 << 24), "--stride": (1, 1 << 24), "--chunks": (0, 1 << 24)}
NUMBERS = {
    ("bench", MODEL): {"--prompt": (1, 1 << 24), "--generate": (1, 1 << 24), "--concurrency": (0, 4096), "--repeat": (1, 10000),
                       "--resolution": (0, 1), "--seed": (0, 2**63 - 1), **ACCURACY, **RUN_OPTIONS},
    ("eval", MODEL): {**ACCURACY, **RUN_OPTIONS},
    ("generate", MODEL, "--prompt", "a"): {"--max-tokens": (1, 1 << 24), "--temperature": (0, 10), "--seed": (0, 2**63 - 1),
                                           **RUN_OPTIONS},
    ("export", MODEL, "--out", "x.gguf"): RUN_OPTIONS,
    ("doctor",): RUN_OPTIONS,
    ("runs", "kernels", "1"): {"--layer": (0, 1000000)},
}
VALUES = ["-1", "0", "nan", "inf", "-inf", "1e400", "", "abc", "0x10", "99999999999999999999", "1.5.2", " 1", "1 "]


def number(text):
    """What a reader of decimal digits makes of it; None where it is no number."""
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    return None


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The first run on a machine times its kernels, which no case here is about to wait for.
        subprocess.run([HONE, "doctor", "--threads", "1"], capture_output=True, check=True)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.store = self.root / "runs.sqlite"
        self.env = {**os.environ, "XDG_DATA_HOME": str(self.root / "data")}  # never the user's own runs

    def hone(self, *arguments, timeout=120, **options):
        options.setdefault("env", self.env)
        return subprocess.run([HONE, *arguments], capture_output=True, check=False, timeout=timeout, cwd=self.root, **options)

    def refused(self, *arguments, status=2, field=None, **options):
        done = self.hone(*arguments, "--json", **options)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        error = json.loads(done.stdout)["error"]
        text = done.stderr.decode()
        self.assertEqual(text.count("\n"), 1, text)
        self.assertNotRegex(text, RAW)
        self.assertNotRegex(json.dumps(error), RAW)
        # A sentence for people first.
        self.assertRegex(error["summary"], r"^[A-Z0-9-].*\.$", error)
        self.assertTrue(error["message"].startswith(error["summary"]), error)
        if field is not None:
            self.assertEqual(error["field"], field, error)
        return error

    def bash(self, command, **options):
        return subprocess.run(["bash", "-c", command, "bash", HONE, str(self.store)], capture_output=True, check=False, timeout=120,
                              cwd=self.root, env=self.env, **options)

    def measured(self):
        done = self.hone("bench", MODEL, "--prompt", "4", "--generate", "2", "--repeat", "1", "--resolution", "0", "--text", "none",
                         "--threads", "1", "--trace", "--store", self.store)
        self.assertEqual(done.returncode, 0, done.stderr)

    # --- what is typed wrong ---

    def test_every_number_is_answered_with_what_was_typed(self):
        for command, options in NUMBERS.items():
            for option, (low, high) in options.items():
                for value in VALUES:
                    typed = number(value)
                    if typed is not None and low <= typed <= high:
                        continue  # may stand there; other tests use it
                    for form in ([option, value], [f"{option}={value}"]):
                        with self.subTest(command=command[0], form=form):
                            error = self.refused(*command, *form, field=option)
                            self.assertEqual(error["found"], f"'{value}'")
                            if value != "":
                                self.assertIn(str(low), error["expected"])
        self.assertFalse(self.store.exists())

    def test_runs_are_numbers(self):
        for command in ("show", "remove", "rerun", "kernels", "export"):
            for value in ("0", "-1", "abc", "1e3", "99999999999999999999", ""):
                with self.subTest(command=command, value=value):
                    error = self.refused("runs", command, "--store", self.store, "--", value)
                    self.assertEqual((error["field"], error["found"]), ("RUN", f"'{value}'"))

    def test_several_runs_are_named_as_the_help_says(self):
        for command in ("show", "remove", "export"):
            for arguments in (["1", "2"], ["1", "--store", self.store, "2"], ["--", "1", "2"]):
                with self.subTest(command=command, arguments=arguments):
                    # Both are taken, and there is no such run in an empty store.
                    done = self.hone("runs", command, *([] if self.store in arguments else ["--store", self.store]), *arguments)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(b"run: found 1,", done.stderr)
            for value in ("abc", "[1,2]", "0", "-3"):
                with self.subTest(command=command, value=value):
                    error = self.refused("runs", command, "1", value, "--store", self.store)
                    self.assertEqual((error["field"], error["found"]), ("RUN", f"'{value}'"))
            error = self.refused("runs", command, "1", "--bogus", "--store", self.store)
            self.assertEqual((error["field"], error["found"]), ("argument", "'--bogus'"))
        for command in ("rerun", "kernels", "trace"):
            error = self.refused("runs", command, "1", "2", "--store", self.store)
            self.assertEqual((error["field"], error["found"]), ("argument", "'2'"))

    def test_the_parsers_own_complaints_name_the_field(self):
        for arguments, field, found in [
                (["bench"], "CHECKPOINT", "nothing"), ([], "command", "nothing"), (["frobnicate"], "command", "'frobnicate'"),
                (["bench", MODEL, "--frob"], "argument", "'--frob'"), (["bench", MODEL, "other"], "argument", "'other'"),
                (["runs"], "command", "nothing"), (["export", MODEL], "--out", "nothing"), (["generate", MODEL], "--prompt", "nothing"),
                (["runs", "show"], "RUN", "nothing"), (["runs", "compare", "1"], "RUN", "1 values"),
                (["bench", MODEL, "--chunks", "1", "--quick"], None, None), (["bench", MODEL, "--seed", "1", "--seed", "2"], "--seed", "2 values")]:
            with self.subTest(arguments=arguments):
                error = self.refused(*arguments, field=field)
                if found is not None:
                    self.assertEqual(error["found"], found)

    def test_a_value_that_was_forgotten_is_no_value(self):
        for arguments in (["bench", MODEL, "--store"], ["export", MODEL, "--out"], ["generate", MODEL, "--prompt"], ["bench", MODEL, "--recipe"]):
            done = self.hone(*arguments, "--json")
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(json.loads(done.stdout)["error"]["found"], "'--json'")
        self.assertEqual(sorted(path.name for path in self.root.iterdir() if path.name != "data"), [])

    def test_nothing_is_no_name(self):
        for arguments, field in [(["bench", ""], "CHECKPOINT"), (["inspect", ""], "CHECKPOINT"), (["bench", MODEL, "--store", ""], "--store"),
                                 (["bench", MODEL, "--recipe", ""], "--recipe"), (["export", MODEL, "--out", ""], "--out"),
                                 (["bench", MODEL, "--device", ""], "--device"), (["bench", MODEL, "--text", ""], "--text"),
                                 (["bench", MODEL, "--with", ""], "--with"), (["generate", MODEL, "--prompt", ""], "--prompt"),
                                 (["bench", MODEL, "--against", ""], "--against"), (["runs", "list", "--store", ""], "--store"),
                                 (["doctor", "--store", ""], "--store"), (["runs", "trace", "1", "--out", ""], "--out"),
                                 (["export", MODEL, "--out", "x", "--format", ""], "--format"), (["bench", MODEL, "--prompt-lengths", ""], "--prompt-lengths")]:
            with self.subTest(arguments=arguments):
                self.refused(*arguments, field=field)

    def test_a_text_arrives_as_it_was_typed(self):
        # The parser's own notations: lists, an empty one, a default, a separator, quotes.
        for value in ("[a]", "[a,b]", "[]", "[[a]]", "{}", "%%", "a,b", '"a"', "'a'"):
            for form in (["--text", value], [f"--text={value}"], ["--text", "bundled", value]):
                with self.subTest(form=form):
                    error = self.refused("eval", MODEL, *form, "--store", self.store)
                    self.assertEqual(error["file"], value)
            for command, option, field in (("bench", "--with", "technique"), ("techniques", None, None), ("inspect", None, None),
                                           ("runs", "RUN", "RUN")):
                with self.subTest(value=value, command=command):
                    arguments = {"--with": ["bench", MODEL, "--with", value], "RUN": ["runs", "show", value]}.get(option, [command, value])
                    error = self.refused(*arguments, "--store", self.store, field=field) if option else self.refused(*arguments)
                    self.assertIn(value, error["found"] + error["file"])
            done = self.hone("export", MODEL, "--out", value, "--store", self.store, "--json")
            self.assertEqual((done.returncode, json.loads(done.stdout)["path"]), (0, str(self.root / value)))
            self.assertTrue((self.root / value).is_file())

    def test_a_place_that_cannot_be_written_is_named_by_its_option(self):
        there = self.root / "there.gguf"
        there.write_text("precious", encoding="utf-8")
        circle = self.root / "circle.gguf"
        circle.symlink_to(circle)
        for out in (self.root / "no" / "x.gguf", there, self.root, circle):
            with self.subTest(out=out):
                error = self.refused("export", MODEL, "--out", out, "--store", self.store, field="--out")
                self.assertIn("--out: found", error["message"])

    def test_a_store_says_what_to_do_like_any_error(self):
        for text, summary, action in (("no database, but long enough to be taken for one" * 20, "This is not a run store.", "Choose another file."),):
            path = self.root / "other.sqlite"
            path.write_text(text, encoding="utf-8")
            for command in (["runs", "list"], ["bench", MODEL], ["export", MODEL, "--out", "x.gguf"]):
                with self.subTest(command=command):
                    error = self.refused(*command, "--store", path, field="store")
                    self.assertEqual((error["summary"], error["action"]), (summary, action))
        self.assertEqual(self.refused("runs", "list", "--store", self.root, field="store")["action"], "Choose a file.")

    def test_more_threads_than_processors_are_told_at_once(self):
        for command in (["doctor"], ["bench", MODEL], ["eval", MODEL], ["generate", MODEL, "--prompt", "a"], ["export", MODEL, "--out", "x"]):
            start = time.monotonic()
            error = self.refused(*command, "--threads", "1000", field="--threads")
            self.assertIn(f"{os.sysconf('SC_NPROCESSORS_ONLN')} processor", error["summary"])
            self.assertLess(time.monotonic() - start, 5)

    def test_names_of_types_are_read_in_any_case(self):
        for kind, stored in (("Q8_0", "Q8_0"), ("q8_0", "Q8_0"), ("BF16", "BF16"), ("Q4_0", "Q4_0")):
            out = self.root / f"{kind}.gguf"
            self.assertEqual(self.hone("export", MODEL, "--type", kind, "--format", "GGUF", "--out", out, "--store", self.store).returncode, 0)
            self.assertIn(stored, json.loads(self.hone("inspect", out, "--json").stdout)["types"])
        def generated(setting):
            return self.hone("generate", MODEL, "--raw", "--prompt", "a", "--max-tokens", "1", "--with", setting, "--device", "CPU", "--json")

        for setting in ("quantize_weights.scheme=Q8_0", "quantize_weights.scheme=INT4_GROUP", "kv_cache.dtype=FP16", "kv_cache.dtype=Int8"):
            done = generated(setting)
            self.assertEqual(done.returncode, 0, (setting, done.stderr))
        # A processor without the unit understands the name as well, and says so.
        done = generated("precision.compute=BF16")
        if "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"):
            self.assertEqual(done.returncode, 0, done.stderr)
        else:
            self.assertEqual((done.returncode, b"no bf16 arithmetic" in done.stderr + done.stdout), (2, True), done)
        recipe = self.root / "recipe.json"
        recipe.write_text('[{"technique": "quantize_weights", "options": {"scheme": "Q8_0"}}]', encoding="utf-8")
        self.assertEqual(self.hone("generate", MODEL, "--raw", "--prompt", "a", "--max-tokens", "1", "--recipe", recipe).returncode, 0)

    # --- small files that somebody names ---

    def test_a_recipe_is_a_small_regular_file_of_shallow_json(self):
        deep, large, fifo = self.root / "deep.json", self.root / "large.json", self.root / "pipe"
        deep.write_text("[" * 200000 + "]" * 200000, encoding="utf-8")
        large.write_text('[{"technique": "' + "x" * (2 << 20) + '"}]', encoding="utf-8")
        os.mkfifo(fifo)
        (self.root / "huge.json").write_text("[1e400]", encoding="utf-8")
        (self.root / "bad.json").write_bytes(b'[{"technique": "\xff"}]')
        for path, found in [(deep, "nesting deeper"), (large, "more than"), (fifo, "a pipe"), (self.root, "a folder"), ("/dev/zero", "a device"),
                            (self.root / "absent", "nothing of that name"), (self.root / "huge.json", "no double"),
                            (self.root / "bad.json", "no JSON"), (self.root / ("n" * 300), "too long")]:
            with self.subTest(found=found):
                start = time.monotonic()
                error = self.refused("bench", MODEL, "--recipe", path)
                self.assertIn(found, error["found"])
                self.assertEqual(error["file"], str(path))
                self.assertLess(time.monotonic() - start, 5)

    def test_a_text_that_cannot_be_used_stores_no_run(self):
        fifo, empty, short = self.root / "pipe", self.root / "empty.txt", self.root / "short.txt"
        os.mkfifo(fifo)
        empty.write_text("", encoding="utf-8")
        short.write_text("a few words", encoding="utf-8")
        for path in (fifo, empty, short, self.root, self.root / "absent.txt", "/dev/zero"):
            for command in ("eval", "bench"):
                with self.subTest(path=path, command=command):
                    start = time.monotonic()
                    error = self.refused(command, MODEL, "--text", path, "--threads", "1", "--store", self.store)
                    self.assertEqual(error["file"], str(path))
                    self.assertLess(time.monotonic() - start, 30)
        self.assertEqual(json.loads(self.hone("runs", "list", "--store", self.store, "--json").stdout)["runs"], [])
        for path in (fifo, "/dev/zero", self.root):
            self.refused("tokenize", MODEL, path)

    def test_standard_input_that_cannot_be_read_is_told(self):
        descriptor = os.open(self.root, os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        self.refused("tokenize", MODEL, stdin=descriptor, field="standard input")
        self.assertEqual(self.bash('"$1" tokenize synthetic:tiny <&-').returncode, 2)
        self.assertEqual(self.hone("tokenize", MODEL, "--ids", input=b"").stdout, b"\n")

    def test_no_folder_for_what_is_temporary(self):
        done = self.hone("bench", MODEL, "--store", self.store, env={**self.env, "TMPDIR": "/nonexistent"})
        self.assertIn(done.returncode, (1, 2))
        self.assertRegex(done.stderr.decode(), r"^hone: [A-Z][^\n]*\n$")
        self.assertNotRegex(done.stderr.decode(), RAW)

    # --- output that cannot be written ---

    def outputs(self):
        out = self.root / "t.json"
        return [["--help"], ["--version"], ["bench", "--help"], ["techniques"], ["techniques", "--markdown"], ["techniques", "--json"],
                ["inspect", MODEL], ["inspect", MODEL, "--tensors"], ["inspect", MODEL, "--json"], ["doctor", "--quick"],
                ["doctor", "--quick", "--json"], ["tokenize", MODEL, str(self.root / "text.txt")],
                ["generate", MODEL, "--raw", "--prompt", "abc", "--max-tokens", "3"],
                *[["runs", *rest, "--store", str(self.store)] for rest in (
                    ["list"], ["list", "--json"], ["show", "1"], ["compare", "1", "1"], ["export", "--format", "csv"],
                    ["export", "--format", "json"], ["export"], ["kernels", "1"], ["trace", "1", "--out", str(out), "--overwrite"])],
                ["bench", MODEL, "--prompt", "4", "--generate", "2", "--repeat", "1", "--resolution", "0", "--text", "none", "--threads", "1",
                 "--store", str(self.store)],
                ["eval", MODEL, "--quick", "--context", "16", "--threads", "1", "--store", str(self.store)],
                ["export", MODEL, "--out", str(self.root / "o.gguf"), "--overwrite", "--store", str(self.store)]]

    def test_an_output_that_cannot_be_written_is_an_error(self):
        self.measured()
        (self.root / "text.txt").write_text("some text", encoding="utf-8")
        for arguments in self.outputs():
            for target, reason in ((">/dev/full", "the disk is full"), (">&-", "standard output is closed")):
                with self.subTest(arguments=arguments, target=target):
                    done = subprocess.run(["bash", "-c", f'"$@" {target}', "bash", HONE, *arguments], capture_output=True, check=False,
                                          timeout=120, cwd=self.root, env=self.env)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertEqual(done.stderr.decode().splitlines()[-1], f"hone: The output could not be written: {reason}.")

    def test_a_limit_on_files_is_an_error_of_the_write(self):
        self.measured()
        done = self.bash('ulimit -f 0; "$1" techniques >out.txt')
        self.assertEqual((done.returncode, done.stderr.decode()),
                         (1, "hone: The output could not be written: the file is as large as the system allows.\n"))
        done = self.bash('ulimit -f 8; "$1" export synthetic:tiny --out limited.gguf --store "$2"')
        self.assertIn(done.returncode, (1, 2), done.stderr)  # told, and by no signal
        self.assertEqual([path.name for path in self.root.glob("limited*")], [])

    def test_nobody_reads_any_more(self):
        for command in ('"$1" techniques', '"$1" inspect synthetic:tiny --json', '"$1" --help'):
            done = self.bash(command + ' | true; echo ${PIPESTATUS[0]}')
            self.assertIn(done.stdout.decode().strip(), ("141", "0"), command)  # 0: it was done before the reader went
            self.assertEqual(done.stderr, b"", command)
        done = self.bash('(sleep 0.5; "$1" techniques; echo $? >status) | true; cat status')
        self.assertEqual((done.stdout, done.stderr), (b"141\n", b""))

    def test_an_error_that_cannot_be_told_keeps_its_status(self):
        for command in ('"$1" inspect /absent', '"$1" inspect /absent --json', '"$1" frobnicate', '"$1" bench synthetic:tiny --seed -1 --json'):
            for targets in ("2>/dev/full", "2>&-", ">&- 2>&-", ">/dev/full 2>/dev/full", "<&- >&- 2>&-"):
                with self.subTest(command=command, targets=targets):
                    self.assertEqual(self.bash(f"{command} {targets}").returncode, 2)

    def test_a_closed_output_never_lands_in_a_file(self):
        done = self.bash('"$1" bench synthetic:tiny --prompt 4 --generate 2 --repeat 1 --resolution 0 --text none --threads 1 --store "$2" '
                         '<&- >&- 2>&-')
        self.assertEqual(done.returncode, 1)
        runs = json.loads(self.hone("runs", "list", "--store", self.store, "--json").stdout)["runs"]
        self.assertEqual([run["status"] for run in runs], ["done"])

    # --- bytes and names ---

    def test_bytes_that_are_not_utf8_are_refused_and_never_another_name(self):
        for arguments in ([b"inspect", b"m\xff.gguf"], [b"bench", b"synthetic:tiny", b"--store", b"\xff.sqlite"],
                          [b"export", b"synthetic:tiny", b"--out", b"a\xe9.gguf"], [b"bench", b"synthetic:tiny", b"--with", b"\xff"],
                          [b"generate", b"synthetic:tiny", b"--prompt", b"\xff"], [b"\xff"], [b"bench", b"synthetic:tiny", b"--\xff"],
                          [b"bench", b"synthetic:tiny", b"--recipe", b"\xc3"], [b"bench", b"synthetic:tiny", b"--text", b"\xed\xa0\x80"]):
            for as_json in ([], [b"--json"]):
                with self.subTest(arguments=arguments):
                    done = subprocess.run([os.fsencode(HONE), *arguments, *as_json], capture_output=True, check=False, timeout=60,
                                          cwd=self.root, env=self.env)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn("not UTF-8", done.stderr.decode())
                    if as_json:
                        self.assertEqual(json.loads(done.stdout)["error"]["field"], "argument")
        self.assertEqual(os.listdir(os.fsencode(self.root)), [])

    def test_a_folder_that_is_not_utf8_leads_to_no_other_file(self):
        folder = os.path.join(os.fsencode(self.root), b"f\xff")
        os.mkdir(folder)
        done = subprocess.run([HONE, "export", MODEL, "--out", "x.gguf", "--store", str(self.store), "--json"], capture_output=True,
                              check=False, cwd=folder, env=self.env)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("UTF-8", json.loads(done.stdout)["error"]["summary"])
        self.assertEqual([name for name in os.listdir(os.fsencode(self.root)) if not name.startswith(b"runs.sqlite")], [b"f\xff"])
        self.assertEqual(os.listdir(folder), [])

    def test_odd_names_work_everywhere(self):
        for name in ("a b", "it's", '"quoted"', "100%", "%s%n", "a#b", "a?b=c", "ü 木", "new\nline", "-dash", "a&b;c", "$(x)", "tab\there", "~x",
                     "a:b", "back\\slash", "*"):
            with self.subTest(name=name):
                folder = self.root / name
                folder.mkdir()
                model, store, recipe, text = (folder / f"{name}.{kind}" for kind in ("gguf", "sqlite", "json", "txt"))
                recipe.write_text("[]", encoding="utf-8")
                text.write_text("Words of a text that is scored. " * 40, encoding="utf-8")
                done = self.hone("export", MODEL, "--out", model, "--store", store, "--json")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)["path"], str(model))
                done = self.hone("eval", model, "--text", text, "--recipe", recipe, "--context", "64", "--chunks", "1", "--threads", "1", "--store",
                                 store, "--json")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.hone("tokenize", model, text).returncode, 0)
                shown = self.hone("runs", "show", "1", "--store", store).stdout.decode()
                self.assertNotIn("new\nline", shown)
                left = {path.name for path in folder.iterdir()} - {f"{store.name}-journal", f"{store.name}-wal", f"{store.name}-shm"}
                self.assertEqual(left, {path.name for path in (model, store, recipe, text)})
                relative = subprocess.run([HONE, "inspect", "--", model.name], capture_output=True, check=False, cwd=folder, env=self.env)
                self.assertEqual(relative.returncode, 0, relative.stderr)

    def test_text_of_files_is_shown_and_never_obeyed(self):
        model = self.root / "m.gguf"
        self.assertEqual(self.hone("export", MODEL, "--out", model, "--store", self.store).returncode, 0)
        data = model.read_bytes()
        at = data.index(b"general.name") + len("general.name") + 4
        length = int.from_bytes(data[at:at + 8], "little")
        evil = "\x1b[31mred\x07\r\n‮txt\u0085".encode() + b"A" * 5000
        # The header grows: tensors stay aligned because the name's growth is a multiple of 32.
        evil += b"A" * (-(len(evil) - length) % 32)
        model.write_bytes(data[:at] + len(evil).to_bytes(8, "little") + evil + data[at + 8 + length:])
        shown = self.hone("inspect", model)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        for mark in ("\x1b", "\x07", "\r", "‮", "\u0085"):
            self.assertNotIn(mark, shown.stdout.decode())
        self.assertLess(max(map(len, shown.stdout.decode().splitlines())), 200)
        self.assertIn("\x1b[31mred", json.loads(self.hone("inspect", model, "--json").stdout)["name"])
        self.assertEqual(self.hone("eval", model, "--context", "16", "--chunks", "1", "--threads", "1", "--store", self.store).returncode, 0)
        for command in (["list"], ["show", "1"], ["compare", "1", "1"]):
            text = self.hone("runs", *command, "--store", self.store).stdout.decode()
            for mark in ("\x1b", "\x07", "\r", "‮", "\u0085"):
                self.assertNotIn(mark, text)

    # --- what ends a program ---

    def stopped_by(self, number):
        client = subprocess.Popen([HONE, "bench", MODEL, "--prompt", "200", "--generate", "300", "--repeat", "5000", "--text", "none", "--threads",
                                   "1", "--store", str(self.store), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        for _ in range(2000):  # the first run on a machine times its kernels before it is stored
            done = self.hone("runs", "list", "--store", self.store, "--json")
            if done.returncode == 0 and b'"running"' in done.stdout:
                break
            time.sleep(0.05)
        client.send_signal(number)
        client.communicate(timeout=60)
        run = json.loads(self.hone("runs", "show", "1", "--store", self.store, "--json").stdout)["runs"][0]
        return client.returncode, run["status"], run["reason"]

    def test_what_stopped_a_run_is_kept(self):
        for number, reason in ((signal.SIGINT, "cancelled by the user"), (signal.SIGTERM, "stopped by SIGTERM"),
                               (signal.SIGHUP, "stopped by SIGHUP: its terminal was closed")):
            with self.subTest(signal=number.name):
                self.assertEqual(self.stopped_by(number), (128 + number, "cancelled", reason))
                for path in self.root.glob("runs.sqlite*"):
                    path.unlink()

    def test_a_worker_that_is_killed_is_a_failure_and_no_bad_input(self):
        big = ["export", "synthetic:llama-3.2-1b", "--out", str(self.root / "x.gguf"), "--store", str(self.store), "--json"]
        client = subprocess.Popen([HONE, *big], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        children = pathlib.Path(f"/proc/{client.pid}/task/{client.pid}/children")
        for _ in range(2000):  # the first run on a machine times its kernels before it is stored
            workers = children.read_text(encoding="ascii").split()
            if workers and b"worker" in pathlib.Path(f"/proc/{workers[0]}/cmdline").read_bytes():
                break
            time.sleep(0.01)
        os.kill(int(workers[0]), signal.SIGKILL)
        out, err = client.communicate(timeout=60)
        self.assertEqual(client.returncode, 1, err)
        error = json.loads(out)["error"]
        self.assertIn("SIGKILL", error["message"])
        self.assertRegex(error["summary"], r"^[A-Z].*\.$")


if __name__ == "__main__":
    HONE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
