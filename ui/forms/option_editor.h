// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <nlohmann/json.hpp>

#include "engine/techniques/schema/schema.h"

class QLabel;

namespace hone::ui {

// The control of one option: a check box, a spin box with its unit, or a combo box, with its label before it.
class OptionEditor : public QWidget {
    Q_OBJECT
public:
    static OptionEditor* make(const Option& option, QWidget* parent);

    const Option& option() const { return option_; }
    QWidget* control() const { return control_; }
    // What was set, exactly, until the user changes the control: a box that shows two decimals loses none of it.
    const nlohmann::json& value() const { return value_; }
    void setValue(const nlohmann::json& value);  // must fit the option; emits nothing

signals:
    void changed();

protected:
    OptionEditor(const Option& option, QWidget* parent);
    void setControl(QWidget* control, bool labelled);
    void userSet(nlohmann::json value);
    virtual void show(const nlohmann::json& value) = 0;

private:
    const Option& option_;
    QWidget* control_ = nullptr;
    nlohmann::json value_;
};

}  // namespace hone::ui
