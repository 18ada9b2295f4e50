// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>

#include "ui/models/run_facts.h"
#include "ui/pages/page.h"

class QComboBox;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QStackedLayout;

namespace hone::ui {

class Banner;
class Card;
class ElidedLabel;
class LineChart;
class TextLabel;

// One stored run: what was measured of what, how and where; its note and tags; and what can be done
// with it. Esc and Backspace lead back to the page it was opened from.
class RunPage : public Page {
    Q_OBJECT
public:
    explicit RunPage(Session& session, QWidget* parent = nullptr);
    QList<QWidget*> headerWidgets() override;
    void shown() override;
    QWidget* entry() override;

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeContent();
    Card* factCard(const QString& title, FactList*& facts);
    Card* makeSamplesCard();
    Card* makeNotesCard();
    void read();
    void show();
    void showTexts();
    void offerMetrics();
    void drawSamples();
    void followRun();
    void followModel();
    void keepNote();
    void leave();
    void takeRecipe(const QString& page);
    void exportRun();
    void rerun();

    QStackedLayout* stack_;
    Banner* banner_;
    ElidedLabel *title_, *about_, *other_;
    FactList *figures_, *recipe_, *workload_, *environment_, *artifacts_;
    Card* artifactsCard_;
    LineChart* samples_;
    QComboBox* metric_;
    QPlainTextEdit* note_;
    QLineEdit* tags_;
    TextLabel* told_;  // what the run itself noted
    QPushButton *use_ = nullptr, *export_ = nullptr, *again_ = nullptr, *trace_ = nullptr,
                *compare_ = nullptr;
    profiler::RunRecord run_;             // id 0: none
    std::vector<profiler::Sample> read_;  // its samples
    bool exporting_ = false;              // once its checkpoint is open
};

}  // namespace hone::ui
