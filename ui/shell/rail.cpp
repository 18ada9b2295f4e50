// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/rail.h"

#include <QButtonGroup>
#include <QKeyEvent>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int wideWidth = 88, narrowWidth = 52, wideHeight = 58, narrowHeight = 44, markWidth = 3;

}  // namespace

RailButton::RailButton(const QString& icon, const QString& word, QWidget* parent)
    : QAbstractButton(parent), icon_(icon) {
    setText(word);
    setAccessibleName(word);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setFont(Theme::instance().font(TextStyle::caption));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void RailButton::setNarrow(bool narrow) {
    narrow_ = narrow;
    updateGeometry();
    update();
}

void RailButton::setIconName(const QString& icon) {
    icon_ = icon;
    update();
}

QSize RailButton::sizeHint() const {
    return narrow_ ? QSize(narrowWidth, narrowHeight) : QSize(wideWidth, wideHeight);
}

void RailButton::paintEvent(QPaintEvent*) {
    const Theme& theme = Theme::instance();
    const Palette& p = theme.palette();
    QPainter painter(this);
    const QRect box = rect().adjusted(0, 0, -1, 0);
    if (isChecked())
        painter.fillRect(box, p.accentSoft);
    else if (underMouse())
        painter.fillRect(box, p.pressed);
    if (isChecked()) painter.fillRect(QRect(0, 0, markWidth, height()), p.accent);
    const QColor color = isChecked() ? p.text : p.mutedText;
    const int size = spacing::railIconSize;
    const int top = narrow_ ? (height() - size) / 2 : 11;
    painter.drawPixmap((width() - size) / 2, top,
                       theme.pixmap(icon_, size, color, devicePixelRatioF()));
    if (!narrow_) {
        QFont font = this->font();
        font.setWeight(isChecked() ? QFont::DemiBold : QFont::Normal);
        painter.setFont(font);
        painter.setPen(color);
        painter.drawText(QRect(0, top + size + 5, width(), 16), Qt::AlignCenter, text());
    }
    if (!keyboardFocus(this)) return;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(p.accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect()).adjusted(5, 3, -5, -3), 4, 4);
}

Rail::Rail(QWidget* parent)
    : QWidget(parent),
      layout_(new QVBoxLayout(this)),
      group_(new QButtonGroup(this)),
      scheme_(new RailButton(QStringLiteral("moon"), tr("Dark"))) {
    setAccessibleName(tr("Pages"));
    group_->setExclusive(true);
    layout_->setContentsMargins(0, 10, 0, 10);
    layout_->setSpacing(2);
    layout_->addStretch();
    layout_->addWidget(scheme_);
    connect(scheme_, &RailButton::clicked, this, &Rail::schemeToggled);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        updateSchemeButton();
        update();
    });
    updateSchemeButton();
}

void Rail::updateSchemeButton() {
    const bool dark = Theme::instance().dark();
    scheme_->setIconName(dark ? QStringLiteral("sun") : QStringLiteral("moon"));
    scheme_->setText(dark ? tr("Light") : tr("Dark"));
    const QString what = dark ? tr("Switch to the light theme") : tr("Switch to the dark theme");
    scheme_->setAccessibleName(what);
    scheme_->setToolTip(what);
}

void Rail::addEntry(const QString& id, const QString& icon, const QString& word,
                    const QString& shortcut) {
    auto* button = new RailButton(icon, word);
    button->setCheckable(true);
    button->setToolTip(QStringLiteral("%1  %2").arg(word, shortcut));
    button->setNarrow(narrow_);
    group_->addButton(button);
    layout_->insertWidget(static_cast<int>(entries_.size()), button);
    setTabOrder(entries_.empty() ? button : entries_.back().button, button);
    setTabOrder(button, scheme_);
    entries_.push_back({id, button});
    connect(button, &RailButton::clicked, this, [this, id] { emit activated(id); });
}

void Rail::setCurrent(const QString& id) {
    for (const Entry& entry : entries_) entry.button->setChecked(entry.id == id);
}

void Rail::setNarrow(bool narrow) {
    if (narrow == narrow_) return;
    narrow_ = narrow;
    for (const Entry& entry : entries_) entry.button->setNarrow(narrow);
    scheme_->setNarrow(narrow);
}

void Rail::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.fillRect(rect(), p.sunken);
    painter.fillRect(QRect(width() - 1, 0, 1, height()), p.border);
}

void Rail::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Down)
        focusNextChild();
    else if (event->key() == Qt::Key_Up)
        focusPreviousChild();
    else
        QWidget::keyPressEvent(event);
}

}  // namespace hone::ui
