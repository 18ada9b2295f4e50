#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_hardening.py BUILD_TYPE READELF PROBE PROGRAM…: that programs are linked, and releases compiled, so that a fault in them is hard to use.

PROBE is compiled with a release's options in builds of every type, so that what they do is held where no release is built.
"""
import subprocess
import sys
import unittest

BUILD_TYPE = READELF = PROBE = ""
PROGRAMS = []


def told(option, program):
    return subprocess.run([READELF, option, "--wide", program], capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    def test_addresses_are_not_fixed(self):
        for program in PROGRAMS:
            self.assertIn("DYN (", told("--file-header", program), program)

    def test_what_the_loader_filled_in_stays_as_it_is(self):
        for program in PROGRAMS:
            self.assertIn("GNU_RELRO", told("--program-headers", program), program)
            dynamic = told("--dynamic", program)
            self.assertTrue("BIND_NOW" in dynamic or "NOW" in dynamic, program)
            self.assertNotIn("TEXTREL", dynamic, program)

    def test_no_stack_runs(self):
        for program in PROGRAMS:
            line = next(line for line in told("--program-headers", program).splitlines() if "GNU_STACK" in line)
            self.assertNotIn("E", line.split()[-2], line)

    def checks_copies_and_stack_frames(self, program):
        symbols = told("--dyn-syms", program)
        self.assertIn("__stack_chk_fail", symbols, program)
        self.assertRegex(symbols, r"__(?!stack)\w+_chk\b", program)

    def test_a_releases_options_check_copies_and_stack_frames(self):
        self.checks_copies_and_stack_frames(PROBE)

    def test_programs_are_compiled_as_their_build_type_promises(self):
        self.assertIn(BUILD_TYPE, ("Debug", "Release"), "a build type that promises nothing known")
        if BUILD_TYPE == "Debug":  # keeps what debuggers and sanitizers want
            self.skipTest("only a release promises checks in the programs themselves; the probe holds its options")
        for program in PROGRAMS:
            self.checks_copies_and_stack_frames(program)


if __name__ == "__main__":
    BUILD_TYPE = sys.argv.pop(1)
    READELF = sys.argv.pop(1)
    PROBE = sys.argv.pop(1)
    PROGRAMS = sys.argv[1:]
    sys.argv = sys.argv[:1]
    unittest.main()
