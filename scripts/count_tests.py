#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count_tests.py RESULTS EXPECTED_SKIPS [--more REPORT] [--strict] [--fail REASON]: sums up a test run.

RESULTS holds ctest.xml, ctest's own report with one entry a program, and PROGRAM.xml for each program that reports its
cases. A program without such a file counts as one case. A program that ended badly without naming a failed case (a crash)
counts as one failure more. EXPECTED_SKIPS lists patterns of case names with the reason; with --strict any other skip
fails the run. The last line counts the cases; the exit status is 1 after any failure, or where nothing ran.
"""
import argparse
import fnmatch
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def cases_of(path, program):
    """Yields (name, "passed" | "failed" | "skipped", message)."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{program}.{case.get('classname', '')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            yield name, "failed", ""
        elif case.find("skipped") is not None:
            yield name, "skipped", " ".join((case.find("skipped").get("message") or "").split())
        elif case.get("status") == "notrun" or case.get("result") == "suppressed":
            yield name, "skipped", "disabled"
        elif case.get("name") not in ("initTestCase", "cleanupTestCase"):  # Qt's frame around the cases
            yield name, "passed", ""


def program_cases(entry, results):
    """The cases of one of ctest's entries."""
    program = entry.get("name")
    status = entry.get("status")  # run, fail, notrun, disabled
    skipped = entry.find("skipped")
    if status in ("notrun", "disabled"):
        # Not run, and not by its own wish: it was not built, or what it depends on failed.
        wish = status == "disabled" or (skipped is not None and skipped.get("message", "").startswith("SKIP_"))
        return [(program, "skipped", "the program said so")] if wish else [(f"{program} (could not run)", "failed", "")]
    cases = []
    if (results / f"{program}.xml").exists():
        try:
            cases = list(cases_of(results / f"{program}.xml", program))
        except ElementTree.ParseError:
            cases = [(program, "failed", "")]
    if not cases:
        cases = [(program, "passed" if status == "run" else "failed", "")]
    if status == "fail" and all(outcome != "failed" for _, outcome, _ in cases):
        cases.append((f"{program} (ended badly)", "failed", ""))
    return cases


def expected_skips(path):
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.split("\t")[0].strip() for line in lines if line.strip() and not line.startswith("#")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("expected_skips", type=pathlib.Path)
    parser.add_argument("--more", type=pathlib.Path, help="another report with one entry a program")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--fail", action="append", default=[])
    options = parser.parse_args()
    cases = []
    for report in (options.results / "ctest.xml", options.more):
        if report is None or not report.exists():
            continue
        for entry in ElementTree.parse(report).getroot().iter("testcase"):
            cases += program_cases(entry, options.results)
    patterns = expected_skips(options.expected_skips)
    problems = list(options.fail) + ([] if cases else ["no test ran"])
    for name, outcome, message in cases:
        if outcome == "failed":
            print(f"failed: {name}")
        if outcome == "skipped":
            expected = any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
            print(f"skipped{'' if expected else ', unexpectedly'}: {name}: {message}")
            if options.strict and not expected:
                problems.append(f"{name} was skipped and tests/expected_skips.txt does not list it")
    for problem in problems:
        print(f"failed: {problem}")
    count = {outcome: sum(1 for case in cases if case[1] == outcome) for outcome in ("passed", "failed", "skipped")}
    failed = count["failed"] + len(problems)
    print(f"{count['passed']} passed, {failed} failed, {count['skipped']} skipped", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
