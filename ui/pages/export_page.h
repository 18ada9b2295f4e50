// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedLayout>
#include <QTimer>

#include "ui/pages/page.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPushButton;

namespace hone::ui {

class ArtifactCard;
class Banner;
class Card;
class FactList;
class PickValueBanner;
class Switch;
class TextLabel;

// The recipe's weights as a file that other programs load.
class ExportPage : public Page {
    Q_OBJECT
public:
    explicit ExportPage(Session& session, QWidget* parent = nullptr);

    QList<QWidget*> headerWidgets() override;
    void shown() override;
    QWidget* entry() override;

    ExportRequest request() const;

private:
    QWidget* makeContent();
    Card* makeWhatCard();
    Card* makeFormatCard();
    Card* makePlaceCard();
    void follow();
    void showFailure(const ErrorDetails& error);
    void formatChanged();
    bool writesFolder() const;
    void changed();
    void ask();
    void showPlace();
    void showState();
    QString whyNot(bool exporting, bool waiting) const;
    void suggestPath();
    void browse();
    void start();

    QStackedLayout* stack_;
    PickValueBanner* pick_;
    Banner* banner_;
    FactList* what_;
    TextLabel* leftOut_;
    TextLabel* notes_;
    QComboBox* format_;
    TextLabel* formatHelp_;
    QComboBox* type_;
    TextLabel* typeHelp_;
    QLineEdit* path_;
    QCheckBox* overwrite_;
    FactList* place_;
    Switch* verify_;
    ArtifactCard* artifact_;
    QPushButton *button_ = nullptr, *cancel_ = nullptr;
    QTimer pause_;
    double fileBytes_ = 0;  // as predicted; 0: not known
    QString suggested_;     // what suggestPath() wrote last: the user's own words are left alone
    int job_ = 0;           // this page's newest export
};

}  // namespace hone::ui
