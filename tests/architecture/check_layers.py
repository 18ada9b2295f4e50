#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_layers.py [ROOT]: holds the sources below ROOT against the dependency table in layers.json.

Looks at #include lines, for headers that include themselves by way of others too, at the LINKS of hone_library() and the target_link_libraries() lines, and at licence lines. Prints one
line a breach, "FILE:LINE: what, and what is allowed", and exits with 1 where there is one.
"""
import json
import pathlib
import re
import sys

TABLE = json.loads(pathlib.Path(__file__).with_name("layers.json").read_text(encoding="utf-8"))
CHECKED = ("kernels", "profiler", "engine", "ui", "app")
LICENSED = (*CHECKED, "tests", "scripts", ".ci")
SOURCES = {".c", ".cc", ".cpp", ".cxx", ".cu", ".cuh", ".h", ".hh", ".hpp", ".inc", ".in"}
SCRIPTS = {".py", ".sh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
LIBRARY = re.compile(r"(?:hone_library|target_link_libraries)\s*\(\s*(\w[\w-]*)([^)]*)\)", re.S)


def allowed(folder):
    """The folders that `folder` may use, itself included."""
    may = {folder}
    for entry in TABLE["layers"][folder]:
        if entry.startswith("+"):
            may |= allowed(entry[1:]) - {entry[1:]}
        else:
            may.add(entry)
    return may


def layer_of(path):
    """The folder of the table that `path`, relative to the root, belongs to: the longest that fits, but for the table's files."""
    for pattern, layer in TABLE["files"].items():
        if re.match(pattern, path):
            return layer
    fitting = [folder for folder in TABLE["layers"] if path == folder or path.startswith(folder + "/")]
    return max(fitting, key=len, default=None)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def inside(path, folders):
    return any(path.startswith(folder + "/") for folder in folders)


def check_includes(name, text, breaches):
    layer = layer_of(name)
    if layer is None:
        breaches.append(f"{name}:1: lies in no folder of the dependency table")
        return
    may = allowed(layer)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        # Quotes and angle brackets find the same files, so neither is a way round the table.
        header = match.group(1) or match.group(2)
        if header.split("/")[0] in CHECKED and ".." not in header.split("/"):
            if layer_of(header) not in may:
                breaches.append(f"{name}:{number}: {layer} includes {header}; it may use {', '.join(sorted(may))}")
        elif match.group(1):
            breaches.append(f'{name}:{number}: includes "{header}"; quotes are for paths from the root, below '
                            f"{', '.join(CHECKED)}")
        for library, rule in TABLE["private_libraries"].items():
            if re.match(rule["headers"], header) and not inside(name, rule["folders"]):
                breaches.append(f"{name}:{number}: includes {header}; {library} belongs to {', '.join(rule['folders'])}")


def check_cycles(includes, breaches):
    """Headers that include each other, at whatever remove: neither can be read before the other."""
    done, path = set(), []

    def visit(header):
        if header in path:
            cycle = path[path.index(header):]
            breaches.append(f"{header}:1: includes itself by way of {', '.join(cycle[1:]) or 'nothing'}")
            return
        if header in done:
            return
        path.append(header)
        for included in includes.get(header, ()):
            visit(included)
        done.add(path.pop())

    for header in sorted(includes):
        visit(header)


def check_licence(name, text, breaches):
    wanted = next(licence for folder, licence in sorted(TABLE["licences"].items(), reverse=True)
                  if not folder or name.startswith(folder + "/"))
    lines = text.splitlines()[:2]
    line = lines[1 if lines and lines[0].startswith("#!") and len(lines) > 1 else 0] if lines else ""
    if not line.endswith(f"SPDX-License-Identifier: {wanted}"):
        breaches.append(f"{name}:1: the first line must say SPDX-License-Identifier: {wanted}")


def links(root):
    """Yields (file, folder, target, [(name it links, line)]) of every library and program."""
    for path in sorted(file for top in CHECKED for file in (root / top).rglob("CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        for match in LIBRARY.finditer(text):
            body = match.start(2)
            if match.group(0).startswith("hone_library"):
                body = text.find("LINKS", body, match.end(2))
                body = match.end(2) if body < 0 else body + len("LINKS")
            names = [(word.group(), line_of(text, word.start()))
                     for word in re.compile(r"\S+").finditer(text, body, match.end(2))
                     if word.group() not in ("PUBLIC", "PRIVATE", "INTERFACE")]
            yield path.relative_to(root).as_posix(), path.parent.relative_to(root).as_posix(), match.group(1), names


def reached(target, graph):
    seen, open_targets = set(), [target]
    while open_targets:
        for name in graph.get(open_targets.pop(), ()):
            if name not in seen:
                seen.add(name)
                open_targets.append(name)
    return seen


def check_links(root, breaches):
    found = list(links(root))
    folder_of = {target: folder for _, folder, target, _ in found}
    graph = {}
    for file, folder, target, names in found:
        graph.setdefault(target, []).extend(name for name, _ in names)
        layer = layer_of(folder)
        if layer is None:
            breaches.append(f"{file}:1: {target} lies in no folder of the dependency table")
            continue
        for name, line in names:
            if name in folder_of and layer_of(folder_of[name]) not in allowed(layer):
                breaches.append(f"{file}:{line}: {target} ({layer}) links {name} ({folder_of[name]}); "
                                f"it may use {', '.join(sorted(allowed(layer)))}")
            for library, rule in TABLE["private_libraries"].items():
                if re.match(rule["targets"], name) and not inside(folder + "/", rule["folders"]):
                    breaches.append(f"{file}:{line}: {target} links {name}; {library} belongs to "
                                    f"{', '.join(rule['folders'])}")
    for process, forbidden in TABLE["never_linked"].items():
        for target in (name for name, folder in folder_of.items() if inside(folder + "/", [process])):
            for name in sorted(reached(target, graph)):
                if layer_of(folder_of.get(name, "")) in forbidden:
                    breaches.append(f"{folder_of[target]}/CMakeLists.txt:1: {target} reaches {name} "
                                    f"({folder_of[name]}), which must never be in the window's process")


def breaches_below(root):
    breaches, includes = [], {}
    for path in sorted(file for top in LICENSED for file in (root / top).rglob("*")):
        if path.suffix not in SOURCES | SCRIPTS or not path.is_file():
            continue
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        if path.suffix in SOURCES and name.split("/")[0] in CHECKED:
            check_includes(name, text, breaches)
            includes[name] = re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M)
        check_licence(name, text, breaches)
    check_cycles(includes, breaches)
    check_links(root, breaches)
    return breaches


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    breaches = breaches_below(root)
    for breach in breaches:
        print(breach)
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
