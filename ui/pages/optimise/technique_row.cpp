// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/technique_row.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QResizeEvent>
#include <QSignalBlocker>
#include <QToolButton>
#include <algorithm>

#include "ui/forms/option_editor.h"
#include "ui/forms/option_form.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

constexpr int headHeight = 46, lineHeight = 20, edge = 10, chevronSize = 20;

// A sentence begins with a capital, but not where a tensor's name is its first word.
QString sentence(QString reason) {
    const QString first = reason.section(QLatin1Char(' '), 0, 0);
    if (!first.isEmpty() && !first.contains(QLatin1Char('.')) && !first.contains(QLatin1Char('_')))
        reason[0] = reason[0].toUpper();
    return reason;
}

}  // namespace

TechniqueRow::TechniqueRow(const Descriptor& descriptor, QWidget* parent)
    : QFrame(parent),
      descriptor_(descriptor),
      switch_(new Switch(text(descriptor.title))),
      title_(new ElidedLabel(text(descriptor.title), TextStyle::strong)),
      summary_(new ElidedLabel({}, TextStyle::body, Tone::muted)),
      instead_(linkButton(tr("Use this instead"))),
      note_(new ElidedLabel({}, TextStyle::caption, Tone::muted)),
      chevron_(iconButton(QStringLiteral("chevron-right"),
                          tr("Options of %1").arg(text(descriptor.title)))),
      head_(makeHead()),
      details_(new QWidget),
      form_(new OptionForm(descriptor)) {
    setObjectName(text(descriptor.id));
    setAttribute(Qt::WA_Hover);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(head_);
    column->addWidget(makeDetails());
    details_->hide();
    for (QWidget* stop : {static_cast<QWidget*>(switch_), static_cast<QWidget*>(chevron_)})
        stop->installEventFilter(this);
    connect(chevron_, &QToolButton::clicked, this, [this] { setOpen(!isOpen()); });
    connect(instead_, &QToolButton::clicked, this, &TechniqueRow::insteadAsked);
    connect(switch_, &QAbstractButton::toggled, this, [this](bool on) {
        if (on && !isOpen() && !descriptor_.options.empty()) {
            setOpen(true);
            openedByItself_ = true;
        }
        emit toggled(on);
        updateState();
    });
    connect(form_, &OptionForm::changed, this, &TechniqueRow::optionsChanged);
    connect(form_, &OptionForm::listChanged, this, &TechniqueRow::listChanged);
    updateState();
}

QWidget* TechniqueRow::makeHead() {
    auto* head = new QWidget;
    head->setFixedHeight(headHeight);
    head->setCursor(Qt::PointingHandCursor);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(edge, 0, edge - 2, 0);
    row->setSpacing(spacing::inside);
    row->addWidget(switch_);
    auto* lines = new QVBoxLayout;
    lines->setContentsMargins(0, 4, 0, 5);
    lines->setSpacing(0);
    auto* first = new QHBoxLayout;
    first->setSpacing(spacing::inside);
    title_->setBuddy(switch_);
    first->addWidget(title_);
    summary_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    summary_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    first->addWidget(summary_, 1);
    instead_->setAccessibleName(tr("Use %1 instead").arg(text(descriptor_.title)));
    instead_->setFixedHeight(lineHeight);
    instead_->hide();
    first->addWidget(instead_);
    lines->addLayout(first, 1);
    note_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    lines->addWidget(note_);
    row->addLayout(lines, 1);
    chevron_->setFixedSize(chevronSize, chevronSize);
    chevron_->setCheckable(true);
    row->addWidget(chevron_);
    return head;
}

QWidget* TechniqueRow::makeDetails() {
    auto* column = new QVBoxLayout(details_);
    column->setContentsMargins(edge + switch_->sizeHint().width() + spacing::inside, 0, edge, 10);
    column->setSpacing(spacing::inside);
    about_ = new TextLabel({}, TextStyle::caption, Tone::muted);
    about_->setWordWrap(true);
    column->addWidget(about_);
    column->addWidget(form_);
    form_->setVisible(!descriptor_.options.empty());
    auto* source = new TextLabel(tr("Source: %1").arg(text(descriptor_.source)), TextStyle::caption,
                                 Tone::muted);
    source->setWordWrap(true);
    column->addWidget(source);
    return details_;
}

void TechniqueRow::setOptions(const std::optional<nlohmann::json>& options) {
    const QSignalBlocker blocker(switch_);
    switch_->setChecked(options.has_value());
    if (options) form_->setValue(*options);
    if (!options && openedByItself_) setOpen(false);
    updateState();
}

nlohmann::json TechniqueRow::options() const {
    return form_->value();
}

