#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants breaches of the dependency table in a copy of the sources: each must be found, and named."""
import pathlib
import shutil
import tempfile
import unittest

import check_layers

ROOT = pathlib.Path(__file__).resolve().parents[2]


class PlantedBreach(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for top in check_layers.LICENSED:
            shutil.copytree(ROOT / top, self.root / top, ignore=shutil.ignore_patterns("fixtures", "__pycache__"))
        self.addCleanup(self.folder.cleanup)

    def prepend(self, name, line):
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        first, _, rest = text.partition("\n")
        path.write_text(f"{first}\n{line}\n{rest}", encoding="utf-8")

    def expect(self, *parts):
        breaches = check_layers.breaches_below(self.root)
        self.assertTrue(any(all(part in breach for part in parts) for breach in breaches), breaches)

    def test_the_tree_is_clean(self):
        self.assertEqual(check_layers.breaches_below(self.root), [])

    def test_the_page_names_the_same_folders(self):
        rows = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").split("| folder | may use |")[1].split("\n\n")[0]
        folders = [row.split("|")[1].strip() for row in rows.splitlines() if row.startswith("| ") and "---" not in row]
        self.assertEqual(sorted(folders), sorted(check_layers.TABLE["layers"]))

    def test_an_include_upwards(self):
        self.prepend("engine/formats/checkpoint.cpp", '#include "engine/runtime/runtime.h"')
        self.expect("engine/formats/checkpoint.cpp:2", "engine/runtime/runtime.h", "engine/core")

    def test_the_window_including_the_engine(self):
        self.prepend("ui/shell/about_dialog.cpp", '#include "engine/formats/gguf.h"')
        self.expect("ui/shell/about_dialog.cpp:2", "engine/formats/gguf.h")

    def test_a_client_including_what_runs(self):
        self.prepend("engine/experiment/client/export.cpp", '#include "engine/techniques/apply/technique.h"')
        self.expect("engine/experiment/client/export.cpp:2", "technique.h")

    def test_qt_in_the_engine(self):
        self.prepend("engine/core/error.cpp", "#include <QString>")
        self.expect("engine/core/error.cpp:2", "Qt belongs to ui, app/hone-ui")

    def test_qt_linked_by_the_engine(self):
        path = self.root / "engine/core/CMakeLists.txt"
        path.write_text(path.read_text(encoding="utf-8").replace("LINKS", "LINKS Qt6::Core", 1), encoding="utf-8")
        self.expect("engine/core/CMakeLists.txt:3", "hone_core links Qt6::Core", "Qt belongs to ui, app/hone-ui")

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
        (self.root / "engine/novel/novel.cpp").write_text("// SPDX-License-Identifier: Apache-2.0\n", encoding="utf-8")
        self.expect("engine/novel/novel.cpp:1", "no folder of the dependency table")

    def test_sqlite_outside_the_store(self):
        self.prepend("profiler/report/export.cpp", "#include <SQLiteCpp/Database.h>")
        self.expect("profiler/report/export.cpp:2", "SQLite belongs to profiler/store")

    def test_plots_outside_the_charts(self):
        self.prepend("ui/pages/start_page.cpp", "#include <qcustomplot.h>")
        self.expect("ui/pages/start_page.cpp:2", "QCustomPlot belongs to ui/charts")

    def test_a_link_upwards(self):
        path = self.root / "engine/formats/CMakeLists.txt"
        path.write_text(path.read_text(encoding="utf-8").replace("LINKS hone_core", "LINKS hone_core hone_runtime"),
                        encoding="utf-8")
        self.expect("engine/formats/CMakeLists.txt:3", "hone_formats (engine/formats) links hone_runtime",
                    "it may use engine/core, engine/formats")

    def test_the_window_reaching_the_runtime(self):
        path = self.root / "engine/experiment/client/CMakeLists.txt"
        path.write_text(path.read_text(encoding="utf-8").replace("LINKS", "LINKS hone_runtime", 1), encoding="utf-8")
        self.expect("app/hone-ui/CMakeLists.txt:1", "reaches hone_runtime")
        self.expect("ui/jobs/CMakeLists.txt:1", "reaches hone_runtime")

    def test_a_wrong_licence(self):
        path = self.root / "ui/shell/about_dialog.cpp"
        path.write_text(path.read_text(encoding="utf-8").replace("GPL-3.0-or-later", "Apache-2.0", 1), encoding="utf-8")
        self.expect("ui/shell/about_dialog.cpp:1", "GPL-3.0-or-later")

    def test_a_missing_licence_in_a_script(self):
        (self.root / "scripts/bare.sh").write_text("#!/bin/sh\necho\n", encoding="utf-8")
        self.expect("scripts/bare.sh:1", "Apache-2.0")


if __name__ == "__main__":
    unittest.main()
