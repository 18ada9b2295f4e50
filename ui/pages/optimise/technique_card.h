// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "engine/experiment/protocol/sweep.h"
#include "engine/techniques/schema/schema.h"
#include "ui/widgets/card.h"
#include "ui/widgets/switch.h"

namespace hone::ui {

class OptionForm;

// One technique: its switch, what it does, its options while it is on, and why it cannot be
// switched on where it cannot.
class TechniqueCard : public Card {
    Q_OBJECT
public:
    explicit TechniqueCard(const Descriptor& descriptor, QWidget* parent = nullptr);

    const Descriptor& descriptor() const { return descriptor_; }
    void setOptions(const std::optional<nlohmann::json>& options);  // nothing: it is off
    nlohmann::json options() const;
    void setSwept(
        const std::vector<SweptOption>& swept);  // shows the lists of this technique's options
    void setUnsupported(const QString& reason);  // empty: it is supported
    void setBlocked(const QString& reason);  // by another technique that is on; empty: it is not
    Switch* toggle() const { return switch_; }
    OptionForm* form() const { return form_; }

signals:
    void toggled(bool on);
    void optionsChanged();
    void listChanged(const QString& key, const QString& list);

private:
    void updateState();
    const Descriptor& descriptor_;
    Switch* switch_;
    TextLabel* title_;
    TextLabel* summary_;
    TextLabel* reason_;
    QWidget* options_;
    OptionForm* form_;
    QString unsupported_, blocked_;
};

}  // namespace hone::ui
