// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/start_page.h"

#include <QFileInfo>
#include <QGridLayout>
#include <QTableView>
#include <QTimer>
#include <QVBoxLayout>

#include "engine/core/dtype.h"
#include "ui/forms/schema_text.h"
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
    connect(banner_, &Banner::triggered, this, &StartPage::trySynthetic);
}

QWidget* StartPage::makeDropZone() {
    auto* zone = new Card;
    zone->setDashed(true);
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    auto* title =
        new TextLabel(tr("Drop a GGUF file or a Hugging Face folder here"), TextStyle::cardTitle);
    auto* types = new TextLabel(
        tr("Hone reads %1 weights of Llama, Qwen 2 and Qwen 3 models.")
            .arg(text(names_of_dtypes(
                [](const DTypeInfo& type) { return type.ggml_type.has_value(); }, "and"))),
        TextStyle::body, Tone::muted);
    for (TextLabel* label : {title, types}) {
        label->setWordWrap(true);  // so that three buttons fit beside it in a narrow window
        words->addWidget(label);
    }
    row->addLayout(words, 1);
    QPushButton* open = plainButton(tr("Open…  Ctrl+O"));
    open->setAccessibleName(tr("Open a model file"));
    sample_ = primaryButton({});
    synthetic_ = primaryButton(tr("Try a synthetic model"));
    row->addWidget(open);
    row->addWidget(sample_);
    row->addWidget(synthetic_);
    zone->body()->setContentsMargins(spacing::page - 2, spacing::group, spacing::page - 2,
                                     spacing::group);
    zone->body()->addLayout(row);
    connect(open, &QPushButton::clicked, &session(), &Session::requestOpen);
    connect(sample_, &QPushButton::clicked, this, &StartPage::trySample);
    connect(synthetic_, &QPushButton::clicked, this, &StartPage::trySynthetic);
    connect(&session(), &Session::environmentChanged, this, &StartPage::showSamples);
    showSamples();
    return zone;
}

// Said before the click: whether the sample is there, and what there is to try where it is not.
void StartPage::showSamples() {
    const bool there = QFileInfo::exists(sampleModelPath());
    sample_->setText(there ? tr("Try the sample model") : tr("Sample model: not on this disk"));
    sample_->setAccessibleName(sample_->text());
    sample_->setToolTip(
        there ? tr("SmolLM2-135M-Instruct in BF16")
              : wrappedTip(tr("SmolLM2-135M-Instruct in BF16 is not in ~/.cache/hone. A click "
                              "says how it comes there.")));
    sample_->setProperty("primary", there);
    sample_->update();
    const QString shape = syntheticShape();
    synthetic_->setVisible(!there && !shape.isEmpty());
    synthetic_->setToolTip(
        wrappedTip(tr("Random weights of the shape %1, made in a moment: speed and memory "
                      "are real, accuracy means nothing.")
                       .arg(shape)));
}

// The sample's own shape where it is offered.
QString StartPage::syntheticShape() {
    const QStringList& shapes = session().syntheticShapes();
    for (const QString& shape : shapes)
        if (shape.contains(QLatin1String("smollm"), Qt::CaseInsensitive)) return shape;
    return shapes.value(0);
}

void StartPage::trySynthetic() {
    session().open(QStringLiteral("synthetic:") + syntheticShape());
}

void StartPage::trySample() {
    const QString path = sampleModelPath();
    if (QFileInfo::exists(path)) {
        session().open(path);
        return;
    }
    banner_->show(
        Banner::Kind::note, tr("The sample model is not on this disk yet."),
        tr("Run scripts/run.sh in Hone's source folder: it fetches SmolLM2-135M-Instruct and keeps "
           "it in ~/.cache/hone. A synthetic model of its shape needs no file."),
        syntheticShape().isEmpty() ? QString() : tr("Try a synthetic model"));
}

void StartPage::showError(const ErrorDetails& error) {
    banner_->showError(
        error, {},
        error.action.empty() ? tr("Open another file; the Log has the details.") : QString());
}

QWidget* StartPage::entry() {
    return models_->table()->isVisibleTo(this) ? models_->table() : nullptr;
}

void StartPage::shown() {
    showSamples();
    if (scanned_) return;
    scanned_ = true;
    // After the first paint: the list is not what the window waits for.
    QTimer::singleShot(0, models_, [this] { models_->models().scan(); });
}

}  // namespace hone::ui
