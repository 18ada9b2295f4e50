// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/run_page.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QDateTime>
#include <QFileInfo>
#include <QKeyEvent>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QSignalBlocker>
#include <QStackedLayout>
#include <QVBoxLayout>

#include "profiler/statistics/metrics.h"
#include "ui/charts/chart_card.h"
#include "ui/charts/line_chart.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_headline.h"
#include "ui/models/run_identity.h"
#include "ui/models/run_samples.h"
#include "ui/models/trace_tip.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/empty_state.h"

namespace hone::ui {

namespace {

constexpr int chartHeight = 200, noteHeight = 90;

bool leads(const QKeyEvent& key) {
    return key.modifiers() == Qt::NoModifier &&
           (key.key() == Qt::Key_Escape || key.key() == Qt::Key_Backspace);
}

}  // namespace

Page* makeRunPage(Session& session) {
    return new RunPage(session);
}

RunPage::RunPage(Session& session, QWidget* parent)
    : Page(session, parent),
      stack_(new QStackedLayout),
      banner_(new Banner),
      title_(new ElidedLabel({}, TextStyle::cardTitle)),
      about_(new ElidedLabel({}, TextStyle::body, Tone::muted)),
      other_(new ElidedLabel({}, TextStyle::body, Tone::warning)),
      samples_(new LineChart(tr("Samples of the run"),
                             {tr("repetition (grey: warm-up)"), {}, {}, true})),
      metric_(new QComboBox),
      note_(new QPlainTextEdit),
      tags_(new QLineEdit),
      told_(new TextLabel({}, TextStyle::body, Tone::muted)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(stack_);
    auto* empty =
        new EmptyState(QStringLiteral("run"), tr("No run is open"),
                       tr("Choose one in Compare: Return opens it here."), tr("Go to Compare"));
    connect(empty, &EmptyState::triggered, this,
            [this] { this->session().requestPage(QStringLiteral("compare")); });
    stack_->addWidget(empty);
    stack_->addWidget(makeContent());
    connect(&session, &Session::runOpened, this, &RunPage::read);
    connect(&session, &Session::runsChanged, this, &RunPage::read);
    connect(&session.runEdits(), &RunEdits::edited, this, [this](qint64 run) {
        if (run == run_.id) read();
    });
    connect(&session.runEdits(), &RunEdits::failed, banner_,
            [this](const ErrorDetails& error) { banner_->showError(error); });
    connect(&session, &Session::modelChanged, this, &RunPage::followModel);
    connect(&session, &Session::openFailed, this, [this] { exporting_ = false; });
    connect(banner_, &Banner::triggered, this,
            [this] { this->session().requestPage(QStringLiteral("measure")); });
    read();
}

QWidget* RunPage::makeContent() {
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    auto* head = new QVBoxLayout;
    head->setSpacing(2);
    for (ElidedLabel* label : {title_, about_, other_}) head->addWidget(label);
    column->addWidget(banner_);
    column->addLayout(head);
    auto *columns = new QHBoxLayout, *left = new QHBoxLayout;
    left->setSpacing(0);
    columns->setSpacing(12);
    const auto add = [columns](const std::vector<QWidget*>& cards) {
        auto* side = new QVBoxLayout;
        side->setSpacing(12);
        for (QWidget* card : cards) side->addWidget(card);
        side->addStretch(1);
        columns->addLayout(side, 1);
    };
    Card* figures = factCard(tr("Figures"), figures_);
    Card* recipe = factCard(tr("Recipe"), recipe_);
    artifactsCard_ = factCard(tr("Exported files"), artifacts_);
    add({recipe, figures, artifactsCard_});
    add({makeNotesCard(), makeSamplesCard(), factCard(tr("Workload"), workload_),
         factCard(tr("Environment"), environment_)});
    column->addLayout(columns);
    column->addStretch(1);
    return content;
}

Card* RunPage::factCard(const QString& title, FactList*& facts) {
    auto* card = new Card(title);
    facts = new FactList;
    card->body()->addWidget(facts);
    return card;
}

Card* RunPage::makeSamplesCard() {
    samples_->setMinimumHeight(chartHeight);
    samples_->setEmptyText(tr("This run has no repetition with that figure."));
    metric_->setAccessibleName(tr("Metric of the samples"));
    metric_->installEventFilter(this);  // it would search its entries for what Backspace types
    connect(metric_, &QComboBox::currentIndexChanged, this, &RunPage::drawSamples);
    auto* card = new ChartCard(tr("Samples"), samples_);
    card->addHeaderWidget(metric_);
    return card;
}

Card* RunPage::makeNotesCard() {
    auto* card = new Card(tr("Note and tags"));
    note_->setAccessibleName(tr("Note of this run"));
    note_->setPlaceholderText(tr("Write a note"));
    note_->setTabChangesFocus(true);
    note_->setFixedHeight(noteHeight);
    note_->installEventFilter(this);
    tags_->setAccessibleName(tr("Tags of this run"));
    tags_->setPlaceholderText(tr("Tags, with commas between them"));
    connect(tags_, &QLineEdit::editingFinished, this, [this] {
        if (run_.id != 0) session().runEdits().setTags(run_, tagsOf(tags_->text()));
    });
    told_->setWordWrap(true);
    card->body()->addWidget(note_);
    card->body()->addWidget(tags_);
    card->body()->addWidget(told_);
    return card;
}

QList<QWidget*> RunPage::headerWidgets() {
    const auto add = [this](QPushButton* button, const QString& tip, auto&& act) {
        button->setToolTip(tip);
        button->installEventFilter(this);
        connect(button, &QPushButton::clicked, this, act);
        return button;
    };
    QPushButton* back = add(plainButton(tr("Back"), QStringLiteral("chevron-left")),
                            tr("Back to where this run was opened  Esc"), [this] { leave(); });
    compare_ = add(plainButton(tr("Compare")), tr("Show it beside its baseline"),
                   [this] { emit session().runRequested(run_.id); });
    trace_ =
        add(plainButton(tr("Show trace")), {}, [this] { emit session().traceRequested(run_.id); });
    again_ = add(plainButton(tr("Run again")), tr("Queue this run's experiment once more"),
                 [this] { rerun(); });
    export_ = add(plainButton(tr("Export this run")), {}, [this] { exportRun(); });
    use_ = add(primaryButton(tr("Use this recipe")),
               tr("Make it the recipe on Optimise: one step, which Undo takes back"),
               [this] { takeRecipe(QStringLiteral("optimise")); });
    followRun();
    return {back, compare_, trace_, again_, export_, use_};
}

QWidget* RunPage::entry() {
    return run_.id == 0 ? nullptr : use_;
}

void RunPage::shown() {
    read();
}

bool RunPage::eventFilter(QObject* watched, QEvent* event) {
    if (watched == note_ && event->type() == QEvent::FocusOut) keepNote();
    if (watched != note_ && event->type() == QEvent::KeyPress &&
        leads(*static_cast<QKeyEvent*>(event))) {
        leave();
        return true;
    }
    return Page::eventFilter(watched, event);
}

// Out of an editor first, then away a message, then back.
void RunPage::keyPressEvent(QKeyEvent* event) {
    if (!leads(*event)) return Page::keyPressEvent(event);
    if (note_->hasFocus() || tags_->hasFocus())
        (use_ != nullptr && use_->isEnabled() ? static_cast<QWidget*>(use_) : this)->setFocus();
    else if (banner_->isVisible())
        banner_->clear();
    else
        leave();
}

void RunPage::leave() {
    const QString from = session().openedFrom();
    session().requestPage(from.isEmpty() ? QStringLiteral("compare") : from);
}

void RunPage::keepNote() {
    const std::string note = note_->toPlainText().trimmed().toStdString();
    if (run_.id != 0) session().runEdits().setNote(run_, note);
}

// The store says what is now true of it.
void RunPage::read() {
    const std::int64_t id = session().openedRun();
    const bool another = id != run_.id;
    if (another) banner_->clear();
    std::optional<profiler::RunRecord> run;
    try {
        if (id != 0) run = session().store().load(id);
        if (run) read_ = session().store().samples(id);
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The run could not be read."));
        if (!run) return;
        read_.clear();
    }
    run_ = run.value_or(profiler::RunRecord());
    stack_->setCurrentIndex(run ? 1 : 0);
    if (run) show();
    followRun();
}

void RunPage::show() {
    const profiler::NewRun& what = run_.what;
    title_->setText(tr("Run %1 · %2").arg(QString::number(run_.id), plainLine(what.recipe_label)));
    const QString status = QCoreApplication::translate("RunStatus", run_.status.c_str());
    const QDateTime at =
        QDateTime::fromString(QString::fromStdString(run_.created), Qt::ISODate).toLocalTime();
    QStringList about{
        modelFile(run_),
        run_.reason.empty() ? status : QStringLiteral("%1: %2").arg(status, plainLine(run_.reason)),
        QLocale().toString(at, QLocale::ShortFormat),
        tr("took %1").arg(formatSeconds(run_.duration_seconds))};
    if (what.paired_with) about.append(tr("measured against run %1").arg(*what.paired_with));
    if (what.series) about.append(tr("series %1").arg(what.series->id));
    about_->setText(about.join(QStringLiteral(" · ")));
    about_->setToolTip(plainTip(QString::fromStdString(what.model_source)));
    figures_->setFacts(figureFacts(run_));
    recipe_->setFacts(recipeFacts(run_, session().registry()));
    workload_->setFacts(workloadFacts(run_));
    environment_->setFacts(environmentFacts(run_));
    Facts files;
    try {
        files = artifactFacts(session().store().artifacts(), run_);
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The exported files could not be read."));
    }
    artifacts_->setFacts(files);
    artifactsCard_->setVisible(!files.empty());
    showTexts();
    offerMetrics();
}

// What is being written is not taken away by a run that ends.
void RunPage::showTexts() {
    if (!note_->hasFocus()) note_->setPlainText(QString::fromStdString(run_.note));
    if (!tags_->hasFocus()) tags_->setText(tagsText(run_.tags));
    QStringList told;
    for (const std::string& line : run_.notes_from_run) told.append(plainLine(line));
    told_->setText(told.join(QLatin1Char('\n')));
    told_->setVisible(!told.isEmpty());
}

void RunPage::offerMetrics() {
    const QString chosen = metric_->currentData().toString();
    {
        const QSignalBlocker quiet(metric_);
        metric_->clear();
        for (const auto& metric : profiler::metric_definitions())
            if (!repetitionValues(read_, std::string(metric.id)).x.empty())
                metric_->addItem(metricTitle(std::string(metric.id)),
                                 QString::fromUtf8(metric.id.data()));
        metric_->setCurrentIndex(std::max(0, metric_->findData(chosen)));
    }
    drawSamples();
}

void RunPage::drawSamples() {
    const std::string id = metric_->currentData().toString().toStdString();
    const profiler::MetricDefinition* metric = profiler::find_metric(id);
    if (metric == nullptr) return samples_->setSeries({});
    const profiler::AxisScale drawn = profiler::axis_scale(*metric);
    const QString unit =
        QString::fromUtf8(drawn.unit.data(), static_cast<qsizetype>(drawn.unit.size()));
    RepetitionValues values = repetitionValues(read_, id);
    for (double& value : values.y) value *= drawn.scale;
    samples_->setAxes({tr("repetition (grey: warm-up)"),
                       (metricTitle(id) + QLatin1Char(' ') + unit).trimmed(), unit, true});
    LineSeries line{
        runName(run_), ChartColor::candidate(), values.x, values.y, {}, {}, values.warmup, true,
        false};
    samples_->setSeries({std::move(line)});
}

// What can be done with it, and why where it cannot.
void RunPage::followRun() {
    if (use_ == nullptr) return;
    const bool any = run_.id != 0;
    for (QPushButton* button : {compare_, again_, use_}) button->setEnabled(any);
    trace_->setEnabled(any && run_.trace_events > 0);
    trace_->setToolTip(any ? plainTip(traceTip(run_)) : QString());
    const QString source = QString::fromStdString(run_.what.model_source);
    const bool there = source.startsWith(QLatin1String("synthetic:")) || QFileInfo::exists(source);
    export_->setEnabled(any && there);
    export_->setToolTip(plainTip(!any ? QString()
                                 : there
                                     ? tr("Open %1 with this recipe on Export").arg(modelFile(run_))
                                     : tr("The checkpoint is no longer at %1").arg(source)));
    const bool differs = any && source != session().checkpoint();
    other_->setVisible(differs);
    other_->setText(session().checkpoint().isEmpty()
                        ? tr("No model is open; this run was measured on %1.").arg(modelFile(run_))
                        : tr("%1 is open; this run was measured on %2.")
                              .arg(plainLine(session().modelName()), modelFile(run_)));
}

void RunPage::takeRecipe(const QString& page) {
    try {
        const Recipe recipe = recipe_from_json(run_.what.recipe, session().registry());
        session().setSweep({recipe, {}}, tr("using the recipe of run %1").arg(run_.id));
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The recipe of run %1 cannot be used.").arg(run_.id));
        return;
    }
    if (QString::fromStdString(run_.what.model_source) != session().checkpoint())
        session().say(session().checkpoint().isEmpty()
                          ? tr("The recipe of run %1 is that of %2; no model is open.")
                                .arg(QString::number(run_.id), modelFile(run_))
                          : tr("The recipe of run %1 was measured on %2, and %3 is open.")
                                .arg(QString::number(run_.id), modelFile(run_),
                                     plainLine(session().modelName())));
    session().requestPage(page);
}

// Another model brings its own recipe back when it is opened: this run's comes after it.
void RunPage::exportRun() {
    const QString source = QString::fromStdString(run_.what.model_source);
    if (source == session().checkpoint()) return takeRecipe(QStringLiteral("export"));
    exporting_ = true;
    session().open(source);
}

void RunPage::followModel() {
    followRun();
    const QString source = QString::fromStdString(run_.what.model_source);
    if (!std::exchange(exporting_, false) || source != session().checkpoint()) return;
    QTimer::singleShot(0, this, [this] { takeRecipe(QStringLiteral("export")); });
}

void RunPage::rerun() {
    try {
        session().measureAgain(run_);
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The run cannot be measured again."));
        return;
    }
    banner_->show(Banner::Kind::note,
                  tr("The experiment of run %1 is queued once more.").arg(run_.id),
                  tr("The new run appears in Compare."), tr("Watch it"));
}

}  // namespace hone::ui
