// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/start_page.h"

#include <QFileInfo>
#include <QGridLayout>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/models/model_facts.h"
#include "ui/pages/machine_card.h"
#include "ui/pages/models_card.h"
#include "ui/pages/recent_runs_card.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

Page* makeStartPage(Session& session) {
    return new StartPage(session);
}

StartPage::StartPage(Session& session, QWidget* parent)
    : Page(session, parent), banner_(new Banner), models_(new ModelsCard(session)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(spacing::group);
    layout->addWidget(banner_);
    layout->addWidget(makeDropZone());
    layout->addWidget(models_);
    auto* lower = new QGridLayout;
    lower->setSpacing(spacing::group);
    lower->addWidget(new MachineCard(session), 0, 0);
    lower->addWidget(new RecentRunsCard(session), 0, 1);
    lower->setColumnStretch(0, 1);
    lower->setColumnStretch(1, 1);
    layout->addLayout(lower);
    layout->addStretch(1);
    connect(&session, &Session::openFailed, this, &StartPage::showError);
    connect(&session, &Session::modelChanged, banner_, &Banner::clear);
}

QWidget* StartPage::makeDropZone() {
    auto* zone = new Card;
    zone->setDashed(true);
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(
        new TextLabel(tr("Drop a GGUF file or a Hugging Face folder here"), TextStyle::cardTitle));
    words->addWidget(
        new TextLabel(tr("Hone reads F32, F16, BF16, Q8_0, Q4_0 and Q4_1 weights of llama models."),
                      TextStyle::body, Tone::muted));
    row->addLayout(words);
    row->addStretch();
    QPushButton* open = plainButton(tr("Open…  Ctrl+O"));
    open->setAccessibleName(tr("Open a model file"));
    QPushButton* sample = primaryButton(tr("Try the sample model"));
    sample->setToolTip(tr("SmolLM2-135M-Instruct in BF16"));
    row->addWidget(open);
    row->addWidget(sample);
    zone->body()->setContentsMargins(spacing::page - 2, spacing::group, spacing::page - 2, spacing::group);
    zone->body()->addLayout(row);
    connect(open, &QPushButton::clicked, &session(), &Session::requestOpen);
    connect(sample, &QPushButton::clicked, this, &StartPage::trySample);
    return zone;
}

void StartPage::trySample() {
    const QString path = sampleModelPath();
    if (QFileInfo::exists(path)) {
        session().open(path);
        return;
    }
    banner_->show(
        Banner::Kind::note, tr("The sample model is not on this disk yet."),
        tr("Run scripts/run.sh in Hone's source folder: it fetches SmolLM2-135M-Instruct and keeps it in "
           "~/.cache/hone."));
}

void StartPage::showError(const ErrorDetails& error) {
    const QString advice = error.expected.empty() ? tr("Open another file; the Log has the details.")
                                                  : tr("Expected %1.").arg(text(error.expected));
    banner_->show(Banner::Kind::error, text(error.message), advice);
}

void StartPage::shown() {
    if (scanned_) return;
    scanned_ = true;
    // After the first paint: the list is not what the window waits for.
    QTimer::singleShot(0, models_, [this] { models_->models().scan(); });
}

}  // namespace hone::ui
