// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>

#include "tests/ui/page_fixture.h"
#include "ui/models/run_roles.h"
#include "ui/pages/compare/comparison_card.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare/table_bar.h"
#include "ui/pages/compare_page.h"

namespace hone::ui::test {

// Compare on invented runs, driven by keys.
class CompareFixture : public PageFixture {
public:
    inline static const nlohmann::json workload{{"prompt_tokens", 128}, {"generated_tokens", 16}};
    inline static const nlohmann::json target{{"device", "cpu"}, {"threads", 2}};

    CompareFixture() : PageFixture(builtin_registry(), makeComparePage) {}

    RunsTable* table() const { return window.findChild<RunsTable*>(); }
    RunsProxy* rows() const { return qobject_cast<RunsProxy*>(table()->model()); }
    TableBar* bar() const { return window.findChild<TableBar*>(); }
    const ComparisonModel& comparison() const {
        return window.findChild<ComparisonCard*>()->model();
    }

    // Both return the baseline's id.
    std::int64_t fill(const nlohmann::json& of = workload) {
        const std::int64_t baseline = testing::storeInventedRuns(session.store(), of, target);
        await(9);
        return baseline;
    }
    std::int64_t fillSeries(const nlohmann::json& of = workload) {
        const std::int64_t baseline = testing::storeInventedSeries(session.store(), of, target);
        await(4);
        return baseline;
    }
    void await(int rows) {
        emit session.runsChanged();
        QTRY_COMPARE_WITH_TIMEOUT(table()->model()->rowCount(), rows, 5000);
    }

    bool isTicked(std::int64_t run) const {
        const int row = rows()->rowOf(run);
        return rows()->index(row, RunsModel::Tick).data(MarkRole).toInt() ==
               static_cast<int>(Mark::checkOn);
    }
    void tick(std::int64_t run) {
        if (isTicked(run)) return;
        table()->selectRun(run);
        QTest::keyClick(table(), Qt::Key_Space);
    }
    void tickOnly(std::int64_t run) {
        for (const profiler::RunRecord& each : session.store().list()) {
            if (isTicked(each.id) == (each.id == run)) continue;
            table()->selectRun(each.id);
            QTest::keyClick(table(), Qt::Key_Space);
        }
    }
    // Runs from top to bottom; 0 is a heading.
    std::vector<std::int64_t> order() const {
        std::vector<std::int64_t> ids;
        for (int row = 0; row < rows()->rowCount(); ++row) {
            const auto* run = rows()->run(row);
            ids.push_back(run == nullptr ? 0 : run->id);
        }
        return ids;
    }
    bool says(const QString& text) const {
        for (const QLabel* label : window.findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(text)) return true;
        return false;
    }
};

}  // namespace hone::ui::test
