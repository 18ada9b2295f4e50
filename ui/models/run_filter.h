// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <functional>
#include <vector>

#include "profiler/store/store.h"

namespace hone::ui {

// "smol model:q4 decode>100 peak<300MB status:done tag:x": words that a run must contain, fields
// that must contain a text, and figures that must compare. A leading minus turns a term round;
// quotes keep words together. All terms must hold.
class RunFilter {
public:
    // The terms it understood; `error` names the first that it did not, in a sentence, and is else
    // empty.
    static RunFilter parse(const QString& text);

    bool accepts(const profiler::RunRecord& run) const;
    const QString& error() const { return error_; }
    bool empty() const { return terms_.empty(); }
    static QString help();  // what may be written

private:
    using Term = std::function<bool(const profiler::RunRecord&)>;
    void add(QString term);
    std::vector<Term> terms_;
    QString error_;
};

// Name of the type that holds most of the model's bytes: "BF16".
QString mainType(const profiler::RunRecord& run);

}  // namespace hone::ui
