// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure/workload_card.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QSignalBlocker>
#include <QSpinBox>

#include "ui/forms/flow_layout.h"
#include "ui/forms/schema_text.h"
#include "ui/models/device_facts.h"
#include "ui/pages/device_box.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

namespace {

enum TextChoice { bundled, none, file };
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
    return w.prompt_tokens == prompt && w.generated_tokens == generated && w.repetitions == repetitions &&
           w.windows == windows;
}

std::vector<WorkloadPreset> workloadPresets() {
    return {{WorkloadCard::tr("Quick"), WorkloadCard::tr("A first look: 5 repetitions, 4 windows of text."),
             64, 32, 5, 4},
            {WorkloadCard::tr("Standard"),
             WorkloadCard::tr("Good for most decisions: 5 repetitions, 20 windows."), 128, 64, 5, 20},
            {WorkloadCard::tr("Thorough"),
             WorkloadCard::tr("Small differences, narrow intervals: 15 repetitions, 60 windows."), 512, 128,
             15, 60}};
}

WorkloadCard::WorkloadCard(Session& session, QWidget* parent)
    : Card({}, parent),
      session_(session),
      presets_(new QButtonGroup(this)),
      lengths_(new QComboBox),
      text_(new QComboBox),
      lengthsSeed_(new QSpinBox),
      trace_(new QCheckBox(tr("Record a trace"))),
      deviceBox_(new QWidget(this)),  // shown before the layout has it, it would be a window
      estimate_(new TextLabel({}, TextStyle::body, Tone::muted)) {
    auto* line = new QHBoxLayout;
    line->setSpacing(spacing::group);
    auto* row = new FlowLayout(14, spacing::inside);
    addPresets(row);
    addDevice(row);
    prompt_ = addNumber(row, tr("Prompt"), tr("Tokens of each prompt."), 1, 131072);
    addLengths(row);
    generated_ = addNumber(row, tr("Generate"), tr("Tokens generated after each prompt."), 1, 131072);
    sequences_ = addNumber(row, tr("Sequences"), tr("Prompts that are run together."), 1, 1024);
    repetitions_ = addNumber(
        row, tr("Repetitions"),
        tr("Timed repetitions after the warm-up. Five or more give an interval worth reading."), 1, 1000);
    addText(row);
    addTrace(row);
    line->addLayout(row, 1);
    line->addWidget(estimate_, 0, Qt::AlignVCenter);
    body()->addLayout(line);
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
    auto* box = new QWidget;
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    auto* caption = new TextLabel(label, TextStyle::body, Tone::muted);
    auto* spin = new QSpinBox;
    spin->setRange(low, high);
    spin->setGroupSeparatorShown(true);
    spin->setKeyboardTracking(false);
    spin->setAccessibleName(label);
    spin->setAccessibleDescription(help);
    spin->setToolTip(wrappedTip(help));
    spin->setMaximumWidth(78);
    caption->setBuddy(spin);
    layout->addWidget(caption);
    layout->addWidget(spin);
    row->addWidget(box);
    connect(spin, &QSpinBox::valueChanged, this, &WorkloadCard::readControls);
    return spin;
}

void WorkloadCard::addLengths(QLayout* row) {
    auto* box = new QWidget;
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    auto* caption = new TextLabel(tr("Lengths"), TextStyle::body, Tone::muted);
    lengths_->addItem(tr("fixed"));
    lengths_->addItem(tr("mixed"));
    lengths_->setAccessibleName(tr("Prompt lengths"));
    lengths_->setToolTip(wrappedTip(
        tr("Fixed: every prompt has as many tokens. Mixed: from an eighth of that to all of it, as real "
           "prompts differ; the seed chooses which. It shows with several sequences.")));
    lengthsSeed_->setRange(0, 999999);
    lengthsSeed_->setKeyboardTracking(false);
    lengthsSeed_->setMaximumWidth(78);
    lengthsSeed_->setAccessibleName(tr("Seed of the prompt lengths"));
    caption->setBuddy(lengths_);
    layout->addWidget(caption);
    layout->addWidget(lengths_);
    layout->addWidget(lengthsSeed_);
    row->addWidget(box);
    connect(lengths_, &QComboBox::activated, this, &WorkloadCard::readControls);
    connect(lengthsSeed_, &QSpinBox::valueChanged, this, &WorkloadCard::readControls);
}

