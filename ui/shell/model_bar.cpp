// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/model_bar.h"

#include <QActionGroup>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>

#include "ui/models/device_facts.h"
#include "ui/models/model_facts.h"
#include "ui/models/run_identity.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/elided_label.h"

namespace hone::ui {

ModelBar::ModelBar(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      name_(new ElidedLabel({}, TextStyle::strong)),
      architecture_(new Chip),
      type_(new Chip),
      size_(new Chip),
      problem_(new Chip(tr("not supported"), Tone::warning)),
      target_(new Chip),
      baseline_(new Chip) {
    setFixedHeight(44);
    QFont font = name_->font();
    font.setPixelSize(font.pixelSize() + 1);
    name_->setFont(font);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(spacing::page, 0, spacing::page, 1);
    layout->setSpacing(spacing::inside);
    layout->addWidget(name_);
    layout->addSpacing(4);
    for (Chip* chip : {architecture_, type_, size_, problem_}) layout->addWidget(chip);
    layout->addStretch(1);
    layout->addWidget(target_);
    layout->addWidget(baseline_);
    target_->setClickable(true);
    target_->setMenuArrow(true);
    baseline_->setClickable(true);
    connect(target_, &Chip::clicked, this, &ModelBar::chooseTarget);
    connect(baseline_, &Chip::clicked, this,
            [this] { session_.requestPage(QStringLiteral("compare")); });
    connect(&session_, &Session::modelChanged, this, &ModelBar::showModel);
    connect(&session_, &Session::modelChanged, this, &ModelBar::showBaseline);
    connect(&session_, &Session::openFailed, this, &ModelBar::showModel);
    connect(&session_, &Session::openStarted, this, [this](const QString& checkpoint) {
        name_->setText(tr("Opening %1…").arg(plainLine(QFileInfo(checkpoint).fileName())));
    });
    connect(&session_, &Session::environmentChanged, this, &ModelBar::showTarget);
    connect(&session_, &Session::devicesChanged, this, &ModelBar::showTarget);
    connect(&session_, &Session::targetChanged, this, &ModelBar::showTarget);
    connect(&session_, &Session::pinnedBaselineChanged, this, &ModelBar::showBaseline);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    showModel();
    showTarget();
    showBaseline();
}

void ModelBar::showModel() {
    const ModelFacts facts(session_.model());
    name_->setText(facts.open ? facts.name : tr("No model is open"));
    name_->setTone(facts.open ? Tone::text : Tone::muted);
    name_->setToolTip(plainTip(facts.open ? session_.checkpoint() : QString()));
    architecture_->setText(facts.architecture);
    type_->setText(facts.mainType);
    size_->setText(formatBytes(facts.bytes));
    size_->setToolTip(formatExact(facts.bytes, tr("bytes of weights")));
    for (Chip* chip : {architecture_, type_, size_}) {
        chip->setVisible(facts.open);
        chip->setAccessibleName(chip->text());
        chip->updateGeometry();
    }
    problem_->setVisible(facts.open && !facts.supported);
    problem_->setToolTip(plainTip(facts.unsupportedReason));
}

void ModelBar::showTarget() {
    const QString text = targetText(session_.target(), session_.environment(), session_.devices());
    target_->setText(text);
    target_->setAccessibleName(tr("Target: %1").arg(text));
    target_->setToolTip(
        tr("Where experiments run. Click to choose the device and the number of threads."));
    target_->updateGeometry();
}

void ModelBar::showBaseline() {
    const std::optional<std::int64_t> run = session_.pinnedBaseline();
    baseline_->setText(run ? tr("baseline: run %1").arg(*run) : tr("no baseline pinned"));
    const QString other = run ? otherModelOf(*run) : QString();
    baseline_->setTone(run && other.isEmpty() ? Tone::accent : Tone::muted);
    baseline_->setAccessibleName(baseline_->text());
    baseline_->setToolTip(!run ? tr("Pin a run in Compare to compare others with it.")
                          : other.isEmpty()
                              ? tr("Runs are compared with this one. Click for Compare.")
                              : plainTip(tr("Run %1 was measured on %2, and not on the open model.")
                                             .arg(QString::number(*run), other)));
    baseline_->updateGeometry();
}

// What the run was measured on, where that is not the open model.
QString ModelBar::otherModelOf(std::int64_t run) const {
    try {
        const auto record = session_.store().load(run);
        if (session_.checkpoint().isEmpty() || !record ||
            record->what.model_source == session_.checkpoint().toStdString())
            return {};
        return modelFile(*record);
    } catch (const std::exception&) {
        return {};  // a store that cannot be read is told by who shows its runs
    }
}

void ModelBar::chooseTarget() {
    QMenu menu(this);
    addDevices(menu);
    addThreads(menu);
    menu.exec(target_->mapToGlobal(QPoint(0, target_->height() + 4)));
}

// One of a group of choices: what it makes of the target, and whether that is the target now.
void ModelBar::addChoice(QMenu& menu, QActionGroup* group, const QString& text,
                         const Target& target, bool chosen) {
    QAction* action = menu.addAction(plainEntry(text));
    action->setCheckable(true);
    action->setChecked(chosen);
    group->addAction(action);
    connect(action, &QAction::triggered, this, [this, target] { session_.setTarget(target); });
}

void ModelBar::addDevices(QMenu& menu) {
    const std::vector<DeviceFacts> devices = devicesOf(session_.devices());
    if (devices.empty()) return;
    auto* group = new QActionGroup(&menu);
    const auto add = [&](const QString& text, const std::string& id) {
        Target target = session_.target();
        target.device = id;
        addChoice(menu, group, text, target, session_.target().device == id);
    };
    add(tr("CPU"), "cpu");
    for (const DeviceFacts& device : devices)
        add(tr("%1 · %2").arg(device.id, device.name), device.id.toStdString());
    menu.addSeparator();
}

void ModelBar::addThreads(QMenu& menu) {
    auto* group = new QActionGroup(&menu);
    const int logical =
        session_.environment().is_object() ? session_.environment().value("logical_cores", 0) : 0;
    const auto add = [&](const QString& text, int threads) {
        Target target = session_.target();
        target.threads = threads;
        addChoice(menu, group, text, target, session_.target().threads == threads);
    };
    add(tr("As many threads as physical cores"), 0);
    menu.addSeparator();
    for (int threads = 1; threads <= logical; threads = threads < 8 ? threads + 1 : threads + 8)
        add(counted(threads, tr("%1 thread"), tr("%1 threads")), threads);
}

void ModelBar::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.fillRect(rect(), p.surface);
    painter.fillRect(QRect(0, height() - 1, width(), 1), p.border);
}

}  // namespace hone::ui
