// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/text_label.h"

namespace hone::ui {

// One line that is cut with an ellipsis where it does not fit; the whole text is then its tooltip.
class ElidedLabel : public TextLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(const QString& text = {}, TextStyle style = TextStyle::body,
                         Tone tone = Tone::text, QWidget* parent = nullptr);
    void setElideMode(Qt::TextElideMode mode);
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    bool elided() const;
    Qt::TextElideMode mode_ = Qt::ElideRight;
};

}  // namespace hone::ui
