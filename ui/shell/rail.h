// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QWidget>
#include <vector>

class QButtonGroup;
class QVBoxLayout;

namespace hone::ui {

// One entry of the rail: an icon over a word, or the icon alone.
class RailButton : public QAbstractButton {
    Q_OBJECT
public:
    RailButton(const QString& icon, const QString& word, QWidget* parent = nullptr);
    void setNarrow(bool narrow);
    void setIconName(const QString& icon);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString icon_;
    bool narrow_ = false;
};

// The column of pages at the window's left edge, and the switch between light and dark at its foot.
class Rail : public QWidget {
    Q_OBJECT
public:
    explicit Rail(QWidget* parent = nullptr);
    void addEntry(const QString& id, const QString& icon, const QString& word,
                  const QString& shortcut);
    void setCurrent(const QString& id);
    void setNarrow(bool narrow);  // icons without words
    bool narrow() const { return narrow_; }

signals:
    void activated(const QString& id);
    void schemeToggled();

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Entry {
        QString id;
        RailButton* button;
    };
    void updateSchemeButton();
    std::vector<Entry> entries_;
    QVBoxLayout* layout_;
    QButtonGroup* group_;
    RailButton* scheme_;
    bool narrow_ = false;
};

}  // namespace hone::ui
