#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_docs.py [ROOT]: holds that the pages (*.md) lead somewhere and can be read beside each other.

Each relative link must lead to a file or folder, and to a heading where it names one. Each path of the tree in backticks must be there,
each name of a source file alone, and the words of each function ("Store::trace()") in some source. A line has at most 100 columns, apart from tables, headings, links that stand alone, and pages that a
program writes. No sentence of a page or a comment begins with "Of". Words in capitals (NAME, ID) stand for something else and are not looked for. Prints one line a breach, "FILE:LINE: what",
and exits with 1 where there is one.
"""
import os
import pathlib
import re
import sys

TOPS = ("app", "docs", "engine", "kernels", "profiler", "resources", "scripts", "tests", "ui")
MOST_COLUMNS = 100
# Pages whose lines a program breaks.
WRITTEN = {
    "docs/metrics.md": "profiler/statistics/metrics.cpp",
    "docs/techniques.md": "engine/techniques/schema/document.cpp",
    "docs/measurements/interop.md": "tests/interop/compare_techniques.py",
    "docs/measurements/long_context.md": "scripts/measure_long_context.py",
    "docs/measurements/techniques.md": "scripts/measure_techniques.py",
}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
PATH = re.compile(rf"(?:{'|'.join(TOPS)})(?:/[\w.-]+)+/?")
SOURCE = re.compile(r"[\w-]+\.(?:cpp|cu|cuh|h|inc)")
FUNCTION = re.compile(r"((?:\w+::)*\w+)\(\)")
SOURCES = (".cpp", ".cu", ".cuh", ".h", ".inc")
PLACEHOLDER = re.compile(r"(?:^|[/_.])[A-Z]{2,}(?:$|[/_.])")


def anchor(heading):
    """The name by which a link finds a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return words.replace(" ", "-")


class Tree:
    def __init__(self, root):
        self.root = root
        self.pages = {}
        self.names = set()
        self.words = set()
        self.sources = []
        for top in ("", *TOPS):
            for folder, folders, files in os.walk(root / top, followlinks=True):
                if not top:
                    folders.clear()  # of the root itself only what lies in it
                self.names.update(files)
                for path in (pathlib.Path(folder, file) for file in sorted(files)):
                    if path.suffix == ".md":
                        self.pages[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8").splitlines()
                    elif path.suffix in SOURCES:
                        self.sources.append(path)
                        self.words.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))

    def headings(self, path):
        lines = self.pages.get(path.resolve().relative_to(self.root.resolve()).as_posix(), [])
        return {anchor(line.lstrip("#")) for line in lines if line.startswith("#")}


def outside_code(lines):
    """Yields (number, line) of what is no block of code."""
    code = False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("```"):
            code = not code
        elif not code:
            yield number, line


def dead_links(tree, name, line):
    for target in LINK.findall(CODE.sub("", line)):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, heading = target.partition("#")
        path = (tree.root / name).parent / place if place else tree.root / name
        if not path.exists():
            yield f"leads to {place}, which is not there"
        elif heading and heading not in tree.headings(path):
            yield f"leads to the heading #{heading}, which {place or name} does not have"


def dead_paths(tree, line):
    for code in CODE.findall(line):
        if PLACEHOLDER.search(code):
            continue
        if PATH.fullmatch(code) and not (tree.root / code).exists():
            yield f"names {code}, which is not there"
        elif SOURCE.fullmatch(code) and code not in tree.names:
            yield f"names {code}, and no folder has such a file"
        elif (function := FUNCTION.fullmatch(code)) and not set(function[1].split("::")) <= tree.words:
            yield f"names {code}, which no source has"


def too_wide(name, line):
    if name in WRITTEN or len(line) <= MOST_COLUMNS or line.lstrip().startswith(("|", "#")):
        return
    if re.fullmatch(r"\s*(?:[-*] )?!?\[[^\]]*\]\([^)]*\)\.?", line):
        return
    yield f"has {len(line)} columns; {MOST_COLUMNS} are the most"


def begins_with_of(tree):
    """Sentences that begin with "Of", in pages and comments: the subject stands first."""
    for name, lines in sorted(tree.pages.items()):
        for number, line in outside_code(lines):
            if re.search(r"(?:^[\s*|-]*|[.:] )Of [a-z0-9]", line):
                yield f"{name}:{number}: begins a sentence with Of"
    for path in tree.sources:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"//(?:.*[.:])? Of [a-z0-9]", line):
                yield f"{path.relative_to(tree.root).as_posix()}:{number}: begins a sentence with Of"


def breaches_below(root):
    tree = Tree(root)
    breaches = [f"{page}:1: is said to be written by {program}, which is not there" for page, program in WRITTEN.items()
                if not (root / page).exists() or not (root / program).exists()]
    for name, lines in sorted(tree.pages.items()):
        for number, line in enumerate(lines, 1):
            breaches += [f"{name}:{number}: {what}" for what in too_wide(name, line)]
        for number, line in outside_code(lines):
            breaches += [f"{name}:{number}: {what}" for what in (*dead_links(tree, name, line), *dead_paths(tree, line))]
    return breaches + list(begins_with_of(tree))


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    breaches = breaches_below(root)
    for breach in breaches:
        print(breach)
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
