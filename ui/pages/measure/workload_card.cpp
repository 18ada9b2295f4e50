// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure/workload_card.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QSignalBlocker>
#include <QSpinBox>

#include "ui/forms/captioned.h"
#include "ui/forms/flow_layout.h"
#include "ui/forms/schema_text.h"
#include "ui/models/device_facts.h"
#include "ui/pages/device_box.h"
#include "ui/pages/measure/accuracy_controls.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

namespace {

enum LengthsChoice { fixed, mixed };
const QString mixedPrefix = QStringLiteral("mixed:");

}  // namespace

void WorkloadPreset::applyTo(Workload& workload) const {
    workload.prompt_tokens = prompt;
    workload.generated_tokens = generated;
    workload.repetitions = repetitions;
    workload.windows = windows;
}

bool WorkloadPreset::fits(const Workload& w) const {
    return w.prompt_tokens == prompt && w.generated_tokens == generated &&
           w.repetitions == repetitions && w.windows == windows;
}

std::vector<WorkloadPreset> workloadPresets() {
    return {
        {WorkloadCard::tr("Quick"),
         WorkloadCard::tr("A first look: 5 repetitions, 4 windows of text."), 64, 32, 5, 4},
        {WorkloadCard::tr("Standard"),
         WorkloadCard::tr("Good for most decisions: 5 repetitions, 20 windows."), 128, 64, 5, 20},
        {WorkloadCard::tr("Thorough"),
         WorkloadCard::tr("Small differences, narrow intervals: 15 repetitions, 60 windows."), 512,
         128, 15, 60}};
}

WorkloadCard::WorkloadCard(Session& session, QWidget* parent)
    : Card({}, parent),
      session_(session),
      presets_(new QButtonGroup(this)),
      lengths_(new QComboBox),
      trace_(new QCheckBox(tr("Record a trace"))),
      estimate_(new TextLabel({}, TextStyle::body, Tone::muted)) {
    auto* line = new QHBoxLayout;
    line->setSpacing(spacing::group);
    auto* row = new FlowLayout(14, spacing::inside);
    // In place before anything is added: a control without a parent that is shown would be a
    // window.
    body()->addLayout(line);
    line->addLayout(row, 1);
    addPresets(row);
    addDevice(row);
    prompt_ = addNumber(row, tr("Prompt"), tr("Tokens of each prompt."), 1, 131072);
    addLengths(row);
    generated_ =
        addNumber(row, tr("Generate"), tr("Tokens generated after each prompt."), 1, 131072);
    sequences_ = addNumber(row, tr("Sequences"), tr("Prompts that are run together."), 1, 1024);
    repetitions_ = addNumber(
        row, tr("Repetitions"),
        tr("Timed repetitions after the warm-up. Five or more give an interval worth reading."), 1,
        1000);
    new AccuracyControls(session, row, this);
    addTrace(row);
    line->addWidget(estimate_, 0, Qt::AlignVCenter);
    connect(&session, &Session::workloadChanged, this, &WorkloadCard::showWorkload);
    showWorkload();
}

void WorkloadCard::addPresets(QLayout* row) {
    auto* box = new QWidget;
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    int id = 0;
    for (const WorkloadPreset& preset : workloadPresets()) {
        QPushButton* button = plainButton(preset.name);
        button->setCheckable(true);
        button->setToolTip(preset.tooltip);
        button->setAccessibleDescription(preset.tooltip);
        presets_->addButton(button, id++);
        layout->addWidget(button);
    }
    presets_->setExclusive(false);  // none is checked where the workload fits none
    connect(presets_, &QButtonGroup::idClicked, this, [this](int chosen) {
        Workload workload = session_.workload();
        workloadPresets()[static_cast<std::size_t>(chosen)].applyTo(workload);
        session_.setWorkload(workload);
        showWorkload();
    });
    row->addWidget(box);
}

