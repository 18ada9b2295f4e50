#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""python_cases.py REPORT SCRIPT [ARGUMENT…]: runs SCRIPT, a unittest program, and reports its cases to REPORT as JUnit XML.

The counterpart of GoogleTest's --gtest_output: scripts/count_tests.py then counts the cases, not the program.
"""
import pathlib
import runpy
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree


class Recorder(unittest.TextTestResult):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.suite = ElementTree.Element("testsuite")
        self.case = None
        self.started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        group, _, name = test.id().rpartition(".")
        self.case = ElementTree.SubElement(self.suite, "testcase", classname=group.rpartition(".")[2], name=name)

    def stopTest(self, test):
        self.case.set("time", f"{time.monotonic() - self.started:.3f}")
        self.case = None
        super().stopTest(test)

    def outcome(self, test, kind, message):
        # What fails in a fixture of the class or module has no case of its own.
        case = self.case
        if case is None:
            case = ElementTree.SubElement(self.suite, "testcase", classname="fixture", name=str(test))
        ElementTree.SubElement(case, kind, message=message)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.outcome(test, "failure", str(err[1]))

    def addError(self, test, err):
        super().addError(test, err)
        self.outcome(test, "error", str(err[1]))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcome(subtest, "failure", f"{subtest}: {err[1]}")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.outcome(test, "failure", "succeeded unexpectedly")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcome(test, "skipped", reason)


class Runner(unittest.TextTestRunner):
    report = pathlib.Path()

    def __init__(self, **options):
        super().__init__(**{**options, "resultclass": Recorder})

    def run(self, test):
        result = super().run(test)
        # Control characters of a failed program's output are no XML.
        text = ElementTree.tostring(result.suite, encoding="unicode")
        text = "".join(letter for letter in text if letter >= " " or letter in "\t\n\r")
        self.report.write_text(text, encoding="utf-8")
        return result


def main():
    Runner.report = pathlib.Path(sys.argv[1])
    script = sys.argv[2]
    sys.argv = sys.argv[2:]
    sys.path[0] = str(pathlib.Path(script).resolve().parent)
    unittest.runner.TextTestRunner = Runner
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
