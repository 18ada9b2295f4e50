// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/recent_runs_card.h"

#include <QPainter>
#include <algorithm>

#include "ui/models/runs_model.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/error_words.h"

namespace hone::ui {

namespace {

constexpr int shownRuns = 6, whenWidth = 100, minute = 60'000;  // runs, pixels, milliseconds

QColor colorOf(HeadlineTone tone) {
    switch (tone) {
        case HeadlineTone::better:
            return toneColor(Tone::better);
        case HeadlineTone::worse:
            return toneColor(Tone::worse);
        case HeadlineTone::unsure:
            return toneColor(Tone::muted);
        case HeadlineTone::plain:
            return toneColor(Tone::text);
    }
    return toneColor(Tone::text);
}

}  // namespace

RunRow::RunRow(const profiler::RunRecord& run, RunHeadline headline, QWidget* parent)
    : QAbstractButton(parent),
      run_(run.id),
      created_(run.created),
      when_(timeAgo(run.created)),
      headline_(std::move(headline)) {
    const std::string& recipe = run.what.recipe_label;
    label_ = QStringLiteral("%1  %2").arg(QString::number(run.id),
                                          recipe.empty() ? tr("baseline") : plainLine(recipe));
    name();
    setToolTip(plainTip(tr("%1\n%2 · %3\nClick to show it in Compare.")
                            .arg(label_, plainLine(run.what.model_name), headline_.text)));
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void RunRow::name() {
    setAccessibleName(tr("Run %1, %2, %3").arg(label_, headline_.text, when_));
}

void RunRow::refreshTime() {
    when_ = timeAgo(created_);
    name();
    update();
}

QSize RunRow::sizeHint() const {
    return QSize(320, spacing::rowHeight);
}

void RunRow::paintEvent(QPaintEvent*) {
    const Theme& theme = Theme::instance();
    const Palette& p = theme.palette();
    QPainter painter(this);
    if (underMouse()) painter.fillRect(rect(), p.hover);
    const QRect inner = rect().adjusted(spacing::group - 1, 0, -(spacing::group - 1), 0);
    painter.fillRect(QRect(inner.left(), 0, inner.width(), 1), p.grid);

    painter.setPen(p.mutedText);
    painter.drawText(inner, Qt::AlignRight | Qt::AlignVCenter, when_);

    QFont strong = theme.font(TextStyle::strong);
    const QFontMetrics strongMetrics(strong);
    const int middleRight = inner.right() - whenWidth;
    const int widest = inner.width() * 9 / 20;
    const QString headline = strongMetrics.elidedText(headline_.text, Qt::ElideRight, widest);
    const int headlineWidth = strongMetrics.horizontalAdvance(headline);
    painter.setFont(strong);
    painter.setPen(colorOf(headline_.tone));
    painter.drawText(QRect(middleRight - headlineWidth, 0, headlineWidth + 1, height()),
                     Qt::AlignVCenter, headline);

    painter.setFont(theme.font(TextStyle::body));
    painter.setPen(p.text);
    const int room = middleRight - headlineWidth - spacing::group - inner.left();
    painter.drawText(QRect(inner.left(), 0, room, height()), Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(label_, Qt::ElideRight, room));
    if (!keyboardFocus(this)) return;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(p.accent, 2));
    painter.drawRoundedRect(QRectF(rect()).adjusted(4, 1, -4, -1), 4, 4);
}

RecentRunsCard::RecentRunsCard(Session& session, QWidget* parent)
    : Card(tr("Recent runs"), parent),
      session_(session),
      rows_(new QVBoxLayout),
      empty_(new EmptyState(
          QStringLiteral("measure"), tr("No runs yet"),
          tr("Open a model and measure it: every run is kept here and in Compare."))) {
    setFlush(true);
    rows_->setSpacing(0);
    rows_->setContentsMargins(0, spacing::inside, 0, spacing::inside);
    body()->addLayout(rows_);
    body()->addWidget(empty_);
    body()->addStretch();
    connect(&session_, &Session::runsChanged, this, &RecentRunsCard::refresh);
    minute_.setInterval(minute);
    connect(&minute_, &QTimer::timeout, this, [this] {
        for (RunRow* row : findChildren<RunRow*>()) row->refreshTime();
    });
    minute_.start();
    refresh();
}

void RecentRunsCard::refresh() {
    std::vector<profiler::RunRecord> runs;
    try {
        runs = session_.store().list();
    } catch (const profiler::StoreError& error) {
        empty_->setTexts(tr("The runs cannot be read"), errorWords(details_of(error)).sentences());
    }
    if (runs.size() > shownRuns) runs.resize(shownRuns);
    empty_->setVisible(runs.empty());
    // A row that says the same stays: the focus may be on it.
    if (std::equal(runs.begin(), runs.end(), shown_.begin(), shown_.end(), sameRun)) return;
    show(runs);
    shown_ = std::move(runs);
}

void RecentRunsCard::show(const std::vector<profiler::RunRecord>& runs) {
    const auto* focused = qobject_cast<RunRow*>(focusWidget());
    const std::int64_t focus = focused != nullptr && focused->hasFocus() ? focused->run() : 0;
    while (QLayoutItem* item = rows_->takeAt(0)) {
        if (QWidget* row = item->widget()) {
            row->hide();
            row->deleteLater();
        }
        delete item;
    }
    for (const profiler::RunRecord& run : runs) {
        RunHeadline headline;
        try {
            headline = runHeadline(session_.store(), run);
        } catch (const std::exception&) {
            headline.text = tr("cannot be read");  // that one's samples; the others are
        }
        auto* row = new RunRow(run, std::move(headline));
        connect(row, &RunRow::clicked, this, [this, id = run.id] {
            session_.requestPage(QStringLiteral("compare"));
            emit session_.runRequested(id);
        });
        rows_->addWidget(row);
        if (run.id == focus) row->setFocus();
    }
}

}  // namespace hone::ui
