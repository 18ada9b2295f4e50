#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_sass.py BINARY [CUOBJDUMP]: what the compiler made of the hot loops for sm_90. BINARY is the plug-in, or a cubin of it; CUOBJDUMP is looked for on
the path too, with nvdisasm beside it.

No measurement: what is held here are the conditions without which a kernel waits for memory, whatever the device. Nothing spills; registers leave room for
the blocks that a launch counts on; loads through pointers are from global memory, since generic ones may not pass stores to shared memory; many are under
way at once, and nothing waits for a scale before the weights behind it were asked for.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

BINARY, CUOBJDUMP = "", ""
PLANES = re.findall(r"^HONE_PLANE\((\w+)", (pathlib.Path(__file__).parents[3] / "kernels/cuda/weights/planes.inc").read_text(), re.M)
KV_PLANES = ["f32", "f16", "bf16", "i8"]
# Instructions between a load and what waits for it, at the least, within one stretch of code.
FAR = 12


class Instruction:
    def __init__(self, address, text):
        self.address, self.text = address, text
        words = re.sub(r"^@!?U?P[T\d]+\s+", "", text).split(None, 1)
        self.operation = words[0]
        self.kind = words[0].split(".")[0]
        operands = words[1] if len(words) > 1 else ""
        first = operands.split(",", 1)
        stores = self.kind in ("ST", "STG", "STS", "STL", "BRA", "BAR", "EXIT")
        self.written = None if stores else (re.match(r"\s*(R\d+)", first[0]) or [None, None])[1]
        self.read = set(re.findall(r"\bR\d+", operands if stores or len(first) < 2 else first[1]))


def kernels():
    """{name: its stretches of code without a branch into or out of them}"""
    path = f"{pathlib.Path(CUOBJDUMP).parent}:/usr/bin:/bin"
    arch = [] if BINARY.endswith(".cubin") else ["-arch", "sm_90"]
    text = subprocess.run([CUOBJDUMP, "-sass", *arch, BINARY], capture_output=True, text=True, check=True, timeout=500, env={"PATH": path}).stdout
    found = {}
    for part in text.split("Function : ")[1:]:
        mangled = part.split(None, 1)[0]
        match = re.search(r"\d+([A-Z][A-Za-z]+)BodyI(?:LNS0_\d+(?:PlaneType|KvPlane)E(\d+)E)?(?:Li(\d+)E)?", mangled)
        if not match:
            continue
        planes = KV_PLANES if "KvPlane" in mangled else PLANES
        name = (match[1], planes[int(match[2])] if match[2] else "", int(match[3] or 0))
        lines = [Instruction(int(at, 16), code.strip()) for at, code in re.findall(r"/\*([0-9a-f]{4,})\*/\s+([^;/]+);", part)]
        targets = {int(to, 16) for line in lines if line.kind in ("BRA", "BSSY", "CALL") for to in re.findall(r"0x([0-9a-f]+)", line.text)}
        stretches, stretch = [], []
        for line in lines:
            if line.address in targets and stretch:
                stretches.append(stretch)
                stretch = []
            stretch.append(line)
            if line.kind in ("BRA", "EXIT", "BAR", "RET"):
                stretches.append(stretch)
                stretch = []
        found[name] = [*stretches, stretch] if stretch else stretches
    return found


def registers():
    """{name as kernels() has it: registers a thread}"""
    arch = [] if BINARY.endswith(".cubin") else ["-arch", "sm_90"]
    done = subprocess.run([CUOBJDUMP, "-res-usage", *arch, BINARY], capture_output=True, text=True, check=True, timeout=500,
                          env={"PATH": f"{pathlib.Path(CUOBJDUMP).parent}:/usr/bin:/bin"})
    found = {}
    for mangled, count in re.findall(r"Function (\S+):\s+REG:(\d+)", done.stdout + done.stderr):
        match = re.search(r"\d+([A-Z][A-Za-z]+)BodyI(?:LNS0_\d+(?:PlaneType|KvPlane)E(\d+)E)?(?:Li(\d+)E)?", mangled)
        if match:
            planes = KV_PLANES if "KvPlane" in mangled else PLANES
            found[(match[1], planes[int(match[2])] if match[2] else "", int(match[3] or 0))] = int(count)
    return found


