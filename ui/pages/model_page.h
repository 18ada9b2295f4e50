// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ui/pages/page.h"

class QSplitter;
class QStackedLayout;
class QTreeView;

namespace hone::ui {

class Banner;
class FactList;
class FigureLabel;
class TensorPanel;
class TensorTree;
class TextLabel;

// The open model: its size in figures, what fits in this machine's memory, and its tensors.
class ModelPage : public Page {
    Q_OBJECT
public:
    explicit ModelPage(Session& session, QWidget* parent = nullptr);
    ~ModelPage() override;
    QList<QWidget*> headerWidgets() override;
    void shown() override;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeFigures();
    QWidget* makeTree();
    void fitShare();
    QWidget* makeContent();
    void showModel();
    void predictFit();
    struct PredictedContext;
    void showFit(const std::vector<PredictedContext>& contexts);
    void showPrompts();

    QStackedLayout* stack_;
    QWidget* content_;
    Banner* banner_;
    FigureLabel *parameters_, *context_, *bytes_, *kv_;
    TextLabel* prompts_;  // tokeniser and chat template
    FactList* fit_;
    TensorTree* tensors_;
    QTreeView* tree_;
    TensorPanel* panel_;
    QSplitter* splitter_;
    bool fitKnown_ = false;
};

}  // namespace hone::ui
