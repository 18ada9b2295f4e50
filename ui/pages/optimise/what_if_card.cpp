// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/what_if_card.h"

#include <QGridLayout>
#include <QPainter>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <algorithm>
#include <cmath>

#include "ui/forms/captioned.h"
#include "ui/forms/schema_text.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/error_words.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

constexpr int perDoubling = 8, leastSlider = 90, barHeight = 6;
constexpr std::int64_t mostSequences = 256, unknownContext = 131072;

std::int64_t contextOf(const Workload& workload) {
    return workload.prompt_tokens + workload.generated_tokens;
}

QString tokensText(std::int64_t tokens) {
    return counted(tokens, WhatIfCard::tr("%1 token"), WhatIfCard::tr("%1 tokens"));
}

QString sequencesText(std::int64_t sequences) {
    return counted(sequences, WhatIfCard::tr("%1 sequence"), WhatIfCard::tr("%1 sequences"));
}

}  // namespace

DoublingSlider::DoublingSlider(const QString& name, QWidget* parent)
    : QSlider(Qt::Horizontal, parent) {
    setAccessibleName(name);
    setMinimumWidth(leastSlider);
    setFocusPolicy(Qt::StrongFocus);
    setRange(0, 0);
    connect(this, &QSlider::actionTriggered, this, [this](int action) {
        if (action == SliderPageStepAdd) setSliderPosition(nearest(2 * number()));
        if (action == SliderPageStepSub) setSliderPosition(nearest(number() / 2));
    });
}

// Between its ends round numbers: 1,024 and not 1,027.
void DoublingSlider::setBounds(std::int64_t low, std::int64_t high) {
    const std::int64_t first = std::max<std::int64_t>(1, low), last = std::max(first, high);
    if (numbers_.front() == first && numbers_.back() == last) return;
    numbers_ = {first};
    for (double exact = static_cast<double>(first); exact < static_cast<double>(last);
         exact *= std::exp2(1.0 / perDoubling)) {
        const double step =
            std::max(1.0, std::exp2(std::floor(std::log2(exact))) / (2 * perDoubling));
        const auto round = static_cast<std::int64_t>(std::round(exact / step) * step);
        if (round > numbers_.back() && round < last) numbers_.push_back(round);
    }
    if (last > numbers_.back()) numbers_.push_back(last);
    const QSignalBlocker blocker(this);
    setRange(0, static_cast<int>(numbers_.size()) - 1);
}

std::int64_t DoublingSlider::number() const {
    return numbers_[static_cast<std::size_t>(value())];
}

int DoublingSlider::nearest(std::int64_t number) const {
    const auto above = std::lower_bound(numbers_.begin(), numbers_.end(), number);
    if (above == numbers_.end()) return maximum();
    const auto at = static_cast<int>(above - numbers_.begin());
    return at > 0 && number - *(above - 1) < *above - number ? at - 1 : at;
}

void DoublingSlider::showNumber(std::int64_t number) {
    const QSignalBlocker blocker(this);
    setValue(nearest(number));
}

// How much of the memory that is free would be used.
class WhatIfCard::FitBar : public QWidget {
public:
    FitBar() { setFixedHeight(barHeight); }
    void show(double share, bool fits) {
        share_ = share;
        fits_ = fits;
        update();
    }

protected:
    void paintEvent(QPaintEvent*) override {
        const Palette& p = Theme::instance().palette();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(p.pressed);
        painter.drawRoundedRect(rect(), barHeight / 2.0, barHeight / 2.0);
        if (!(share_ > 0)) return;
        painter.setBrush(fits_ ? p.accent : p.worse);
        const double used = std::max<double>(barHeight, std::min(1.0, share_) * width());
        painter.drawRoundedRect(QRectF(0, 0, used, barHeight), barHeight / 2.0, barHeight / 2.0);
    }

private:
    double share_ = 0;
    bool fits_ = true;
};

WhatIfCard::WhatIfCard(Session& session, QWidget* parent)
    : Card(tr("What if"), parent),
      session_(session),
      bar_(new FitBar),
      fit_(new TextLabel),
      state_(new TextLabel({}, TextStyle::body, Tone::muted)) {
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(1, 1);
    body()->addLayout(grid);
    context_ = addDial(*grid, tr("Context"),
                       tr("Tokens of a sequence: its prompt, and what is generated after it."));
    sequences_ = addDial(*grid, tr("Sequences"), tr("How many are run together."));
    addFoot();
    connect(context_.slider, &QSlider::valueChanged, this,
            [this] { set(chosenContext_, context_.slider->number()); });
    connect(context_.box, &QSpinBox::valueChanged, this,
            [this](int number) { set(chosenContext_, number); });
    connect(sequences_.slider, &QSlider::valueChanged, this,
            [this] { set(chosenSequences_, sequences_.slider->number()); });
    connect(sequences_.box, &QSpinBox::valueChanged, this,
            [this](int number) { set(chosenSequences_, number); });
    for (const auto signal : {&Session::modelChanged, &Session::workloadChanged})
        connect(&session, signal, this, &WhatIfCard::follow);
    follow();
}

