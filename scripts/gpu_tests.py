#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gpu_tests.py OUT NAME PROGRAM FILTER: a GoogleTest program for scripts/gpu_check.sh, each of its suites in a process of its own, since the first
error that loses a device's context hides whatever comes after it in the same one. Suites run beside one another. What failed runs once more under
compute-sanitizer, which names the kernel and its line. Writes OUT/NAME.*.log and prints rows of a Markdown table.

--seconds: the limit for all of it. --jobs: how many processes at a time. --sanitizer: compute-sanitizer. Status: 0 all passed, 1 not.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time


class Suites:
    def __init__(self, arguments):
        self.arguments = arguments
        self.out = pathlib.Path(arguments.out)
        self.end = time.monotonic() + arguments.seconds

    def left(self):
        return self.end - time.monotonic()

    def log(self, suite, kind):
        return self.out / f"{self.arguments.name}.{re.sub(r'[^A-Za-z0-9]+', '_', suite)}.{kind}"

    def list(self):
        """{suite: its tests}, or what the program said instead."""
        try:
            done = subprocess.run([self.arguments.program, "--gtest_list_tests", f"--gtest_filter={self.arguments.filter}"], capture_output=True,
                                  text=True, errors="replace", check=False, timeout=max(1, self.left()))
        except (OSError, subprocess.TimeoutExpired) as error:
            return {}, str(error)
        suites = {}
        for line in done.stdout.splitlines():
            if re.match(r"\S+\.(\s|$)", line):
                tests = suites.setdefault(line.split()[0], [])
            elif line.startswith("  ") and suites:
                tests.append(line.split()[0])
        return {suite: tests for suite, tests in suites.items() if tests}, (done.stderr or done.stdout).strip()[-200:]

    def run(self, suite, tests, log, prefix=()):
        """Status; None where it took too long, or no time was left."""
        if self.left() < 1:
            return None
        command = [*prefix, self.arguments.program, "--gtest_brief=1", "--gtest_filter=" + ":".join(suite + test for test in tests)]
        with log.open("w", encoding="utf-8") as to:
            try:
                return subprocess.run(command, stdout=to, stderr=subprocess.STDOUT, check=False, timeout=self.left()).returncode
            except subprocess.TimeoutExpired:
                return None
            except OSError as error:
                to.write(f"{error}\n")
                return 127

    def suite(self, suite, tests):
        """(suite, what is to be said of it); None where all passed."""
        log = self.log(suite, "log")
        code = self.run(suite, tests, log)
        if code is None:
            return suite, "**stopped or not run: the time was up**"
        if code == 0:
            return suite, None
        text = log.read_text(encoding="utf-8", errors="replace")
        failed = list(dict.fromkeys(re.findall(r"\[  FAILED  \] (\S+?),? ", text + " ")))
        failed = [name for name in failed if name.startswith(suite)]
        said = f"**failed**, status {code}: {', '.join(failed) or 'it ended early'}"
        return suite, said + self.examined(suite, [name[len(suite):] for name in failed] or tests)

    def examined(self, suite, tests):
        """What compute-sanitizer finds in tests that failed."""
        if not self.arguments.sanitizer:
            return ""
        log = self.log(suite, "memcheck.log")
        prefix = [self.arguments.sanitizer, "--tool", "memcheck", "--report-api-errors", "no"]
        self.run(suite, tests, log, prefix)
        lines = [line.strip("= \n") for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.startswith("=========")]
        found = [line for line in lines[1:] if line][:3]
        return "; memcheck: " + " / ".join(found) if found else "; memcheck said nothing"

    def all(self):
        suites, problem = self.list()
        name = self.arguments.name
        if not suites:
            print(f"| {name} | **failed** | no tests were listed: {problem.replace('|', ' ')} |")
            return 1
        with concurrent.futures.ThreadPoolExecutor(self.arguments.jobs) as pool:
            results = list(pool.map(lambda item: self.suite(*item), suites.items()))
        bad = [(suite, said) for suite, said in results if said]
        count = sum(len(tests) for tests in suites.values())
        passed = count - sum(len(suites[suite]) for suite, _ in bad)
        print(f"| {name} | {'**failed**' if bad else 'passed'} | {len(suites)} suites of {count} tests; {passed} are of suites that passed |")
        for suite, said in bad:
            print(f"| {name}: {suite[:-1]} | {said.replace('|', ' ').splitlines()[0]} | |")
        return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("out", "name", "program", "filter"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--sanitizer", default="")
    return Suites(parser.parse_args()).all()


if __name__ == "__main__":
    sys.exit(main())
