#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_homes.py [ROOT]: holds that what belongs to one row of a list is written in that row's home and nowhere else.

Each file of homes/ describes a kind of row: where its words are listed, what to search for, which folders or files are the home, and
which other places may match, with the reason. "{word}" stands for each word of the list in turn. The list may lie in several files
("messages/*.h"), and a search may be of some folders alone ("within"). Comments and #include lines are not searched. Prints one line a breach, "FILE:LINE: what", and an allowance that nothing matches any more is a breach too, so that the
lists only shrink. Exits with 1 where there is a breach.
"""
import json
import pathlib
import re
import sys

HOMES = pathlib.Path(__file__).with_name("homes")
SEARCHED = ("kernels", "profiler", "engine", "ui", "app")
SOURCES = {".cpp", ".cu", ".cuh", ".h", ".inc", ".in"}


class Search:
    def __init__(self, table, words):
        self.what, self.homes = table["what"], table["homes"]
        self.within = tuple(table.get("within", [""]))
        # One search for all words, since there are many sources.
        self.pattern = re.compile(table["pattern"].replace("{word}", "(?P<word>" + "|".join(map(re.escape, words)) + ")"))

    def misplaced(self, name, text):
        """Yields (position, match, what it is) of what lies in the file `name` and is not at home there."""
        if not name.startswith(self.within):
            return
        for match in self.pattern.finditer(text):
            word = match.groupdict().get("word", "")
            homes = [home.replace("{word}", word) for home in self.homes]
            if not name.startswith(tuple(homes)):
                yield match.start(), match.group(), f"{self.what.replace('{word}', word)}, which belongs to {', '.join(homes)}"


class Home:
    def __init__(self, file, root):
        self.file = file.name
        self.table = json.loads(file.read_text(encoding="utf-8"))
        listed = self.table["words"]
        texts = [path.read_text(encoding="utf-8") for path in sorted(root.glob(listed["file"]))]
        self.words = sorted({word for text in texts for word in re.findall(listed["pattern"], text, re.M)})
        self.searches = [Search(search, self.words) for search in self.table["searches"]]
        self.allowed = {(entry["file"], entry["text"]) for entry in self.table["allowed"]}
        self.used = set()

    def search(self, name, text, breaches):
        for search in self.searches:
            for position, found, what in search.misplaced(name, text):
                if (name, found) in self.allowed:
                    self.used.add((name, found))
                else:
                    line = text.count("\n", 0, position) + 1
                    breaches.append(f"{name}:{line}: {what}: {found}")


def code_of(line):
    """The line without its comment; nothing of an #include."""
    if re.match(r"\s*#\s*include", line):
        return ""
    return re.sub(r"(^|\s)//.*", "", line)


def breaches_below(root):
    breaches = []
    homes = [Home(file, root) for file in sorted(HOMES.glob("*.json"))]
    for home in homes:
        if not home.words:
            breaches.append(f"{home.table['words']['file']}:1: lists nothing that homes/{home.file} would search for")
    for path in sorted(file for top in SEARCHED for file in (root / top).rglob("*")):
        if path.suffix not in SOURCES or not path.is_file():
            continue
        text = "\n".join(code_of(line) for line in path.read_text(encoding="utf-8").splitlines())
        for home in homes:
            home.search(path.relative_to(root).as_posix(), text, breaches)
    for home in homes:
        breaches += [f"tests/architecture/homes/{home.file}:1: allows {text} in {file}, which does not have it any more"
                     for file, text in sorted(home.allowed - home.used)]
    return breaches


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    breaches = breaches_below(root)
    for breach in breaches:
        print(breach)
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
