// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>
#include <QWidget>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/techniques/schema/schema.h"

class QMenu;

namespace hone::ui {

class OptionEditor;

// The controls of a technique's options, made from its descriptor, which must outlive the form. An
// option that applies only with another one's value is hidden otherwise and keeps its value.
class OptionForm : public QWidget {
    Q_OBJECT
public:
    explicit OptionForm(const Descriptor& descriptor, QWidget* parent = nullptr);

    const Descriptor& descriptor() const { return descriptor_; }
    nlohmann::json value() const;  // {key: value} of every option
    // Options left out take their defaults. Throws Error as complete_options() and then changes
    // nothing. Emits nothing.
    void setValue(const nlohmann::json& options);
    OptionEditor* editor(std::string_view key) const;  // null where unknown
    // The options that a list of values can be tried of: those that are shown.
    void fillListMenu(QMenu& menu) const;

signals:
    void changed();  // by the user
    void listChanged(const QString& key,
                     const QString& list);  // by the user; empty: one value again

private:
    void updateVisibility();
    const Descriptor& descriptor_;
    std::vector<OptionEditor*> editors_;
    QToolButton* several_;
};

}  // namespace hone::ui
