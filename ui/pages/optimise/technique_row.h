// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <optional>

#include "engine/experiment/protocol/sweep.h"
#include "engine/techniques/schema/schema.h"
#include "ui/forms/schema_text.h"
#include "ui/widgets/switch.h"
#include "ui/widgets/text_label.h"

class QToolButton;

namespace hone::ui {

class ElidedLabel;
class OptionForm;

// One technique: its switch, name and what is set of its options, and below the name what it does
// or why it cannot be switched on. Its head always has the same height, so that no reason moves the
// rows below. It opens to its options.
class TechniqueRow : public QFrame {
    Q_OBJECT
public:
    explicit TechniqueRow(const Descriptor& descriptor, QWidget* parent = nullptr);

    const Descriptor& descriptor() const { return descriptor_; }
    void setOptions(const std::optional<nlohmann::json>& options);  // nothing: it is off
    nlohmann::json options() const;
    void setSwept(
        const std::vector<SweptOption>& swept);  // shows the lists of this technique's options
    void setUnsupported(const QString& reason);  // empty: it is supported
    void setBlocked(const QString& reason);  // by another technique that is on; empty: it is not
    void setOpen(bool open);
    bool isOpen() const;
    void setLineAbove(bool shown);
    // Whether every word is in its names, its description or its options' names.
    bool matches(const QString& words) const;
    QWidget* stop() const;  // its stop of Tab
    Switch* toggle() const { return switch_; }
    OptionForm* form() const { return form_; }
    QString summary() const;  // beside the name
    QString note() const;     // below it

signals:
    void toggled(bool on);
    void optionsChanged();
    void listChanged(const QString& key, const QString& list);
    void insteadAsked();     // of what blocks it
    void stepped(int rows);  // the keyboard leaves it up or down

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QWidget* makeHead();
    QWidget* makeDetails();
    bool key(int pressed);
    void updateState();
    void updateAbout();
    QString reason() const;
    const Descriptor& descriptor_;
    Switch* switch_;
    ElidedLabel* title_;  // gives way to the way out of a conflict
    ElidedLabel* summary_;
    QToolButton* instead_;
    ElidedLabel* note_;
    QToolButton* chevron_;
    QWidget* head_;
    QWidget* details_;
    TextLabel* about_ = nullptr;  // the note whole, where its line is too short for it
    OptionForm* form_;
    QString unsupported_, blocked_;
    ValueLists lists_;
    bool openedByItself_ = false, lineAbove_ = false;
};

}  // namespace hone::ui
