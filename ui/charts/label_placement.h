// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>
#include <QSizeF>
#include <optional>
#include <vector>

namespace hone::ui {

// Where to put a label of each size beside its point so that labels overlap neither each other nor
// any point, and stay inside `area`; where there is a choice also off what is in `avoided` (the
// bars of intervals). Nothing where no place around the point is free: the label is then left to
// the hover text.
std::vector<std::optional<QPointF>> placeBesidePoints(const std::vector<QPointF>& points,
                                                      const std::vector<QSizeF>& sizes,
                                                      const QRectF& area, double pointRadius,
                                                      const std::vector<QRectF>& avoided = {});

}  // namespace hone::ui
