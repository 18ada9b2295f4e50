#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_sizes.py [ROOT]: holds that no function has more than 100 lines, no source file more than 400 and no line more than 100 columns.

sizes.json lists the exceptions with their lines and the reason: "FILE" or "FILE: NAME" of a function. An exception may not grow, and one that
is within the limit by now is a breach too, so that the list only shrinks. Lines and functions of tests are not counted: a table of cases is
as long as its cases. A line may be wider where clang-format is off, and where it holds a raw string. Prints one line a breach; exits with 1 where there is one.
"""
import json
import pathlib
import re
import sys

MOST_LINES, MOST_FUNCTION_LINES, MOST_COLUMNS = 400, 100, 100
DEEPEST = 8  # spaces before a member of a class within a class
SEARCHED = ("kernels", "profiler", "engine", "ui", "app")
SOURCES = {".cpp", ".cu", ".cuh", ".h", ".inc"}
# As clang-format sets it: a function's last line of the head ends with "{", and its end stands below its beginning.
BLOCK = re.compile(r"(else|do|try|catch|if|for|while|switch|namespace|class|struct|union|enum|extern|static_assert|return)\b")
HEAD = re.compile(r"^(?P<indent> *)(?P<text>\S.*)$")


def name_of(head):
    """The function's name with its class: "Runtime::step"; None where the head is no function's."""
    if BLOCK.match(head) or "=" in head.split("(")[0].replace("operator==", "").replace("operator=", ""):
        return None
    found = re.search(r"([~\w:]+|operator\S+)\s*\(", head)
    return found.group(1) if found else None


def functions(lines):
    """Yields (name, number of the first line, lines) of every function with a body of several lines."""
    head_at, head, after = 0, "", 0
    for number, line in enumerate(lines):
        found = HEAD.match(line)
        if found is None or number < after:  # nothing within a function is one of its own
            continue
        indent, text = found.group("indent"), found.group("text")
        if re.match(r"(//|#|template\b)", text) or text.endswith((";", "}", ":")) and not text.endswith("::"):
            head = ""
            continue
        if not head and len(indent) > DEEPEST:
            continue
        if not head or len(indent) <= len(lines[head_at]) - len(lines[head_at].lstrip()):
            head_at, head = number, text
        else:
            head += " " + text
        if not text.endswith("{"):
            continue
        start, words, head = head_at, head, ""
        name = name_of(words)
        if name is None:
            continue
        begin = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        end = next((at for at in range(number + 1, len(lines)) if re.match(re.escape(begin) + r"\}", lines[at])), None)
        if end is not None:
            after = end + 1
            yield name, start + 1, end - start + 1


def measured(root):
    """Yields (what, where, lines, most) of every file and function."""
    for folder in SEARCHED:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in SOURCES or not file.is_file():
                continue
            name = file.relative_to(root).as_posix()
            lines = file.read_text(encoding="utf-8").splitlines()
            yield name, f"{name}:1", len(lines), MOST_LINES
            for function, line, count in functions(lines):
                yield f"{name}: {function}", f"{name}:{line}", count, MOST_FUNCTION_LINES


def wide_lines(root):
    """Yields (where, columns) of every line that is too wide, in tests too."""
    for folder in (*SEARCHED, "tests"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in SOURCES or not file.is_file():
                continue
            formatted = True
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if "clang-format o" in line:
                    formatted = "clang-format on" in line
                if formatted and len(line) > MOST_COLUMNS and 'R"(' not in line:
                    yield f"{file.relative_to(root).as_posix()}:{number}", len(line)


def exceptions(root):
    return json.loads((root / "tests/architecture/sizes.json").read_text(encoding="utf-8"))


def breaches_below(root):
    allowed, used, breaches = exceptions(root), set(), []
    for what, where, lines, most in measured(root):
        if lines <= most:
            continue
        if what in allowed:
            used.add(what)
            most = allowed[what]["lines"]
        if lines > most:
            breaches.append(f"{where}: {what} has {lines} lines, {most} at most")
    breaches += [f"{where}: {columns} columns, {MOST_COLUMNS} at most" for where, columns in wide_lines(root)]
    return breaches + [f"sizes.json: {what} is within the limit: its exception goes" for what in allowed if what not in used]


def main():
    breaches = breaches_below(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]))
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
