#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_hone_cuda.py SOURCE CMAKE COMPILER: what HONE_CUDA's AUTO, ON and OFF do with and without a CUDA toolkit."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = CMAKE = COMPILER = ""


class HoneCuda(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.builds = 0

    def cmake(self, source, *arguments):
        self.builds += 1
        environment = {key: value for key, value in os.environ.items() if key != "HONE_CUDA_ROOT"}
        done = subprocess.run([CMAKE, "-G", "Ninja", "-S", source, "-B", self.root / f"build{self.builds}", *arguments], capture_output=True,
                              text=True, check=False, timeout=120, env=environment)
        return done.returncode, " ".join((done.stdout + done.stderr).split())  # CMake breaks the lines of messages

    def configure(self, *arguments):
        """The module alone."""
        return self.cmake(pathlib.Path(__file__).resolve().parent / "project", f"-DHONE_SOURCE={SOURCE}", *arguments)

    def toolkit(self, version="13.0.88", libraries=("cublasLt", "cudart_static")):
        root = self.root / f"toolkit{self.builds}"
        (root / "bin").mkdir(parents=True)
        (root / "lib64").mkdir()
        (root / "bin" / "nvcc").touch(0o755)
        (root / "version").write_text(version)
        for library in libraries:
            (root / "lib64" / library).touch()
        return [f"-DHONE_CUDA_ROOT={root}"]

    def test_auto_without_a_toolkit_says_so_and_goes_on(self):
        for arguments in ([], ["-DHONE_CUDA=AUTO"]):
            status, said = self.configure(*arguments)
            self.assertEqual(status, 0, said)
            self.assertIn("CUDA plug-in: not built, because no nvcc was found (scripts/cuda_toolkit.sh brings a toolkit)", said)
            self.assertIn("HONE_HAS_CUDA is OFF", said)

    def test_on_without_a_toolkit_fails_and_names_what_is_missing(self):
        status, said = self.configure("-DHONE_CUDA=ON")
        self.assertNotEqual(status, 0, said)
        self.assertIn("HONE_CUDA is ON and no nvcc was found; scripts/cuda_toolkit.sh brings a toolkit, HONE_CUDA_ROOT names one", said)

    def test_off_looks_for_nothing(self):
        for arguments in ([], self.toolkit()):
            status, said = self.configure("-DHONE_CUDA=OFF", *arguments)
            self.assertEqual(status, 0, said)
            self.assertIn("HONE_HAS_CUDA is OFF", said)
            self.assertNotIn("CUDA plug-in", said)

    def test_auto_and_on_take_a_toolkit_that_has_everything(self):
        for choice in ("AUTO", "ON"):
            status, said = self.configure(f"-DHONE_CUDA={choice}", *self.toolkit())
            self.assertEqual(status, 0, said)
            self.assertIn("CUDA plug-in: toolkit 13.0.88 of", said)
            self.assertIn("HONE_HAS_CUDA is ON", said)

    def test_a_toolkit_that_lacks_something_is_none(self):
        for lacking in ({"libraries": ["cudart_static"]}, {"version": "12.8.0"}):
            status, said = self.configure("-DHONE_CUDA=AUTO", *self.toolkit(**lacking))
            self.assertEqual(status, 0, said)
            self.assertIn("lacks cuBLASLt or is older than 13.0", said)
            self.assertIn("HONE_HAS_CUDA is OFF", said)
            status, said = self.configure("-DHONE_CUDA=ON", *self.toolkit(**lacking))
            self.assertNotEqual(status, 0, said)
            self.assertIn("HONE_CUDA is ON and the toolkit of", said)
            self.assertIn("lacks cuBLASLt or is older than 13.0; scripts/cuda_toolkit.sh brings one", said)

    def test_what_cannot_be_meant_is_an_error(self):
        status, said = self.configure("-DHONE_CUDA=MAYBE")
        self.assertNotEqual(status, 0, said)
        self.assertIn("HONE_CUDA is MAYBE: expected AUTO, ON or OFF", said)
        status, said = self.configure(f"-DHONE_CUDA_ROOT={self.root}/nowhere")
        self.assertNotEqual(status, 0, said)
        self.assertIn("nowhere, where there is no bin/nvcc", said)

    def test_the_project_has_no_plugin_where_it_is_off(self):
        status, said = self.cmake(SOURCE, "-DHONE_CUDA=OFF", "-DHONE_UI=OFF", "-DHONE_TESTS=OFF", "-DHONE_BENCHMARKS=OFF",
                                  f"-DCMAKE_CXX_COMPILER={COMPILER}")
        self.assertEqual(status, 0, said)
        targets = subprocess.run([CMAKE, "--build", self.root / f"build{self.builds}", "--target", "help"], capture_output=True, text=True,
                                 check=True).stdout
        self.assertIn("\nhone_plugins:", targets)
        self.assertIn("\nhone_cuda_host:", targets)
        self.assertNotIn("\nhone_cuda:", targets)


if __name__ == "__main__":
    SOURCE, CMAKE, COMPILER = sys.argv[1:4]
    del sys.argv[1:4]
    unittest.main()
