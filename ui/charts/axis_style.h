// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QCPAxis;
class QCustomPlot;

namespace hone::ui {

// The look of one axis: light grid, no frame, muted labels that read as people write numbers.
void styleAxis(QCPAxis* axis, bool grid);
// Labels at whole numbers only, for an axis of counts.
void setCounts(QCPAxis* axis);
// Names in place of numbers at 0, 1, 2 … of an axis of categories.
void setCategories(QCPAxis* axis, const QStringList& names);
// Decades, with the usual look. A value of nothing has no place on such an axis: where `zeroAt` is
// given, it is drawn there, and the label says 0.
void setLogarithmic(QCPAxis* axis, double zeroAt = 0);
// A caption at the top left of the plot in place of a label turned by 90 degrees.
void setTopCaption(QCustomPlot& plot, const QString& text);
// Enlarges [low, high] by a share of its width on each side; a range without width becomes one
// around its value.
void padRange(double& low, double& high, double share);

}  // namespace hone::ui