WhatIfCard::Dial WhatIfCard::addDial(QGridLayout& grid, const QString& name, const QString& help) {
    const int row = grid.rowCount();
    const Dial dial{new DoublingSlider(tr("%1, slider").arg(name)), numberBox(name, help, 1, 1)};
    auto* label = new TextLabel(name, TextStyle::body, Tone::muted);
    label->setBuddy(dial.box);
    dial.slider->setToolTip(wrappedTip(help));
    dial.slider->setAccessibleDescription(help);
    grid.addWidget(label, row, 0);
    grid.addWidget(dial.slider, row, 1);
    grid.addWidget(dial.box, row, 2);
    return dial;
}

void WhatIfCard::addFoot() {
    fit_->setWordWrap(true);
    body()->addWidget(bar_);
    body()->addWidget(fit_);
    auto* row = new QHBoxLayout;
    row->setSpacing(spacing::inside);
    state_->setWordWrap(true);
    state_->setMinimumHeight(spacing::controlHeight);
    row->addWidget(state_, 1);
    take_ = plainButton(tr("Measure these"));
    take_->setToolTip(wrappedTip(tr("Makes them the workload, which Measure then runs")));
    back_ = plainButton(tr("Back"));
    back_->setAccessibleName(tr("Back to the workload"));
    row->addWidget(take_);
    row->addWidget(back_);
    body()->addLayout(row);
    connect(take_, &QPushButton::clicked, this, [this] {
        const Workload taken = workload();
        reset();
        session_.setWorkload(taken);
    });
    connect(back_, &QPushButton::clicked, this, &WhatIfCard::reset);
}

Workload WhatIfCard::workload() const {
    Workload workload = session_.workload();
    if (chosenContext_)
        workload.prompt_tokens =
            std::max<std::int64_t>(1, *chosenContext_ - workload.generated_tokens);
    if (chosenSequences_) workload.concurrency = static_cast<int>(*chosenSequences_);
    return workload;
}

bool WhatIfCard::differs() const {
    return to_json(workload()) != to_json(session_.workload());
}

void WhatIfCard::set(std::optional<std::int64_t>& what, std::int64_t number) {
    if (what == number) return;
    what = number;
    follow();
    emit changed();
}

void WhatIfCard::reset() {
    if (!chosenContext_ && !chosenSequences_) return;
    chosenContext_.reset();
    chosenSequences_.reset();
    follow();
    emit changed();
}

void WhatIfCard::showDial(const Dial& dial, std::int64_t low, std::int64_t high,
                          std::int64_t number) {
    const QSignalBlocker blocker(dial.box);
    dial.box->setRange(static_cast<int>(low), static_cast<int>(std::max(high, number)));
    dial.box->setValue(static_cast<int>(number));
    dial.slider->setBounds(low, high);
    if (dial.slider->number() != number) dial.slider->showNumber(number);
}

void WhatIfCard::follow() {
    if (std::exchange(model_, session_.checkpoint()) != session_.checkpoint()) {
        chosenContext_.reset();
        chosenSequences_.reset();
    }
    const auto& model = session_.model();
    const std::int64_t trained = model ? model->context_length.value_or(0) : 0;
    const Workload now = workload();
    showDial(context_, now.generated_tokens + 1, trained > 0 ? trained : unknownContext,
             contextOf(now));
    showDial(sequences_, 1, mostSequences, now.concurrency);
    for (QWidget* control :
         {static_cast<QWidget*>(context_.slider), static_cast<QWidget*>(context_.box),
          static_cast<QWidget*>(sequences_.slider), static_cast<QWidget*>(sequences_.box)})
        control->setEnabled(model.has_value());
    const Workload& measured = session_.workload();
    state_->setText(
        differs() ? tr("Only predicted. Measure still runs %1 in %2.")
                        .arg(tokensText(contextOf(measured)), sequencesText(measured.concurrency))
                  : tr("As Measure runs it. To move these predicts, and measures nothing."));
    for (QPushButton* button : {take_, back_}) {
        if (!differs()) handFocus(button, context_.slider);
        button->setVisible(differs());
    }
}

void WhatIfCard::showFit(const std::optional<messages::PredictReply>& prediction) {
    const bool known = prediction && prediction->available > 0;
    const auto needed = prediction ? static_cast<double>(prediction->needed) : 0.0;
    const auto free = prediction ? static_cast<double>(prediction->available) : 0.0;
    const std::optional<ErrorDetails> problem = !prediction           ? std::nullopt
                                                : prediction->refusal ? prediction->refusal
                                                                      : prediction->shortage;
    const bool fits = !problem;
    bar_->show(known ? needed / free : 0, fits);
    fit_->setTone(fits ? Tone::text : Tone::worse);
    fit_->setText(
        !prediction           ? tr("Open a model to see what it needs.")
        : prediction->refusal ? errorWords(*prediction->refusal).summary
        : !known              ? tr("Needs %1.").arg(formatBytes(needed))
        : fits ? tr("Needs %1 of the %2 that are free.").arg(formatBytes(needed), formatBytes(free))
               : tr("Needs %1, and only %2 are free.").arg(formatBytes(needed), formatBytes(free)));
    fit_->setToolTip(fits ? QString() : errorTip(*problem));
}

}  // namespace hone::ui
