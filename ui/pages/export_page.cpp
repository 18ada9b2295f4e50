// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/export_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QStandardPaths>
#include <QVBoxLayout>
#include <algorithm>
#include <filesystem>
#include <vector>

#include "ui/forms/schema_text.h"
#include "ui/pages/export/artifact_card.h"
#include "ui/pages/export/export_choices.h"
#include "ui/pages/pick_value_banner.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/fact_list.h"
#include "ui/widgets/focus.h"
#include "ui/widgets/switch.h"

namespace hone::ui {

namespace {

constexpr int changePause = 150, artifactWidth = 380;

}  // namespace

Page* makeExportPage(Session& session) {
    return new ExportPage(session);
}

ExportPage::ExportPage(Session& session, QWidget* parent)
    : Page(session, parent),
      stack_(new QStackedLayout),
      pick_(new PickValueBanner(
          session, tr("A list of values is measured as a sweep: pick one value to export it."),
          tr("Lists of values are measured as a sweep: pick one candidate to export it."))),
      banner_(new Banner),
      what_(new FactList),
      leftOut_(new TextLabel({}, TextStyle::body, Tone::warning)),
      notes_(new TextLabel({}, TextStyle::body, Tone::muted)),
      format_(new QComboBox),
      formatHelp_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      type_(new QComboBox),
      typeHelp_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      path_(new QLineEdit),
      overwrite_(new QCheckBox(tr("Replace the file that is there"))),
      place_(new FactList),
      verify_(new Switch(tr("Verify the file"))),
      artifact_(new ArtifactCard(session)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(stack_);
    auto* empty = new EmptyState(QStringLiteral("export"), tr("Nothing to export yet"),
                                 tr("Open a model, choose a recipe on the Optimise page, and "
                                    "export its weights as a file that "
                                    "other programs load."),
                                 tr("Open a model…"));
    connect(empty, &EmptyState::triggered, &session, &Session::requestOpen);
    stack_->addWidget(empty);
    stack_->addWidget(makeContent());
    pause_.setSingleShot(true);
    pause_.setInterval(changePause);
    connect(&pause_, &QTimer::timeout, this, &ExportPage::ask);
    follow();
    suggestPath();
    changed();
}

QWidget* ExportPage::makeContent() {
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(pick_);
    column->addWidget(banner_);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(12);
    auto* left = new QVBoxLayout;
    left->setSpacing(12);
    left->addWidget(makeWhatCard());
    left->addWidget(makeFormatCard());
    left->addWidget(makePlaceCard());
    left->addStretch(1);
    columns->addLayout(left, 1);
    auto* right = new QVBoxLayout;
    artifact_->setFixedWidth(artifactWidth);
    right->addWidget(artifact_);
    right->addStretch(1);
    columns->addLayout(right);
    column->addLayout(columns, 1);
    return content;
}

Card* ExportPage::makeWhatCard() {
    auto* card = new Card(tr("What"));
    for (TextLabel* label : {leftOut_, notes_}) {
        label->setWordWrap(true);
        label->hide();
    }
    card->body()->addWidget(what_);
    card->body()->addWidget(leftOut_);
    card->body()->addWidget(notes_);
    return card;
}

Card* ExportPage::makeFormatCard() {
    auto* card = new Card(tr("Format"));
    format_->setAccessibleName(tr("Format of the file"));
    for (const ExportChoice& choice : exportFormats()) format_->addItem(choice.label, choice.id);
    type_->setAccessibleName(tr("Type of the matrices"));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setColumnStretch(2, 1);
    const auto addRow = [&](int row, const QString& name, QComboBox* box, TextLabel* help) {
        auto* label = new TextLabel(name);
        label->setBuddy(box);
        help->setWordWrap(true);
        grid->addWidget(label, row, 0);
        grid->addWidget(box, row, 1);
        grid->addWidget(help, row, 2);
    };
    addRow(0, tr("Format"), format_, formatHelp_);
    addRow(1, tr("Matrices"), type_, typeHelp_);
    card->body()->addLayout(grid);
    formatChanged();
    connect(format_, &QComboBox::currentIndexChanged, this, [this] {
        formatChanged();
        suggestPath();
        changed();
    });
    connect(type_, &QComboBox::currentIndexChanged, this, &ExportPage::changed);
    return card;
}

Card* ExportPage::makePlaceCard() {
    auto* card = new Card(tr("Place"));
    path_->setClearButtonEnabled(true);
    QPushButton* browse = plainButton(tr("Browse…"));
    connect(browse, &QPushButton::clicked, this, &ExportPage::browse);
    auto* row = new QHBoxLayout;
    row->setSpacing(spacing::inside);
    row->addWidget(path_, 1);
    row->addWidget(browse);
    auto* check = new QHBoxLayout;
    check->setSpacing(spacing::inside);
    verify_->setChecked(true);
    auto* explanation =
        new TextLabel(tr("Verify: load the file anew and compare it with the recipe in memory"));
    explanation->setWordWrap(true);
    check->addWidget(verify_);
    check->addWidget(explanation, 1);
    card->body()->addLayout(row);
    card->body()->addWidget(overwrite_);
    card->body()->addWidget(place_);
    card->body()->addLayout(check);
    connect(path_, &QLineEdit::textChanged, this, &ExportPage::showPlace);
    connect(overwrite_, &QCheckBox::toggled, this, &ExportPage::showPlace);
    return card;
}

QList<QWidget*> ExportPage::headerWidgets() {
    button_ = primaryButton(tr("Export"));
    connect(button_, &QPushButton::clicked, this, &ExportPage::start);
    cancel_ = plainButton(tr("Cancel"));
    cancel_->setAccessibleName(tr("Cancel the export"));
    cancel_->hide();
    connect(cancel_, &QPushButton::clicked, this, [this] { session().jobs().cancel(job_); });
    showState();
    return {cancel_, button_};
}

void ExportPage::follow() {
    connect(&session(), &Session::modelChanged, this, [this] {
        suggestPath();
        changed();
    });
    connect(&session(), &Session::recipeChanged, this, &ExportPage::changed);
    connect(pick_, &PickValueBanner::picked, this, [this] {
        if (button_ != nullptr) button_->setFocus(Qt::OtherFocusReason);
    });
    JobRunner& jobs = session().jobs();
    connect(&jobs, &JobRunner::jobsChanged, this, &ExportPage::showState);
    connect(&jobs, &JobRunner::exported, this,
            [this](int job, const messages::ExportResult& result) {
                if (job != job_) return;
                artifact_->showResult(result);
                overwrite_->setChecked(false);
                showPlace();
            });
    connect(&jobs, &JobRunner::jobProgress, this, [this](const JobInfo& job) {
        if (job.id != job_) return;
        if (job.state == JobState::failed) showFailure(job.failure);
        if (job.state == JobState::cancelled)
            banner_->show(Banner::Kind::note, tr("The export was cancelled."),
                          tr("Nothing was changed at that place."));
    });
}

// That the place is as it was is said once: by the engine where it could not write.
void ExportPage::showFailure(const ErrorDetails& error) {
    const bool said = text(error.message).contains(QLatin1String("changed"), Qt::CaseInsensitive);
    banner_->showError(error, {}, said ? QString() : tr("Nothing was changed at that place."));
}

bool ExportPage::writesFolder() const {
    return format_->currentData().toString() != QLatin1String("gguf");
}

// Offers the types that the format holds, and keeps the chosen one where that is among them.
void ExportPage::formatChanged() {
    const QString chosen = type_->currentData().toString();
    const QSignalBlocker quiet(type_);
    type_->clear();
    for (const ExportChoice& choice : exportTypes())
        if (!choice.quantised || !writesFolder()) type_->addItem(choice.label, choice.id);
    type_->setCurrentIndex(std::max(0, type_->findData(chosen)));
    formatHelp_->setText(helpOf(exportFormats(), format_->currentData().toString()));
    overwrite_->setText(writesFolder() ? tr("Replace the folder that is there")
                                       : tr("Replace the file that is there"));
    path_->setAccessibleName(writesFolder() ? tr("Folder to write") : tr("File to write"));
}

QWidget* ExportPage::entry() {
    return button_ != nullptr && button_->isEnabled() ? static_cast<QWidget*>(button_) : nullptr;
}

void ExportPage::shown() {
    ask();
    showPlace();
}

ExportRequest ExportPage::request() const {
    Session& open = const_cast<ExportPage*>(this)->session();
    ExportRequest request;
    request.checkpoint = open.checkpoint().toStdString();
    request.recipe = open.recipe();
    request.target = open.target();
    request.format = format_->currentData().toString().toStdString();
    request.dtype = type_->currentData().toString().toStdString();
    request.path = path_->text().trimmed().toStdString();
    request.overwrite = overwrite_->isChecked();
    request.verify = verify_->isChecked();
    return request;
}

void ExportPage::changed() {
    const bool open = !session().checkpoint().isEmpty();
    stack_->setCurrentIndex(open ? 1 : 0);
    banner_->clear();
    what_->setFacts({{tr("Model"), session().modelName(), session().checkpoint()},
                     {tr("Recipe"), recipeText(session())}});
    const QStringList leftOut = leftOutOfExport(session());
    leftOut_->setText(
        tr("Left out, since they say how a model is run and not what its weights are: %1.")
            .arg(leftOut.join(QStringLiteral(", "))));
    leftOut_->setVisible(!leftOut.isEmpty());
    typeHelp_->setText(helpOf(exportTypes(), type_->currentData().toString()));
    fileBytes_ = 0;
    showPlace();
    if (isVisible()) pause_.start();
}

void ExportPage::ask() {
    const bool several = !session().swept().empty();
    if (several) notes_->hide();  // what is known is of another recipe
    if (session().checkpoint().isEmpty() || several) return;
    session().jobs().quick(
        QStringLiteral("predict_export"), this,
        [request = request()](const WorkerLaunch& launch, std::stop_token stop) {
            return hone::predict_export(request, launch, std::move(stop));
        },
        [this](const PredictedExport& answer) {
            fileBytes_ = static_cast<double>(answer.file_bytes);
            QStringList notes;
            for (const std::string& note : answer.notes) notes.append(QString::fromStdString(note));
            notes_->setText(notes.join(QLatin1Char('\n')));
            notes_->setVisible(!notes.isEmpty());
            showPlace();
        },
        [this](const ErrorDetails& error) { banner_->showError(error); });
}

void ExportPage::showPlace() {
    const QFileInfo file(path_->text().trimmed());
    overwrite_->setVisible(!path_->text().isEmpty() &&
                           (writesFolder() ? file.exists() : file.isFile()));
    const QString folder = file.absolutePath();
    // Not QStorageInfo: it looks through the table of mounts, which does not list every place in a
    // container.
    std::error_code unknown;
    const auto available =
        static_cast<double>(std::filesystem::space(folder.toStdString(), unknown).available);
    const bool there = !path_->text().isEmpty() && QFileInfo(folder).isDir();
    const bool short_ = there && fileBytes_ > 0 && !unknown && available < fileBytes_;
    place_->setFacts(
        {{tr("Size of the file"), fileBytes_ > 0 ? formatBytes(fileBytes_) : QStringLiteral("—"),
          tr("Computed from the types and shapes, to the byte")},
         {tr("Free at that place"),
          !there    ? tr("there is no such folder")
          : unknown ? tr("not known")
                    : formatBytes(available),
          folder, short_ || !there ? Tone::worse : Tone::text}});
    showState();
}

void ExportPage::showState() {
    if (button_ == nullptr) return;
    const auto running = session().jobs().running();
    const bool exporting = running && running->id == job_;
    const auto all = session().jobs().jobs();
    const bool waiting = std::any_of(all.begin(), all.end(), [this](const JobInfo& job) {
        return job.id == job_ && job.state == JobState::queued;
    });
    // The focus goes with the button that can be pressed: to Cancel while it is written, and back.
    if (exporting || waiting) {
        cancel_->show();
        handFocus(button_, cancel_);
    }
    const QString reason = whyNot(exporting, waiting);
    button_->setEnabled(reason.isEmpty());
    button_->setToolTip(plainTip(reason.isEmpty() ? tr("Write the file") : reason));
    button_->setText(exporting ? tr("Exporting…") : waiting ? tr("Waiting…") : tr("Export"));
    button_->setAccessibleName(button_->text());
    if (exporting || waiting) return;
    handFocus(cancel_, button_->isEnabled() ? static_cast<QWidget*>(button_) : path_);
    cancel_->hide();
}

// Why nothing can be exported now; empty where it can.
QString ExportPage::whyNot(bool exporting, bool waiting) const {
    Session& open = const_cast<ExportPage*>(this)->session();
    const QFileInfo file(path_->text().trimmed());
    const bool kept = !overwrite_->isChecked();
    if (open.checkpoint().isEmpty()) return tr("Open a model first");
    if (exporting) return tr("It is being written");
    if (waiting) return tr("It waits for the running job");
    if (!open.swept().empty()) return tr("Pick one value first");
    if (path_->text().trimmed().isEmpty()) return tr("Choose a file first");
    if (writesFolder() && file.exists() && kept)
        return tr("A folder is there: tick that it may be replaced, or choose another name");
    if (!writesFolder() && file.isFile() && kept)
        return tr("A file is there: tick that it may be replaced, or choose another name");
    return {};
}

void ExportPage::suggestPath() {
    if (session().checkpoint().isEmpty() ||
        (!path_->text().isEmpty() && path_->text() != suggested_))
        return;
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    const QString home = QFileInfo(folder).isDir() ? folder : QDir::homePath();
    suggested_ = QDir(home).filePath(
        exportFileName(session().modelName()) +
        (writesFolder() ? QStringLiteral("-hone") : QStringLiteral("-hone.gguf")));
    path_->setText(suggested_);
}

void ExportPage::browse() {
    // The page asks about replacing, where it can also be seen. A folder is a new name too, so it
    // is asked for in the same way.
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Export as"), path_->text(),
                                     writesFolder() ? tr("Folders (*)") : tr("GGUF files (*.gguf)"),
                                     nullptr, QFileDialog::DontConfirmOverwrite);
    if (!path.isEmpty()) path_->setText(path);
}

void ExportPage::start() {
    banner_->clear();
    job_ = session().jobs().exportCheckpoint(
        tr("Exporting %1").arg(QFileInfo(path_->text()).fileName()), request());
}

}  // namespace hone::ui
