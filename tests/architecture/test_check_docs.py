#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants dead links, paths and wide lines in a copy of the pages: each must be found, and named."""
import pathlib
import shutil
import tempfile
import unittest

import check_docs

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = "docs/architecture.md"


class Planted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        for entry in ROOT.iterdir():
            if entry.name == "docs":
                shutil.copytree(entry, cls.root / entry.name)
            elif entry.suffix == ".md":
                shutil.copy(entry, cls.root)
            elif entry.name in (*check_docs.TOPS, "LICENSES"):
                (cls.root / entry.name).symlink_to(entry)

    def plant(self, *lines, name=PAGE):
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        self.addCleanup(path.write_text, text, encoding="utf-8")
        path.write_text(text + "\n".join(("", *lines, "")), encoding="utf-8")
        return f"{name}:{len(text.splitlines()) + 2}: "

    def expect(self, *parts):
        breaches = check_docs.breaches_below(self.root)
        self.assertTrue(any(all(part in breach for part in parts) for breach in breaches), breaches)

    def expect_clean(self):
        self.assertEqual(check_docs.breaches_below(self.root), [])

    def test_the_pages_are_clean(self):
        self.expect_clean()

    def test_a_sentence_that_begins_with_of(self):
        self.expect(self.plant("Of two runs the first is the baseline."), "begins a sentence with Of")
        self.expect(self.plant("They differ. Of two runs the first counts."), "begins a sentence with Of")
        # One in a comment: the tree of this test only links to the sources.
        tree = check_docs.Tree(self.root)
        source = self.root / "planted.cpp"
        source.write_text("int i;\n// Of two, the first.\nint j;  // the list: Of these\n", encoding="utf-8")
        self.addCleanup(source.unlink)
        tree.sources = [source]
        self.assertEqual([breach for breach in check_docs.begins_with_of(tree) if "planted" in breach],
                         ["planted.cpp:2: begins a sentence with Of", "planted.cpp:3: begins a sentence with Of"])

    def test_a_link_that_leads_nowhere(self):
        self.expect(self.plant("See [the page](nowhere.md)."), "leads to nowhere.md")

    def test_a_heading_that_is_not_there(self):
        self.expect(self.plant("See [the page](measuring.md#nothing-of-the-kind)."), "#nothing-of-the-kind")

    def test_a_folder_that_is_gone(self):
        self.expect(self.plant("It lies in `engine/model/architectures`."), "names engine/model/architectures")

    def test_a_source_that_is_gone(self):
        self.expect(self.plant("It lies in `utilities.cpp`."), "names utilities.cpp")

    def test_a_function_that_is_gone(self):
        self.expect(self.plant("`Store::trace_of_every_run()` reads it."), "names Store::trace_of_every_run()")

    def test_a_line_too_wide(self):
        self.expect(self.plant("word " * 30), "has 150 columns")

    def test_what_is_no_breach(self):
        self.plant("See [the map](architecture.md#the-map), `graph.cpp`, `Store::trace()`,",
                   "`engine/runtime/` and `engine/families/NAME.cpp`.",
                   "| " + "a row " * 30 + "|", f"![a picture {'word ' * 30}](images/start-light.png)", "```", "[x](nowhere.md) `engine/gone`",
                   "```")
        self.expect_clean()

    def test_a_page_that_a_program_writes_may_be_wide(self):
        self.plant("word " * 30, name="docs/metrics.md")
        self.expect_clean()

    def test_a_page_outside_the_folder_of_pages(self):
        self.expect(self.plant("[x](nowhere.md)", name="README.md"), "leads to nowhere.md")


if __name__ == "__main__":
    unittest.main()
