#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants breaches of the dependency table in a copy of the sources: each must be found, and named."""
import pathlib
import re
import shutil
import tempfile
import unittest

import check_layers

ROOT = pathlib.Path(__file__).resolve().parents[2]


class PlantedBreach(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        for top in check_layers.LICENSED:
            shutil.copytree(ROOT / top, cls.root / top, ignore=shutil.ignore_patterns("fixtures", "__pycache__"))

    def write(self, name, text):
        """Writes a file of the copy until the test ends."""
        path = self.root / name
        if path.exists():
            self.addCleanup(path.write_bytes, path.read_bytes())
        else:
            self.addCleanup(path.unlink)
        path.write_text(text, encoding="utf-8")

    def replace(self, name, old, new):
        text = (self.root / name).read_text(encoding="utf-8")
        self.assertIn(old, text)
        self.write(name, text.replace(old, new, 1))

    def prepend(self, name, line):
        first, _, rest = (self.root / name).read_text(encoding="utf-8").partition("\n")
        self.write(name, f"{first}\n{line}\n{rest}")

    def expect(self, *parts):
        breaches = check_layers.breaches_below(self.root)
        self.assertTrue(any(all(part in breach for part in parts) for breach in breaches), breaches)

    def test_the_tree_is_clean(self):
        self.assertEqual(check_layers.breaches_below(self.root), [])

    def test_the_page_names_the_same_folders(self):
        rows = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").split("| folder | holds |")[1].split("\n\n")[0]
        folders = [name for row in rows.splitlines() if row.startswith("| ") for name in re.findall("`([^`]+)`", row.split("|")[1])]
        self.assertEqual(sorted(folders), sorted(check_layers.TABLE["layers"]))

    def test_an_include_upwards(self):
        self.prepend("engine/formats/checkpoint.cpp", '#include "engine/runtime/runtime.h"')
        self.expect("engine/formats/checkpoint.cpp:2", "engine/runtime/runtime.h", "engine/core")

    def test_headers_that_include_each_other(self):
        self.prepend("engine/runtime/counters.h", '#include "engine/runtime/runtime.h"')
        self.expect("includes itself by way of", "engine/runtime/runtime.h")

    def test_the_window_including_the_engine(self):
        self.prepend("ui/shell/about_dialog.cpp", '#include "engine/formats/gguf.h"')
        self.expect("ui/shell/about_dialog.cpp:2", "engine/formats/gguf.h")

    def test_a_client_including_what_runs(self):
        self.prepend("engine/experiment/client/export.cpp", '#include "engine/techniques/apply/technique.h"')
        self.expect("engine/experiment/client/export.cpp:2", "technique.h")

    def test_a_descriptor_including_what_runs(self):
        self.prepend("engine/techniques/batching/descriptor.cpp", '#include "engine/techniques/apply/technique.h"')
        self.expect("engine/techniques/batching/descriptor.cpp:2", "engine/techniques/schema includes", "technique.h")

    def test_qt_in_the_engine(self):
        self.prepend("engine/core/error.cpp", "#include <QString>")
        self.expect("engine/core/error.cpp:2", "Qt belongs to ui, app/hone-ui")

    def test_qt_linked_by_the_engine(self):
        self.replace("engine/core/CMakeLists.txt", "LINKS", "LINKS Qt6::Core")
        self.expect("engine/core/CMakeLists.txt:", "hone_core links Qt6::Core", "Qt belongs to ui, app/hone-ui")

    def test_a_path_that_does_not_start_at_the_root(self):
        self.prepend("engine/formats/checkpoint.cpp", '#include "../runtime/runtime.h"')
        self.expect("engine/formats/checkpoint.cpp:2", "../runtime/runtime.h", "from the root")

    def test_angle_brackets_are_no_way_round(self):
        self.prepend("engine/formats/checkpoint.cpp", "#include <engine/runtime/runtime.h>")
        self.expect("engine/formats/checkpoint.cpp:2", "engine/runtime/runtime.h", "engine/core")

    def test_quotes_are_no_way_round(self):
        self.prepend("engine/core/error.cpp", '#include "QVector2D"')
        self.expect("engine/core/error.cpp:2", "Qt belongs to ui, app/hone-ui")

    def test_a_folder_that_the_table_lacks(self):
        (self.root / "engine/novel").mkdir()
        self.addCleanup((self.root / "engine/novel").rmdir)
        self.write("engine/novel/novel.cpp", "// SPDX-License-Identifier: Apache-2.0\n")
        self.expect("engine/novel/novel.cpp:1", "no folder of the dependency table")

    def test_sqlite_outside_the_store(self):
        self.prepend("profiler/report/export.cpp", "#include <SQLiteCpp/Database.h>")
        self.expect("profiler/report/export.cpp:2", "SQLite belongs to profiler/store")

    def test_plots_outside_the_charts(self):
        self.prepend("ui/pages/start_page.cpp", "#include <qcustomplot.h>")
        self.expect("ui/pages/start_page.cpp:2", "QCustomPlot belongs to ui/charts")

    def test_a_link_upwards(self):
        self.replace("engine/formats/CMakeLists.txt", "LINKS hone_core", "LINKS hone_core hone_runtime")
        self.expect("engine/formats/CMakeLists.txt:", "hone_formats (engine/formats) links hone_runtime",
                    "it may use engine/base, engine/core, engine/families, engine/formats")

    def test_the_window_reaching_the_runtime(self):
        self.replace("engine/experiment/client/CMakeLists.txt", "LINKS", "LINKS hone_runtime")
        self.expect("app/hone-ui/CMakeLists.txt:1", "reaches hone_runtime")
        self.expect("ui/jobs/CMakeLists.txt:1", "reaches hone_runtime")

    def test_a_wrong_licence(self):
        self.replace("ui/shell/about_dialog.cpp", "GPL-3.0-or-later", "Apache-2.0")
        self.expect("ui/shell/about_dialog.cpp:1", "GPL-3.0-or-later")

    def test_a_missing_licence_in_a_script(self):
        self.write("scripts/bare.sh", "#!/bin/sh\necho\n")
        self.expect("scripts/bare.sh:1", "Apache-2.0")


if __name__ == "__main__":
    unittest.main()