QSpinBox* WorkloadCard::addNumber(QLayout* row, const QString& label, const QString& help, int low,
                                  int high) {
    QSpinBox* number = numberBox(label, help, low, high);
    row->addWidget(captioned(label, {number}));
    connect(number, &QSpinBox::valueChanged, this, &WorkloadCard::readControls);
    return number;
}

void WorkloadCard::addLengths(QLayout* row) {
    lengths_->addItem(tr("fixed"));
    lengths_->addItem(tr("mixed"));
    lengths_->setAccessibleName(tr("Prompt lengths"));
    lengths_->setToolTip(
        wrappedTip(tr("Fixed: every prompt has as many tokens. Mixed: from an eighth of that to "
                      "all of it, as real "
                      "prompts differ; the seed chooses which. It shows with several sequences.")));
    lengthsSeed_ = numberBox(tr("Seed of the prompt lengths"),
                             tr("Which lengths: the same seed gives the same ones."), 0, 999999);
    lengthsSeed_->setGroupSeparatorShown(false);
    row->addWidget(captioned(tr("Lengths"), {lengths_, lengthsSeed_}));
    connect(lengths_, &QComboBox::activated, this, &WorkloadCard::readControls);
    connect(lengthsSeed_, &QSpinBox::valueChanged, this, &WorkloadCard::readControls);
}

void WorkloadCard::addDevice(QLayout* row) {
    QWidget* box = captioned(tr("Device"), {new DeviceBox(session_)});
    row->addWidget(box);
    const auto follow = [this, box] { box->setVisible(!devicesOf(session_.devices()).empty()); };
    connect(&session_, &Session::devicesChanged, box, follow);
    follow();  // hidden where there is only the CPU
}

void WorkloadCard::addTrace(QLayout* row) {
    trace_->setToolTip(
        wrappedTip(tr("One more repetition of each side, after those that are timed, records every "
                      "operation: layer, "
                      "duration, bytes and FLOPs. The timeline shows it.")));
    trace_->setAccessibleName(trace_->text());
    trace_->setAccessibleDescription(trace_->toolTip());
    trace_->setMinimumHeight(spacing::controlHeight);
    row->addWidget(trace_);
    connect(trace_, &QCheckBox::toggled, &session_, &Session::setTracing);
    connect(&session_, &Session::tracingChanged, this,
            [this] { trace_->setChecked(session_.tracing()); });
    trace_->setChecked(session_.tracing());
}

void WorkloadCard::showWorkload() {
    const Workload& w = session_.workload();
    const std::pair<QSpinBox*, std::int64_t> numbers[] = {{prompt_, w.prompt_tokens},
                                                          {generated_, w.generated_tokens},
                                                          {sequences_, w.concurrency},
                                                          {repetitions_, w.repetitions}};
    for (const auto& [spin, value] : numbers) {
        const QSignalBlocker blocker(spin);
        spin->setValue(static_cast<int>(value));
    }
    const QString lengths = QString::fromStdString(w.prompt_lengths);
    const bool areMixed = lengths.startsWith(mixedPrefix);
    lengths_->setCurrentIndex(areMixed ? mixed : fixed);
    lengthsSeed_->setVisible(areMixed);
    {
        const QSignalBlocker blocker(lengthsSeed_);
        if (areMixed) lengthsSeed_->setValue(lengths.mid(mixedPrefix.size()).toInt());
    }
    const auto presets = workloadPresets();
    for (std::size_t i = 0; i < presets.size(); ++i)
        presets_->button(static_cast<int>(i))->setChecked(presets[i].fits(w));
}

void WorkloadCard::readControls() {
    Workload workload = session_.workload();
    workload.prompt_tokens = prompt_->value();
    workload.generated_tokens = generated_->value();
    workload.concurrency = sequences_->value();
    workload.repetitions = repetitions_->value();
    workload.prompt_lengths =
        lengths_->currentIndex() == mixed
            ? (mixedPrefix + QString::number(lengthsSeed_->value())).toStdString()
            : "fixed";
    session_.setWorkload(workload);
}

void WorkloadCard::setEstimate(const QString& text) {
    estimate_->setText(text);
}

}  // namespace hone::ui
