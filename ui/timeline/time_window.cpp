// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/time_window.h"

#include <QLocale>
#include <algorithm>
#include <cmath>

namespace hone::ui {

TimeWindow::TimeWindow(double whole) : whole_(std::max(whole, shortest)), end_(whole_) {}

void TimeWindow::set(double begin, double end) {
    const double length = std::clamp(end - begin, shortest, whole_);
    // Grown about its middle, then pushed back inside.
    begin = std::clamp((begin + end - length) / 2, 0.0, whole_ - length);
    begin_ = begin;
    end_ = begin + length;
}

void TimeWindow::zoom(double time, double factor) {
    const double length = std::clamp(this->length() * factor, shortest, whole_);
    const double share = (time - begin_) / this->length();
    const double begin = time - share * length;
    set(begin, begin + length);
}

void TimeWindow::pan(double by) {
    set(begin_ + by, end_ + by);
}

void TimeWindow::frame(double begin, double end) {
    const double room = (end - begin) / 4;
    set(begin - room, end + room);
}

namespace {

struct Unit {
    double ns;
    const char* name;
};
constexpr Unit units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};

// 1, 2 or 5 times a power of ten, at least `least`.
double roundStep(double least) {
    const double decade = std::pow(10.0, std::floor(std::log10(least)));
    for (const double digit : {1.0, 2.0, 5.0})
        if (digit * decade >= least * (1 - 1e-9)) return digit * decade;
    return 10 * decade;
}

}  // namespace

std::vector<TimeTick> timeTicks(double begin, double end, double apart) {
    std::vector<TimeTick> ticks;
    if (!(apart > 0) || end < begin) return ticks;
    const double step = std::max(1.0, roundStep(apart));
    const Unit* unit = std::find_if(std::begin(units), std::end(units) - 1,
                                    [end](const Unit& candidate) { return end >= candidate.ns; });
    const int decimals =
        std::max(0, static_cast<int>(std::ceil(-std::log10(step / unit->ns) - 1e-9)));
    const QLocale locale;
    for (double i = std::ceil(begin / step - 1e-9); i * step <= end; ++i)
        ticks.push_back({i * step, i == 0 ? QStringLiteral("0")
                                          : locale.toString(i * step / unit->ns, 'f', decimals) +
                                                QChar(0x00A0) + QString::fromUtf8(unit->name)});
    return ticks;
}

}  // namespace hone::ui
