// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "profiler/store/store.h"

namespace hone::ui {

enum class HeadlineTone { better, worse, unsure, plain };

// A stored run in one short phrase: the verdict against the baseline it was interleaved with, its
// own speed where it has none, or how it ended.
struct RunHeadline {
    QString text;
    HeadlineTone tone = HeadlineTone::plain;
};
RunHeadline runHeadline(const profiler::Store& store, const profiler::RunRecord& run);

// "2 min ago", "yesterday", "3 March"; `created` as the store keeps it.
QString timeAgo(const std::string& created);

}  // namespace hone::ui
