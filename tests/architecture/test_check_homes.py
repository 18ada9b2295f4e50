#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants what belongs elsewhere in a copy of the sources: each must be found, and named."""
import pathlib
import shutil
import tempfile
import unittest

import check_homes

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Planted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        for top in check_homes.SEARCHED:
            shutil.copytree(ROOT / top, cls.root / top)

    def plant(self, name, line):
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        self.addCleanup(path.write_text, text, encoding="utf-8")
        path.write_text(f"{text}{line}\n", encoding="utf-8")
        return f"{name}:{len(text.splitlines()) + 1}: "

    def expect(self, *parts):
        breaches = check_homes.breaches_below(self.root)
        self.assertTrue(any(all(part in breach for part in parts) for breach in breaches), breaches)

    def test_the_tree_is_clean(self):
        self.assertEqual(check_homes.breaches_below(self.root), [])

    def test_every_allowance_has_its_reason(self):
        for file in check_homes.HOMES.glob("*.json"):
            for entry in check_homes.Home(file, ROOT).table["allowed"]:
                self.assertGreater(len(entry["why"]), 20, entry)

    def test_an_id_of_a_technique(self):
        for code in ('id == "batching"', 'run("--with batching.size=4")', 'QStringLiteral("prune_layers")'):
            place = self.plant("engine/experiment/client/export.cpp", code)
            self.expect(place, "names the technique")

    def test_a_descriptor_by_its_name(self):
        place = self.plant("engine/experiment/client/export.cpp", "label(descriptors::kv_cache)")
        self.expect(place, "takes the technique kv_cache out of its list")

    def test_an_id_of_a_metric(self):
        for code in ('if (id == "peak_memory") return 1;', 'QStringLiteral("perplexity")'):
            place = self.plant("ui/models/run_filter.cpp", code)
            self.expect(place, "names the metric", "profiler/statistics/")

    def test_a_family_and_its_tensors(self):
        for code, what in (('if (name == "qwen2") return;', "names the family qwen2"),
                           ('find("llama.block_count")', "names the family llama"),
                           ('find("blk.0.attn_q.weight")', "names a tensor")):
            place = self.plant("engine/techniques/batching/apply.cpp", code)
            self.expect(place, what)

    def test_a_weight_format(self):
        for code, what in (('if (type == DType::q4_1) return 20;', 'takes the weight format q4_1'),
                           ('case WeightType::i4_g64:', 'takes the weight format i4_g64'),
                           ('choices.push_back("q8_0");', 'names the weight format q8_0'),
                           ('tr("Q4_0 is smallest")', 'names the weight format Q4_0')):
            place = self.plant("engine/runtime/cpu_operations.cpp", code)
            self.expect(place, what, "kernels/weights/")

    def test_a_kind_of_place(self):
        planted = (('if (target.device == "cpu") return 0;', "compares a device's name with cpu"),
                   ('if ("cuda:0" != device) return;', "compares a device's name with cuda"),
                   ('if (name == QStringLiteral("cpu")) hide();', "compares a device's name with cpu"),
                   ('if (device.starts_with("cuda:")) return;', "compares a device's name with cuda"),
                   ('if (cuda_index(target.device)) return;', "takes cuda for a kind"),
                   ('if (is_cuda(place)) return;', "asks whether a place is cuda"),
                   ('if (place.isCuda()) return;', "asks whether a place is Cuda"),
                   ('if (kind == DeviceKind::cuda) return;', "asks which kind of place it has"),
                   ('if (dynamic_cast<const Place*>(&place)) return;', "asks which kind of place it has"),
                   ('const CudaPlace place(0);', "chooses the place Cuda"),
                   ('cuda::Device device(table, 0);', "takes what is NVIDIA's by its name"))
        for name in ("engine/techniques/batching/apply.cpp", "engine/experiment/worker/load.cpp"):
            places = [self.plant(name, code) for code, _ in planted]
            breaches = check_homes.breaches_below(self.root)
            for place, (_, what) in zip(places, planted):
                self.assertTrue(any(breach.startswith(place) and what in breach for breach in breaches), (place, what))

    def test_a_kind_of_place_at_home(self):
        self.plant("engine/experiment/worker/target_place.cpp", "return std::make_unique<CudaPlace>(0);")
        self.plant("engine/runtime/cuda/cuda_place.cpp", "cuda::Device device(table, 0);")
        self.assertEqual(check_homes.breaches_below(self.root), [])

    def test_an_id_in_the_home_of_another(self):
        place = self.plant("engine/techniques/batching/apply.cpp", 'const char* other = "prune_layers";')
        self.expect(place, "prune_layers", "engine/techniques/prune_layers/")

    def test_options_by_their_keys(self):
        for code in ('step.options.at("tokens")', 'options.value("storage", "")', 'step.options["size"]', 'step.at("options").at("n")',
                     'step["options"]["n"]', 'run.options().contains("m")'):
            place = self.plant("engine/experiment/worker/evidence.cpp", code)
            self.expect(place, "reads an option of a technique by its key")

    def test_a_message_by_its_keys(self):
        for code in ('reply.value("synthetic_shapes", 0)', 'answer["decode_tokens_per_second"]', 'reply.at("token_times")'):
            place = self.plant("engine/experiment/client/export.cpp", code)
            self.expect(place, "of a message by its key")
        place = self.plant("app/hone/main.cpp", 'ask({{"type", "hello"}});')
        self.expect(place, "writes a message by its keys")

    def test_a_message_as_a_document_in_the_window(self):
        place = self.plant("ui/models/session.cpp", "keep(messages::write(reply));")
        self.expect(place, "turns a message into a document")

    def test_a_message_in_other_folders(self):
        self.plant("profiler/store/artifacts.cpp", 'document.at("notes")')
        self.assertEqual(check_homes.breaches_below(self.root), [])

    def test_comments_and_includes_are_not_searched(self):
        self.plant("engine/core/error.cpp", '// e.g. "batching"')
        self.plant("engine/core/error.cpp", '#include "batching"')
        self.assertEqual(check_homes.breaches_below(self.root), [])

    def test_an_allowance_without_use(self):
        path = self.root / "engine/core/memory.cpp"
        text = path.read_text(encoding="utf-8")
        self.addCleanup(path.write_text, text, encoding="utf-8")
        path.write_text(text.replace('"kv_cache"', '"kv"'), encoding="utf-8")
        self.expect("homes/techniques.json:1: allows", "engine/core/memory.cpp")


if __name__ == "__main__":
    unittest.main()
