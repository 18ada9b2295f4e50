// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/widgets/text_label.h"

class QGridLayout;

namespace hone::ui {

// Rows of a name and its value, the values flush right, a hairline between rows.
class FactList : public QWidget {
    Q_OBJECT
public:
    struct Fact {
        QString name, value;
        QString tooltip = {};
        Tone tone = Tone::text;
    };

    explicit FactList(QWidget* parent = nullptr);
    void setFacts(const std::vector<Fact>& facts);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Row {
        TextLabel* name;
        TextLabel* value;
    };
    void addRow();
    QGridLayout* layout_;
    std::vector<Row> rows_;
    std::size_t shown_ = 0;
};

}  // namespace hone::ui
