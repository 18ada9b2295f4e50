// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_color.h"

#include <iterator>

#include "ui/theme/theme.h"

namespace hone::ui {

QColor ChartColor::resolve() const {
    const Theme& theme = Theme::instance();
    const Palette& palette = theme.palette();
    switch (kind_) {
        case Kind::baseline:
            return palette.baseline;
        case Kind::candidate:
            return palette.candidate;
        case Kind::further:
            return palette.series[index_ % static_cast<int>(std::size(palette.series))];
        case Kind::memory:
            return theme.memoryColor(memoryClass_);
        case Kind::muted:
            return palette.neutral;
    }
    return palette.neutral;
}

}  // namespace hone::ui
