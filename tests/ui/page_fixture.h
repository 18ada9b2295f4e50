// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QVBoxLayout>
#include <algorithm>

#include "tests/ui/scripted_worker.h"
#include "tests/ui/stored_runs.h"
#include "ui/models/session.h"
#include "ui/pages/page.h"
#include "ui/theme/theme.h"

namespace hone::ui::test {

// A page with its header in a window of its own, on a session whose worker is scripted.
class PageFixture {
public:
    PageFixture(const Registry& registry, Page* (*make)(Session&),
                ScriptedDevices devices = ScriptedDevices::one)
        : session(registry, scriptedLaunch(devices),
                  folder_.filePath(QStringLiteral("runs.sqlite")).toStdString()) {
        Theme::instance().apply(Scheme::light);
        auto* layout = new QVBoxLayout(&window);
        page = make(session);
        for (QWidget* widget : page->headerWidgets()) layout->addWidget(widget);
        layout->addWidget(page);
        window.resize(1200, 900);
        window.show();
        if (!QTest::qWaitForWindowExposed(&window)) qFatal("no window");
        page->shown();
    }

    void open(const QString& checkpoint) {
        session.open(checkpoint);
        QTRY_COMPARE_WITH_TIMEOUT(session.checkpoint(), checkpoint, 5000);
    }

    // Waits until `ended`, a spy on how jobs end, has one more: as long as any job waits or runs,
    // since how long it takes is the machine's. QTest ends a test that hangs.
    bool oneMore(QSignalSpy& ended) {
        const auto before = ended.count();
        const auto busy = [this] {
            const auto all = session.jobs().jobs();
            return std::any_of(all.begin(), all.end(), [](const JobInfo& job) {
                return job.state == JobState::queued || job.state == JobState::running;
            });
        };
        while (ended.count() == before && busy()) ended.wait(look);
        return ended.count() > before;
    }

    // The shown button with this accessible name or, where it has none, this text.
    QAbstractButton* button(const QString& name) const {
        for (QAbstractButton* candidate : window.findChildren<QAbstractButton*>()) {
            const QString own = candidate->accessibleName().isEmpty() ? candidate->text()
                                                                      : candidate->accessibleName();
            if (own == name && candidate->isVisible()) return candidate;
        }
        return nullptr;
    }

    template <typename Control>
    Control* named(const QString& name) const {
        for (Control* candidate : window.findChildren<Control*>())
            if (candidate->accessibleName() == name) return candidate;
        return nullptr;
    }

private:
    static constexpr int look = 1000;  // ms, between looks for a job that ended in another way
    QTemporaryDir folder_{testing::quickFolder()};

public:
    Session session;
    QWidget window;
    Page* page = nullptr;
};

}  // namespace hone::ui::test
