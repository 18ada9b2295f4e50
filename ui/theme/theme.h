// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>
#include <QString>

namespace hone::ui {

// Every colour, spacing and font size of the window. Nothing else names one.
struct Palette {
    QColor window, surface, sunken, border, text, mutedText, accent, accentSoft, onAccent;
    QColor better, worse, neutral;                                          // verdicts
    QColor baseline, candidate;                                             // slate, accent blue
    QColor series[8];                                                       // Okabe–Ito, in order
    QColor weights, kvCache, activations, workspace, runtime, unaccounted;  // memory classes
    QColor grid;
};

enum class Scheme { system, light, dark };
enum class TextStyle { body, strong, caption, pageTitle, cardTitle, figure, mono };

namespace spacing {
inline constexpr int unit = 8, inside = 8, group = 16, page = 24, radius = 6, controlHeight = 28;
}

class Theme : public QObject {
    Q_OBJECT
public:
    static Theme& instance();
    void apply(Scheme scheme);  // style, palette and style sheet of the application
    Scheme scheme() const;
    bool dark() const;
    const Palette& palette() const;
    QFont font(TextStyle style) const;
    QIcon icon(const QString& name) const;  // resources/icons/NAME.svg tinted by the palette
    QColor memoryColor(const QString& memoryClass) const;

signals:
    void changed();

private:
    Theme();
    struct Impl;
    Impl* impl_;
};

// "155", "1.84 GiB", "0.0033": three significant digits; the unit apart by a space where given.
QString formatNumber(double value, const QString& unit = {});
QString formatBytes(double bytes);                            // "271 MB" (decimal, as file sizes are shown)
QString formatSeconds(double seconds);                        // "113 ms", "1.84 s"
QString formatMetric(const QString& metricId, double value);  // by the metric's unit

}  // namespace hone::ui