void TechniqueRow::setSwept(const std::vector<SweptOption>& swept) {
    lists_.clear();
    for (const Option& option : descriptor_.options) {
        QString list;
        for (const SweptOption& each : swept) {
            if (each.technique != descriptor_.id || each.option != option.key) continue;
            list = QString::fromStdString(values_text(each.values));
            lists_[each.option] = each.values;
        }
        form_->editor(option.key)->setList(list);
    }
    updateState();
}

void TechniqueRow::setUnsupported(const QString& reason) {
    unsupported_ = reason;
    updateState();
}

void TechniqueRow::setBlocked(const QString& reason) {
    blocked_ = reason;
    updateState();
}

QString TechniqueRow::reason() const {
    return sentence(blocked_.isEmpty() ? unsupported_ : blocked_);
}

QString TechniqueRow::summary() const {
    return summary_->text();
}

QString TechniqueRow::note() const {
    return note_->text();
}

bool TechniqueRow::isOpen() const {
    return !details_->isHidden();
}

void TechniqueRow::setOpen(bool open) {
    openedByItself_ = false;
    details_->setVisible(open);
    chevron_->setChecked(open);
    chevron_->setIcon(Theme::instance().icon(open ? QStringLiteral("chevron-down")
                                                  : QStringLiteral("chevron-right")));
    if (open) updateAbout();
}

// Not while it is open: a reason that comes then must not move the rows below.
void TechniqueRow::updateAbout() {
    about_->setText(note_->text());
    const QMargins margins = details_->layout()->contentsMargins();
    const int line = width() - margins.left() - margins.right() - chevronSize - spacing::inside;
    about_->setVisible(note_->fontMetrics().horizontalAdvance(note_->text()) > line);
}

void TechniqueRow::setLineAbove(bool shown) {
    lineAbove_ = shown;
    update();
}

bool TechniqueRow::matches(const QString& words) const {
    QStringList names{text(descriptor_.id), text(descriptor_.title), text(descriptor_.summary),
                      text(slot_title(descriptor_.slot))};
    for (const Option& option : descriptor_.options)
        names << text(option.key) << text(option.label);
    const QString all = names.join(QLatin1Char('\n'));
    const QStringList wanted = words.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    return std::all_of(wanted.begin(), wanted.end(), [&all](const QString& word) {
        return all.contains(word, Qt::CaseInsensitive);
    });
}

QWidget* TechniqueRow::stop() const {
    return switch_->isEnabled() ? static_cast<QWidget*>(switch_) : chevron_;
}

bool TechniqueRow::key(int pressed) {
    switch (pressed) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
            setOpen(!isOpen());
            return true;
        case Qt::Key_Right:
        case Qt::Key_Left:
            setOpen(pressed == Qt::Key_Right);
            return true;
        case Qt::Key_Up:
        case Qt::Key_Down:
            emit stepped(pressed == Qt::Key_Up ? -1 : 1);
            return true;
        default:
            return false;
    }
}

bool TechniqueRow::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
    const auto* pressed = static_cast<QKeyEvent*>(event);
    const bool plain = (pressed->modifiers() & ~Qt::KeypadModifier) == Qt::NoModifier;
    return (plain && key(pressed->key())) || QFrame::eventFilter(watched, event);
}

void TechniqueRow::mousePressEvent(QMouseEvent* event) {
    event->setAccepted(event->button() == Qt::LeftButton &&
                       head_->geometry().contains(event->position().toPoint()));
}

void TechniqueRow::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton &&
        head_->geometry().contains(event->position().toPoint()))
        setOpen(!isOpen());
}

void TechniqueRow::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    if (isOpen() && event->oldSize().width() != width()) updateAbout();
}

void TechniqueRow::updateState() {
    const QString why = reason();
    const bool on = switch_->isChecked();
    const QString what = text(descriptor_.summary);
    // One that is on can always be switched off.
    switch_->setEnabled(on || why.isEmpty());
    chevron_->setFocusPolicy(switch_->isEnabled() ? Qt::ClickFocus : Qt::StrongFocus);
    title_->setEnabled(switch_->isEnabled());
    form_->setEnabled(switch_->isEnabled());
    summary_->setText(on ? optionsText(descriptor_, form_->value(), lists_) : QString());
    const bool instead = !on && !blocked_.isEmpty();
    if (!instead) handFocus(instead_, stop());
    instead_->setVisible(instead);
    note_->setText(why.isEmpty() ? what : why);
    note_->setTone(why.isEmpty() ? Tone::muted : Tone::warning);
    const QString tip = wrappedTip(note_->text());
    head_->setToolTip(tip);
    chevron_->setAccessibleDescription(note_->text());
    switch_->setToolTip(wrappedTip(why));
    switch_->setAccessibleDescription(note_->text());
    instead_->setToolTip(tip);
    update();
}

void TechniqueRow::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    if (underMouse()) painter.fillRect(head_->geometry().adjusted(1, 1, -1, 0), p.hover);
    if (lineAbove_) painter.fillRect(QRect(0, 0, width(), 1), p.grid);
}

}  // namespace hone::ui
