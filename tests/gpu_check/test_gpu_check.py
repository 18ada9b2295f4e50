#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_gpu_check.py SCRIPTS BUILD PLUGIN: scripts/gpu_check.sh and its benchmarks from end to end, over the emulated device.

BUILD holds bin/hone and the other programs as a bundle does; PLUGIN is the emulated device.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SCRIPTS, BUILD, PLUGIN = pathlib.Path(), pathlib.Path(), ""

# Refuses one tool as a machine may, and finds nothing with the other.
SANITIZER = """#!/bin/sh
case "$*" in
  *memcheck*) echo "========= Error: Device not supported"; exit 1 ;;
  *) echo "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)" ;;
esac
"""


class OnTheEmulatedDevice(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.tools = self.root / "tools"
        self.tools.mkdir()
        self.path = f"{self.tools}:/usr/bin:/bin"

    def check(self, status, plugin=None, **environment):
        """The report, and what was said."""
        out = self.root / "out"
        # As on a machine that knows nothing of the build.
        environment = {"PATH": self.path, "HOME": str(self.root), "HONE_GPU_BUNDLE": str(BUILD), "HONE_GPU_CHECK_PLUGIN": plugin or PLUGIN, **environment}
        done = subprocess.run([SCRIPTS / "gpu_check.sh", out], env=environment, capture_output=True, text=True, check=False, timeout=480)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        report = out / "report.md"
        return report.read_text(encoding="utf-8") if report.exists() else "", done.stdout + done.stderr

    def test_measures_and_writes_a_report(self):
        (self.tools / "compute-sanitizer").write_text(SANITIZER, encoding="utf-8")
        (self.tools / "compute-sanitizer").chmod(0o755)
        model = self.root / "tiny.gguf"
        subprocess.run([BUILD / "bin/hone", "export", "synthetic:tiny", "--format", "gguf", "--out", model], check=True, capture_output=True,
                       env={**os.environ, "XDG_DATA_HOME": str(self.root / "data")})
        report, _ = self.check(0, HONE_GPU_CHECK_MODEL=str(model))
        self.assertIn("Emulated device (compute capability 9.0", report)
        self.assertRegex(report, r"\| test_cuda_kernels \| passed \| 2 suites of \d+ tests")
        self.assertRegex(report, r"\| test_cuda \| passed \| 1 suites of 1 tests")
        self.check_order(report)
        self.check_archive()
        for kind in ("bf16", "f16", "e4m3", "int8", "f32"):
            self.check_probe(self.document(f"probe-{kind}"))
        self.assertIn("of 0 it said otherwise than the rules", report)
        self.assertIn("| memcheck | refused by this machine, status 1: ========= Error: Device not supported |", report)
        self.assertRegex(report, r"\| racecheck \| passed \| =+ RACECHECK SUMMARY: 0 hazards")
        targets = [line.split("|") for line in report.split("| | measured | target | |")[1].splitlines()[2:21]]
        missing = {row[1].strip() for row in targets if row[2].strip() == "not measured"}
        # PyTorch may be there.
        self.assertLessEqual(missing, {"decode, BF16, over PyTorch compiled, static cache", "prefill of 2,048, BF16, over PyTorch, SDPA"}, report)
        for name in ("decode-bf16", "decode-int8", "decode-int4", "decode-1x2k", "decode-64x2k", "prefill-bf16", "prefill-w8a8", "prefill-fp8"):
            self.assertRegex(report, rf"\n\| {name} \| [\d.]+ \| [\d.]+ \| [\d.]+ \|")
        self.assertIn("Decoding as emulation counted it", report)
        self.assertRegex(report, r"\n\| linear \| [\d.]+ \| [\d.]+ % \| 25.0 % \| 50.0 % \|")
        self.check_rates(self.document("bench_cuda"))
        self.check_cost_of_tracing(self.document("cuda_trace"))
        recording = (self.root / "out/recordings/tiny.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertEqual(json.loads(recording[0])["hone_cuda_recording"], 2)
        self.assertTrue(any(json.loads(line)[0] == "graph_node" for line in recording[1:]))

    def check_order(self, report):
        """What everything rests on comes first, sanitizers over everything last."""
        rows = [line.split("|")[1].strip() for line in report.split("## Beside")[0].splitlines() if line.startswith("| ")]
        self.assertEqual([row for row in rows if row and row != "---"], ["memcheck-first", "test_cuda_kernels", "test_cuda", "memcheck", "racecheck"])
        made = {path.name: path.stat().st_mtime_ns for path in (self.root / "out").glob("*.json")}
        self.assertLess(made["probe-bf16.json"], made["bench_cuda.json"])
        self.assertLess(made["bench_cuda.json"], made["decode-bf16.json"])

    def check_archive(self):
        """One file holds all that has to travel."""
        archive = self.root / "out.tar.gz"
        self.assertLess(archive.stat().st_size, 4 << 20)
        with tarfile.open(archive) as held:
            names = set(held.getnames())
            report = held.extractfile("gpu-check/report.md").read().decode()
        self.assertEqual(report, (self.root / "out/report.md").read_text(encoding="utf-8"))
        self.assertLessEqual({"gpu-check/bench_cuda.json", "gpu-check/probe-int8.json", "gpu-check/racecheck.log", "gpu-check/recordings/tiny.jsonl"}, names)
        self.assertFalse(any("sqlite" in name or "cache" in name for name in names))

    def check_probe(self, probe):
        self.assertEqual({entry["tokens"] for entry in probe}, {1, 2, 8, 16, 17, 32, 300})
        self.assertEqual({entry["y_alignment"] for entry in probe}, {256, 64, 16, 4})
        for entry in probe:
            self.assertEqual(entry["refused"] is None, entry["expected"] is None, entry)
            self.assertLess(entry.get("difference", 0), 0.01, entry)

    def document(self, name):
        return json.loads((self.root / f"out/{name}.json").read_text(encoding="utf-8"))

    def check_rates(self, bench):
        self.assertEqual(bench["device"], "Emulated device")
        self.assertGreater(bench["copy"]["bytes_per_second"], 0)
        self.assertEqual([entry["type"] for entry in bench["dense"]], ["bf16", "f16", "e4m3", "int8", "f32"])
        for entry in bench["dense"]:
            self.assertGreater(entry["flops_per_second"], 0)
        self.assertEqual({entry["type"] for entry in bench["products"]}, {"f32", "bf16", "e4m3 per 32", "int8 per 32", "int4 per 64", "int4 per 32"})
        self.assertEqual({entry["tokens"] for entry in bench["products"]}, {1, 2, 4, 8})
        for entry in bench["products"]:
            self.assertGreater(entry["bytes_per_second"], 0)
        self.assertEqual(bench["trace"]["long_kernel"]["kernels"], 1)
        self.assertEqual(bench["trace"]["short_kernels"]["kernels"], 20)
        for name in ("long_kernel", "short_kernels"):
            times = bench["trace"][name]
            self.assertAlmostEqual(times["ratio"], 1, delta=0.2)
            self.assertAlmostEqual((times["durations_seconds"] + times["gaps_seconds"]) / times["events_seconds"], 1, delta=0.5)

    def check_cost_of_tracing(self, bench):
        overhead = bench["overhead"]
        self.assertEqual((overhead["shape"], overhead["source"], overhead["problem"]), ("tiny", "emulation", ""))
        for name in ("untraced_before_seconds", "untraced_between_seconds", "traced_seconds", "ratio"):
            self.assertGreater(overhead[name], 0)
        self.assertEqual(overhead["kernels"], overhead["launches"])
        self.assertGreater(overhead["kernels"], 0)
        self.assertEqual(overhead["attributed_time"], overhead["kernel_time"])
        self.assertLess(bench["logits"]["largest_difference"], 2e-3)

    def test_benchmarks_refuse_what_they_do_not_know(self):
        for name in ("bench_cuda", "bench_cuda_trace"):
            for argument, status, message in (("--large", 2, "'--large': expected --small"), ("1", 1, "no CUDA device 1")):
                done = subprocess.run([BUILD / "bin" / name, argument], env={**os.environ, "HONE_CUDA_PLUGIN": PLUGIN}, capture_output=True, text=True,
                                      check=False, timeout=300)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(message, done.stderr)

    def test_says_why_there_is_no_device(self):
        report, said = self.check(3, plugin=str(self.root / "absent.so"))
        self.assertEqual(said, f"gpu_check: no CUDA device: {self.root}/absent.so is not there: Hone was built without CUDA\n")
        self.assertEqual(report, "")

    def test_stops_when_the_time_is_up(self):
        report, _ = self.check(1, HONE_GPU_CHECK_SECONDS="20")
        for name in ("test_cuda_kernels", "test_cuda"):
            self.assertIn(f"| {name} | not run: the time was up |", report)
        self.assertTrue((self.root / "out.tar.gz").exists())
        self.assertIn("bench_cuda: not run: the time was up", report)

    def test_says_what_building_here_would_need(self):
        for tool in ("bash", "env", "dirname", "python3", "timeout", "tail", "mkdir"):
            (self.tools / tool).symlink_to(shutil.which(tool, path="/usr/bin:/bin"))
        self.path = str(self.tools)
        absent = self.root / "absent"
        _, said = self.check(2, HONE_GPU_BUNDLE=str(absent))
        self.assertIn(f"{absent} is missing and cannot be built here: gpu_bundle: cmake is missing", said)

    def test_a_failed_test_is_a_failure(self):
        programs = self.root / "bundle/bin"
        programs.mkdir(parents=True)
        # One suite loses the device's context, the others do not see it; the sanitizer, asked once more, names the kernel.
        kernels = """case "$*" in
*--gtest_list_tests*) printf 'Some.\\n  Test\\n  Other\\nAll/More.  # TypeParam\\n  Test/0\\nLast.\\n  Test\\n' ;;
*Some.*) echo '[  FAILED  ] Some.Test (3 ms)'; exit 1 ;;
*All/More.*) exit 139 ;;
esac"""
        for name, script in {"hone": f"""[ "$1" != doctor ] || exec {BUILD}/bin/hone "$@"; echo nothing else >&2; exit 1""", "test_cuda_kernels": kernels}.items():
            (programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (programs / name).chmod(0o755)
        (self.tools / "compute-sanitizer").write_text("#!/bin/sh\necho '========= COMPUTE-SANITIZER'\necho \"========= Invalid read at some_kernel.cuh:7 in $*\"\n",
                                                      encoding="utf-8")
        (self.tools / "compute-sanitizer").chmod(0o755)
        # The rest is not there either: each part says so, and the report is written all the same.
        report, _ = self.check(1, HONE_GPU_BUNDLE=str(programs.parent))
        self.assertIn("| test_cuda_kernels | **failed** | 3 suites of 4 tests; 1 are of suites that passed |", report)
        self.assertRegex(report, r"\| test_cuda_kernels: Some \| \*\*failed\*\*, status 1: Some.Test; memcheck: Invalid read at some_kernel.cuh:7 in .*=Some.Test \|")
        self.assertRegex(report, r"\| test_cuda_kernels: All/More \| \*\*failed\*\*, status 139: it ended early; memcheck: .*=All/More.Test/0 \|")
        self.assertNotIn("Last", report)
        self.assertRegex(report, r"\| test_cuda \| \*\*failed\*\* \| no tests were listed: .*test_cuda")
        self.assertIn("decode-bf16: nothing else", report)
        self.assertTrue((self.root / "out.tar.gz").exists())


if __name__ == "__main__":
    SCRIPTS, BUILD = pathlib.Path(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1))
    PLUGIN = sys.argv.pop(1)
    unittest.main()
