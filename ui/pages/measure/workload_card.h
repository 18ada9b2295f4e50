// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/session.h"
#include "ui/widgets/card.h"

class QButtonGroup;
class QCheckBox;
class QComboBox;
class QSpinBox;

namespace hone::ui {

struct WorkloadPreset {
    QString name, tooltip;
    std::int64_t prompt = 128, generated = 64;
    int repetitions = 5;
    std::int64_t windows = 20;

    void applyTo(Workload& workload) const;
    bool fits(const Workload& workload) const;
};
std::vector<WorkloadPreset> workloadPresets();

// The workload on one line, with presets.
class WorkloadCard : public Card {
    Q_OBJECT
public:
    explicit WorkloadCard(Session& session, QWidget* parent = nullptr);
    void setEstimate(const QString& text);

private:
    QSpinBox* addNumber(QLayout* row, const QString& label, const QString& help, int low, int high);
    void addPresets(QLayout* row);
    void addLengths(QLayout* row);
    void addTrace(QLayout* row);
    void addDevice(QLayout* row);
    void showWorkload();
    void readControls();
    Session& session_;
    QButtonGroup* presets_;
    QSpinBox *prompt_, *generated_, *sequences_, *repetitions_;
    QComboBox* lengths_;
    QSpinBox* lengthsSeed_;
    QCheckBox* trace_;
    TextLabel* estimate_;
};

}  // namespace hone::ui
