// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/search_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QLocale>
#include <algorithm>

#include "ui/forms/schema_text.h"
#include "ui/timeline/trace_text.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/focus.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

constexpr int boxLeast = 110, boxMost = 190, typingPause = 120;  // pixels, ms

QString figure(std::size_t count) {
    return QLocale().toString(static_cast<qlonglong>(count));
}

}  // namespace

SearchBar::SearchBar(TimelineView& view, QWidget* parent)
    : QWidget(parent),
      view_(view),
      box_(new QLineEdit),
      layerChip_(new Chip),
      place_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      previous_(iconButton(QStringLiteral("chevron-up"), tr("Previous match"))),
      next_(iconButton(QStringLiteral("chevron-down"), tr("Next match"))) {
    box_->setPlaceholderText(tr("attention, ffn, layer 12"));
    box_->setAccessibleName(tr("Search the trace"));
    box_->setToolTip(wrappedTip(tr(
        "Part of a name (ffn_down) or operation (linear), decode or prefill, a layer (layer 12): "
        "operations that hold every word. Return goes to the next one, Shift+Return back.")));
    box_->setClearButtonEnabled(true);
    box_->setMinimumWidth(boxLeast);
    box_->setMaximumWidth(boxMost);
    box_->installEventFilter(this);
    previous_->setToolTip(tr("Previous match  Shift+Return"));
    next_->setToolTip(tr("Next match  Return"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    row->addStretch();
    row->addWidget(layerChip_);
    row->addWidget(place_);
    row->addWidget(box_, 1);
    row->addWidget(previous_);
    row->addWidget(next_);
    pause_.setSingleShot(true);
    pause_.setInterval(typingPause);
    connect(&pause_, &QTimer::timeout, this, &SearchBar::run);
    connect(box_, &QLineEdit::textChanged, &pause_, qOverload<>(&QTimer::start));
    connect(previous_, &QToolButton::clicked, this, &SearchBar::previous);
    connect(next_, &QToolButton::clicked, this, &SearchBar::next);
    connect(&view_, &TimelineView::eventChanged, this, &SearchBar::showPlace);
    layerChip_->setClickable(true);
    layerChip_->setTone(Tone::accent);
    layerChip_->hide();
    connect(layerChip_, &Chip::clicked, this, &SearchBar::layerCleared);
    showPlace();
}

void SearchBar::setLayer(std::optional<std::int32_t> layer, bool fromModel) {
    layer_ = layer;
    if (!layer) handFocus(layerChip_, box_);
    layerChip_->setVisible(layer.has_value());
    if (layer) {
        layerChip_->setText(fromModel ? tr("from Model: layer %1  ×").arg(*layer)
                                      : tr("layer %1  ×").arg(*layer));
        layerChip_->setAccessibleName(tr("Layer %1 alone; press to show all").arg(*layer));
        layerChip_->setToolTip(
            wrappedTip(tr("Other layers are faded, and the figures are of this one alone. "
                          "Click to show all layers.")));
        layerChip_->updateGeometry();
    }
    run();
}

void SearchBar::setText(const QString& text) {
    box_->setText(text);
    run();
}

void SearchBar::restart() {
    run();
}

void SearchBar::run() {
    pause_.stop();
    search_ = view_.trace() != nullptr ? TraceSearch(*view_.trace(), box_->text(), layer_)
                                       : TraceSearch();
    view_.setSearch(search_);
    showPlace();
}

void SearchBar::showPlace() {
    const std::vector<std::uint32_t>& matches = search_.matches();
    previous_->setEnabled(!matches.empty());
    next_->setEnabled(!matches.empty());
    place_->setVisible(search_.active());
    if (!search_.active()) return;
    place_->setTone(matches.empty() ? Tone::warning : Tone::muted);
    const auto event = view_.selectedEvent();
    const auto at =
        event ? std::lower_bound(matches.begin(), matches.end(), *event) : matches.end();
    if (matches.empty())
        place_->setText(tr("no match"));
    else if (at != matches.end() && *at == *event)
        place_->setText(tr("%1 of %2")
                            .arg(figure(static_cast<std::size_t>(at - matches.begin()) + 1),
                                 figure(matches.size())));
    else
        place_->setText(tr("%1 found").arg(figure(matches.size())));
    place_->setToolTip(tr("%1, %2 together")
                           .arg(operationsText(static_cast<std::int64_t>(matches.size())),
                                formatNanoseconds(static_cast<double>(search_.duration()))));
}

void SearchBar::go(std::size_t match) {
    const std::size_t event = search_.matches()[match];
    view_.selectEvent(event);
    view_.reveal(event);
}

// Without a selected operation it begins with what is shown.
void SearchBar::next() {
    if (pause_.isActive()) run();
    if (search_.matches().empty()) return;
    if (const auto event = view_.selectedEvent()) return go(search_.after(*event));
    const auto& matches = search_.matches();
    const auto first =
        std::partition_point(matches.begin(), matches.end(), [this](std::uint32_t event) {
            return static_cast<double>(view_.trace()->event(event).start) < view_.shown().begin();
        });
    go(first == matches.end() ? 0 : static_cast<std::size_t>(first - matches.begin()));
}

void SearchBar::previous() {
    if (pause_.isActive()) run();
    if (search_.matches().empty()) return;
    go(search_.before(view_.selectedEvent().value_or(0)));
}

bool SearchBar::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
            key->modifiers().testFlag(Qt::ShiftModifier) ? previous() : next();
            return true;
        }
        if (key->key() == Qt::Key_Escape && !box_->text().isEmpty()) {
            setText({});
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace hone::ui
