// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <nlohmann/json.hpp>

#include "engine/techniques/schema/schema.h"

class QLineEdit;
class QToolButton;

namespace hone::ui {

// The control of one option: a check box, a spin box with its unit, or a combo box, with its label
// before it. In its place there may be a list of values to try one after the other, as the command
// line has it: "q8_0,q4_0".
class OptionEditor : public QWidget {
    Q_OBJECT
public:
    static OptionEditor* make(const Option& option, QWidget* parent);

    const Option& option() const { return option_; }
    QWidget* control() const { return control_; }
    // What was set, exactly, until the user changes the control: a box that shows two decimals
    // loses none of it.
    const nlohmann::json& value() const { return value_; }
    void setValue(const nlohmann::json& value);  // must fit the option; emits nothing
    bool takesList() const;                      // whether there is more than one value
    QString list() const;                        // empty: the one value
    void setList(const QString& values);         // emits nothing
    // Shows a list to begin with and says so: all choices, or the number that is set and its
    // neighbour.
    void beginList();

signals:
    void changed();
    void listChanged();  // by the user; its text is not checked

protected:
    OptionEditor(const Option& option, QWidget* parent);
    void setControl(QWidget* control, bool labelled);
    void userSet(nlohmann::json value);
    virtual void show(const nlohmann::json& value) = 0;

private:
    const Option& option_;
    void makeList();
    QWidget* control_ = nullptr;
    QLineEdit* list_ = nullptr;  // made when it is first needed
    QToolButton* single_ = nullptr;
    nlohmann::json value_;
};

}  // namespace hone::ui
