// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QString>

namespace hone::ui {

// What a mark stands for. It is resolved against the palette whenever the chart is drawn, so a
// change of scheme needs no new data.
class ChartColor {
public:
    static ChartColor baseline() { return {Kind::baseline, 0, {}}; }
    static ChartColor candidate() { return {Kind::candidate, 0, {}}; }
    static ChartColor further(int index) {
        return {Kind::further, index, {}};
    }  // Okabe–Ito, in order
    static ChartColor memory(const QString& memoryClass) { return {Kind::memory, 0, memoryClass}; }
    static ChartColor muted() { return {Kind::muted, 0, {}}; }

    QColor resolve() const;
    bool operator==(const ChartColor&) const = default;

private:
    enum class Kind { baseline, candidate, further, memory, muted };
    ChartColor(Kind kind, int index, QString memoryClass)
        : kind_(kind), index_(index), memoryClass_(std::move(memoryClass)) {}
    Kind kind_;
    int index_;
    QString memoryClass_;
};

}  // namespace hone::ui
