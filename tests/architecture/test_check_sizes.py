#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants long functions and files in a tree of their own: each must be found, and named."""
import json
import pathlib
import tempfile
import unittest

import check_sizes

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONG = "    work();\n" * 120


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("tests/architecture/sizes.json", "{}")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def found(self):
        return check_sizes.breaches_below(self.root)

    def test_the_tree_is_clean(self):
        self.assertEqual(check_sizes.breaches_below(ROOT), [])

    def test_every_exception_has_its_reason(self):
        for what, entry in check_sizes.exceptions(ROOT).items():
            self.assertGreater(len(entry["why"]), 20, what)

    def test_long_functions_are_found(self):
        heads = {
            "plain": "void plain() {\n",
            "Class::member": "std::map<int, int> Class::member(int a,\n                                 int b) const {\n",
            "Class::Class": "Class::Class(int a)\n    : a_(a),\n      b_(a) {\n",
            "templated": "template <typename T>\nT templated(T t) {\n",
            "returns": "auto returns(int a) -> int {\n",
        }
        for name, head in heads.items():
            self.write("engine/a.cpp", f"namespace hone {{\n\nint short_one() {{\n    return 1;\n}}\n\n{head}{LONG}}}\n\n}}\n")
            found = self.found()
            self.assertEqual(len(found), 1, (name, found))
            self.assertIn(f"engine/a.cpp: {name} has", found[0])

    def test_a_long_member_in_a_class_is_found(self):
        self.write("ui/b.h", "class B {\npublic:\n    void step() {\n" + "        work();\n" * 120 + "    }\n};\n")
        self.assertIn("ui/b.h: step has 122 lines", self.found()[0])

    def test_a_long_class_or_namespace_is_none(self):
        self.write("kernels/c.h", "namespace c {\nstruct C {\n" + "    int i;\n" * 150 + "};\n}\n")
        self.assertEqual(self.found(), [])

    def test_a_wide_line_is_found_in_sources_and_tests(self):
        wide = "// " + "ü" * 98 + "\n"
        self.write("kernels/e.cpp", "int i;\n" + wide + wide[:-2] + "\n")
        self.write("tests/e.cpp", wide)
        self.assertEqual(self.found(), [f"{name}: 101 columns, 100 at most" for name in ("kernels/e.cpp:2", "tests/e.cpp:1")])

    def test_a_raw_string_and_what_is_not_formatted_may_be_wide(self):
        wide = "a" * 120
        self.write("app/f.cpp", f'x = R"({wide})";\n// clang-format off\n{wide}\n// clang-format on\n')
        self.assertEqual(self.found(), [])

    def test_a_long_file_is_found(self):
        self.write("app/d.cpp", "int i;\n" * 401)
        self.assertEqual(self.found(), ["app/d.cpp:1: app/d.cpp has 401 lines, 400 at most"])

    def test_an_exception_holds_until_it_grows_or_is_not_needed(self):
        allowed = {"app/d.cpp": {"lines": 410, "why": "a reason that is long enough"}}
        self.write("tests/architecture/sizes.json", json.dumps(allowed))
        for lines, breaches in ((410, 0), (411, 1), (400, 1)):
            self.write("app/d.cpp", "int i;\n" * lines)
            self.assertEqual(len(self.found()), breaches, lines)


if __name__ == "__main__":
    unittest.main()
