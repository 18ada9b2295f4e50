// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QPushButton>
#include <QToolButton>

#include "ui/widgets/error_words.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

// An error, warning or note where the action was, with what to do. Hidden until it has something to
// say.
class Banner : public QFrame {
    Q_OBJECT
public:
    enum class Kind { note, warning, error };

    explicit Banner(QWidget* parent = nullptr);
    // `advice` is what to do about it, `action` the label of a button that does it; both may be
    // empty.
    void show(Kind kind, const QString& message, const QString& advice = {},
              const QString& action = {});
    // What happened first, then what to do, then the engine's words, small. `what` comes before all
    // of them: what was not done because of the error. `after` is what the page itself adds to the
    // advice.
    void showError(const ErrorDetails& error, const QString& what = {}, const QString& after = {});
    void showError(const std::exception& error, const QString& what = {},
                   const QString& after = {});
    void clear() { hide(); }
    // Without ×: it says why something cannot be done, for as long as it cannot.
    void setLasting();
    QString message() const { return message_->text(); }
    QString advice() const { return advice_->text(); }
    QString detail() const { return detail_->text(); }
    QPushButton* button() const { return button_; }

signals:
    void triggered();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void recolor();
    QColor color() const;
    Kind kind_ = Kind::note;
    QLabel* icon_;
    TextLabel* message_;
    TextLabel* advice_;
    TextLabel* detail_;
    QPushButton* button_;
    QToolButton* close_;
};

}  // namespace hone::ui
