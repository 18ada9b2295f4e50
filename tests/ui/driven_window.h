// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtTest/qtestspontaneevent.h>

#include <QApplication>
#include <QMessageBox>
#include <QScrollArea>
#include <QScrollBar>
#include <QTest>
#include <QTimer>
#include <QWheelEvent>
#include <QWindow>
#include <memory>

#include "tests/ui/scripted_worker.h"
#include "ui/shell/main_window.h"
#include "ui/shell/page_host.h"
#include "ui/theme/theme.h"

namespace hone::ui::test {

// The window on a scripted worker, driven by the events that a mouse, a wheel and a keyboard make.
class DrivenWindow {
public:
    explicit DrivenWindow(const char* store = "driven.sqlite")
        : session(builtin_registry(), scriptedLaunch(), scratchFile(store)), window(session) {}

    void show(QSize size = {}) {
        if (size.isValid()) window.resizeTo(size);
        window.show();
        if (!QTest::qWaitForWindowExposed(&window)) qFatal("no window");
        QApplication::setActiveWindow(&window);
        QTRY_VERIFY(window.pages().complete());
    }
    void open(const QString& checkpoint) {
        window.openCheckpoint(checkpoint);
        QTRY_COMPARE_WITH_TIMEOUT(session.checkpoint(), checkpoint, 5000);
    }
    void openPage(int number) {
        QTest::keyClick(&window, static_cast<Qt::Key>(Qt::Key_0 + number), Qt::ControlModifier);
        QApplication::processEvents();
    }
    // A key goes to what has the focus, as the window system sends it.
    void key(Qt::Key pressed, Qt::KeyboardModifiers held = Qt::NoModifier) {
        QTest::keyClick(window.windowHandle(), pressed, held);
        QApplication::processEvents();
    }
    void type(const QString& text) {
        for (const QChar letter : text) QTest::keyClick(window.windowHandle(), letter.toLatin1());
    }
    // A notch of the wheel over the middle of a widget, which is scrolled into sight first. False
    // where it is covered.
    bool wheel(QWidget* over, int notches) {
        for (QWidget* at = over->parentWidget(); at != nullptr; at = at->parentWidget())
            if (auto* area = qobject_cast<QScrollArea*>(at)) area->ensureWidgetVisible(over);
        QApplication::processEvents();
        const QPoint place = over->mapTo(&window, over->rect().center());
        QWidget* hit = window.childAt(place);
        if (hit == nullptr || (hit != over && !over->isAncestorOf(hit))) return false;
        QWheelEvent event(place, window.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches),
                          Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QSpontaneKeyEvent::setSpontaneous(&event);
        qApp->notify(window.windowHandle(),
                     &event);  // sendEvent() would make it one of the program's own
        return true;
    }
    void startSlowJob() {
        open(QStringLiteral("slow.gguf"));
        Workload workload = session.workload();
        workload.text = "none";
        session.setWorkload(workload);
        key(Qt::Key_R, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(session.jobs().running().has_value(), 5000);
    }
    template <typename Control>
    Control* named(const QString& name) const {
        for (Control* candidate : window.findChildren<Control*>())
            if (candidate->accessibleName() == name) return candidate;
        return nullptr;
    }

    Session session;
    MainWindow window;
};

// Answers modal questions by the button with this text, and counts them.
class Answering : public QObject {
public:
    explicit Answering(QString button) : button_(std::move(button)) {
        connect(&timer_, &QTimer::timeout, this, &Answering::look);
        timer_.start(20);
    }
    int asked = 0;

private:
    void look() {
        auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
        if (box == nullptr) return;
        for (QAbstractButton* button : box->buttons()) {
            if (button->text() != button_) continue;
            ++asked;
            button->click();
            return;
        }
    }
    QString button_;
    QTimer timer_;
};

}  // namespace hone::ui::test