class Sass(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kernels = kernels() if CUOBJDUMP and BINARY else {}

    def setUp(self):
        if not BINARY:
            self.skipTest("built without a CUDA toolkit")
        if not CUOBJDUMP:
            self.skipTest("needs cuobjdump and nvdisasm")
        self.assertGreater(len(self.kernels), 50, "the plug-in's kernels were not found")

    def of(self, *ids):
        chosen = {name: code for name, code in self.kernels.items() if name[0] in ids}
        self.assertTrue(chosen)
        return chosen.items()

    def test_nothing_spills(self):
        for name, code in self.of("Product", "ProductTiles", "Attend", "AttendTiles", "Expand", "Embed"):
            local = [line.text for stretch in code for line in stretch if line.kind in ("LDL", "STL")]
            self.assertEqual(local, [], name)

    def test_loads_are_from_global_memory(self):
        for name, code in self.of("Product", "ProductTiles", "Attend", "AttendTiles", "Expand", "Embed"):
            generic = [line.text for stretch in code for line in stretch if line.kind in ("LD", "ST")]
            self.assertEqual(generic, [], name)

    def test_as_many_blocks_fit_as_launches_count_on(self):
        used = registers()
        for name, code in self.of("Product", "Attend", "AttendTiles"):
            threads, blocks = (256, 1 if re.search("2of4|i6", name[1]) and name[2] == 8 else 2) if name[0] == "Product" else \
                (128, 3 if name[0] == "Attend" or name[2] == 64 else 2)
            with self.subTest(name):
                self.assertIn(name, used)
                # Registers are given a warp at a time, 256 together.
                a_warp = (used[name] * 32 + 255) // 256 * 256
                self.assertLessEqual(a_warp * threads // 32 * blocks, 65536, used[name])
            self.assertTrue(code)

    def test_nothing_waits_for_a_scale(self):
        """Between a scale's load and the first instruction that reads it lie many others, or the end of the stretch."""
        for name, code in self.of("Product", "ProductTiles"):
            if name[1] not in ("i4", "i8", "e4m3"):
                continue
            scales = 0
            for stretch in code:
                for i, line in enumerate(stretch):
                    if not line.operation.startswith("LDG.E.U16"):
                        continue
                    scales += 1
                    use = next((j for j in range(i + 1, min(i + FAR, len(stretch))) if line.written in stretch[j].read), None)
                    self.assertIsNone(use, f"{name}: {line.text} is waited for by {stretch[use or 0].text}")
            self.assertGreater(scales, 0, name)

    def test_a_tile_of_attention_is_loaded_together(self):
        """Before the first store to shared memory of a tile stand as many loads as 32 registers hold."""
        for name, code in self.of("AttendTiles"):
            words = {"f32": 8, "f16": 4, "bf16": 4, "i8": 2}[name[1]]
            pieces = min(32 // words, 2 * 64 * (name[2] // 8) // 128)
            together = pieces * (2 if name[1] == "f32" else 1)  # a load is 16 bytes at most
            most, run = 0, 0
            for line in (line for stretch in code for line in stretch):
                if line.kind == "STS" and "128" in line.operation:
                    run = 0
                elif line.operation.startswith("LDG.E.128") or (name[1] == "i8" and line.operation.startswith("LDG.E.64")):
                    run += 1
                most = max(most, run)
            self.assertGreaterEqual(most, together, name)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    given = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else ""
    CUOBJDUMP = given if pathlib.Path(given).is_file() else shutil.which("cuobjdump") or ""
    if CUOBJDUMP and not shutil.which("nvdisasm", path=str(pathlib.Path(CUOBJDUMP).parent)):
        CUOBJDUMP = ""
    unittest.main()
