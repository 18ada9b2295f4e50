// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>
#include <QPixmap>
#include <QString>

class QWidget;

namespace hone::ui {

// Every colour, spacing and font size of the window. Nothing else names one.
struct Palette {
    QColor window, surface, sunken, border, text, mutedText, accent, accentSoft, onAccent;
    QColor hover, pressed, strongBorder, warning, switchOff;                // controls
    QColor better, worse, neutral;                                          // verdicts
    QColor baseline, candidate;                                             // slate, accent blue
    QColor series[8];                                                       // Okabe–Ito, in order
    QColor weights, kvCache, activations, workspace, runtime, unaccounted;  // memory classes
    QColor operations[15];          // of a trace, in profiler::Operation's order
    QColor prefill, decode, layer;  // bands of a trace: its phases, and the layers beneath
    QColor grid;
};

enum class Scheme { system, light, dark };
// `tabular` has digits of equal width: for figures in columns.
enum class TextStyle { body, strong, caption, pageTitle, cardTitle, figure, mono, tabular };

namespace spacing {
inline constexpr int unit = 8, inside = 8, group = 16, page = 24, radius = 6, controlHeight = 28;
inline constexpr int rowHeight = 31, headerHeight = 29, iconSize = 16, railIconSize = 20;
}  // namespace spacing

class Theme : public QObject {
    Q_OBJECT
public:
    static Theme& instance();
    void apply(Scheme scheme);  // style, palette and font of the application
    Scheme scheme() const;
    bool dark() const;
    const Palette& palette() const;
    QFont font(TextStyle style) const;
    QIcon icon(const QString& name) const;  // resources/icons/NAME.svg tinted by the palette
    QPixmap pixmap(const QString& name, int size, const QColor& color, qreal pixelRatio = 1) const;
    QColor memoryColor(const QString& memoryClass) const;

signals:
    void changed();

private:
    Theme();
    struct Impl;
    Impl* impl_;
};

// Whether a focused widget that paints itself shows its ring: once the keyboard moved the focus in
// its window.
bool keyboardFocus(const QWidget* widget);

// "155", "1.84 GB", "0.0033": three significant digits; the unit apart by a space where given.
QString formatNumber(double value, const QString& unit = {});
QString formatCount(double count);  // "135 M", "8.03 B": parameters, tokens
// "1 run", "2 runs", "1,204 runs": %1 stands for the number. There is no file of translations that
// Qt's own %n would need.
QString counted(qint64 n, const QString& one, const QString& many);
QString formatExact(double value, const QString& unit = {});  // every digit: tooltips
QString formatBytes(double bytes);      // "271 MB" (decimal, as file sizes are shown)
QString formatSeconds(double seconds);  // "113 ms", "1.84 s"
QString formatMetric(const QString& metricId, double value);  // by the metric's unit

}  // namespace hone::ui