void WorkloadCard::addDevice(QLayout* row) {
    auto* layout = new QHBoxLayout(deviceBox_);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    auto* caption = new TextLabel(tr("Device"), TextStyle::body, Tone::muted);
    auto* device = new DeviceBox(session_);
    caption->setBuddy(device);
    layout->addWidget(caption);
    layout->addWidget(device);
    row->addWidget(deviceBox_);
    const auto follow = [this] { deviceBox_->setVisible(!devicesOf(session_.devices()).empty()); };
    connect(&session_, &Session::devicesChanged, deviceBox_, follow);
    follow();
}

void WorkloadCard::addTrace(QLayout* row) {
    trace_->setToolTip(wrappedTip(
        tr("One more repetition of each side, after those that are timed, records every operation: layer, "
           "duration, bytes and FLOPs. The timeline shows it.")));
    trace_->setAccessibleName(trace_->text());
    trace_->setAccessibleDescription(trace_->toolTip());
    trace_->setMinimumHeight(spacing::controlHeight);
    row->addWidget(trace_);
    connect(trace_, &QCheckBox::toggled, &session_, &Session::setTracing);
    connect(&session_, &Session::tracingChanged, this, [this] { trace_->setChecked(session_.tracing()); });
    trace_->setChecked(session_.tracing());
}

void WorkloadCard::addText(QLayout* row) {
    auto* box = new QWidget;
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    auto* caption = new TextLabel(tr("Text"), TextStyle::body, Tone::muted);
    text_->addItem(tr("bundled"));
    text_->addItem(tr("none"));
    text_->addItem(tr("files…"));
    text_->setAccessibleName(tr("Accuracy text"));
    text_->setToolTip(
        wrappedTip(tr("The text on which perplexity, KL divergence and agreement are measured. Without one "
                      "only speed and memory are.")));
    caption->setBuddy(text_);
    layout->addWidget(caption);
    layout->addWidget(text_);
    row->addWidget(box);
    connect(text_, &QComboBox::activated, this, &WorkloadCard::chooseText);
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
    const bool own = w.text != "bundled" && w.text != "none";
    const QString path = QString::fromStdString(w.text);
    QString name = QFileInfo(path).fileName();
    QStringList paths{path};
    for (const std::string& more : w.more_texts) paths.append(QString::fromStdString(more));
    if (paths.size() > 1) name = tr("%1 and %2 more").arg(name).arg(paths.size() - 1);
    text_->setItemText(file, own ? name : tr("files…"));
    text_->setItemData(file, own ? paths.join(QLatin1Char('\n')) : QString(), Qt::ToolTipRole);
    text_->setCurrentIndex(own ? file : w.text == "none" ? none : bundled);
}

void WorkloadCard::readControls() {
    Workload workload = session_.workload();
    workload.prompt_tokens = prompt_->value();
    workload.generated_tokens = generated_->value();
    workload.concurrency = sequences_->value();
    workload.repetitions = repetitions_->value();
    workload.prompt_lengths = lengths_->currentIndex() == mixed
                                  ? (mixedPrefix + QString::number(lengthsSeed_->value())).toStdString()
                                  : "fixed";
    session_.setWorkload(workload);
}

void WorkloadCard::chooseText(int index) {
    Workload workload = session_.workload();
    if (index == file) {
        const QStringList paths = QFileDialog::getOpenFileNames(
            this, tr("Texts to measure accuracy on"), {}, tr("Texts (*.txt *.md *.raw);;All files (*)"));
        if (paths.isEmpty()) return showWorkload();
        workload.text = paths.front().toStdString();
        workload.more_texts.clear();
        for (const QString& path : paths.mid(1)) workload.more_texts.push_back(path.toStdString());
    } else {
        workload.text = index == none ? "none" : "bundled";
        workload.more_texts.clear();
    }
    session_.setWorkload(workload);
    showWorkload();
}

void WorkloadCard::setEstimate(const QString& text) {
    estimate_->setText(text);
}

}  // namespace hone::ui
