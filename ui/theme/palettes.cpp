// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/palettes.h"

namespace hone::ui {

namespace {

// Okabe and Ito, "Color Universal Design" (2008), in their order; the last is grey, because black
// is lost on dark.
void setSeries(Palette& p) {
    const char* const okabeIto[] = {"#e69f00", "#56b4e9", "#009e73", "#f0e442",
                                    "#0072b2", "#d55e00", "#cc79a7", "#999999"};
    for (int i = 0; i < 8; ++i) p.series[i] = QColor(okabeIto[i]);
}

// embed, norm, linear, rope, remember, attention, gate, add, logits, sample, copy, fill, call,
// overhead, unattributed: what takes most time has the calmest hues, and neighbours in a layer
// differ in lightness, too.
void setOperations(Palette& p, const char* linear, const char* gate) {
    const char* const hues[] = {"#d55e00", "#8b97a5", linear,    "#56b4e9", "#c9b21a",
                                "#e69f00", gate,      "#5d6b7a", "#cc79a7", "#8a63d2",
                                "#b07d2b", "#7fb3b0", "#93a4c4", "#b8bfc7", "#e05a7a"};
    for (int i = 0; i < 15; ++i) p.operations[i] = QColor(hues[i]);
}

Palette makeLight() {
    Palette p;
    p.window = "#f5f6f8";
    p.surface = "#ffffff";
    p.sunken = "#eceff2";
    p.border = "#dde1e6";
    p.strongBorder = "#838b96";
    p.text = "#18202b";
    p.mutedText = "#5f6975";
    p.accent = "#2b6bdd";
    p.accentSoft = "#e2ecfc";
    p.onAccent = "#ffffff";
    p.hover = "#f0f2f5";
    p.pressed = "#e4e8ed";
    p.switchOff = "#838b96";
    p.warning = "#8a5a00";
    p.better = "#18794a";
    p.worse = "#bd2f2a";
    p.neutral = "#6b7480";
    p.baseline = "#74808d";
    p.candidate = p.accent;
    p.weights = "#2f6fe0";
    p.kvCache = "#e69f00";
    p.activations = "#009e73";
    p.workspace = "#cc79a7";
    p.runtime = "#8b97a5";
    p.unaccounted = "#c3c9d1";
    p.grid = "#e9ecef";
    p.prefill = "#f6e2bd";
    p.decode = "#d3e2fb";
    p.layer = "#dde2e8";
    setOperations(p, "#3f7be3", "#009e73");
    setSeries(p);
    return p;
}

Palette makeDark() {
    Palette p;
    p.window = "#15191d";
    p.surface = "#1c2127";
    p.sunken = "#101316";
    p.border = "#2d343c";
    p.strongBorder = "#6a7683";
    p.text = "#e6eaef";
    p.mutedText = "#9aa4af";
    p.accent = "#5e9dfa";
    p.accentSoft = "#22324b";
    p.onAccent = "#0c1420";
    p.hover = "#252b32";
    p.pressed = "#2d343c";
    p.switchOff = "#6a7683";
    p.warning = "#e0a84a";
    p.better = "#4cc38a";
    p.worse = "#f2706a";
    p.neutral = "#949da8";
    p.baseline = "#93a0ae";
    p.candidate = p.accent;
    p.weights = "#4a86ec";
    p.kvCache = "#e69f00";
    p.activations = "#12b183";
    p.workspace = "#d68bb4";
    p.runtime = "#8b97a5";
    p.unaccounted = "#59646f";
    p.grid = "#272d34";
    p.prefill = "#57431c";
    p.decode = "#24395a";
    p.layer = "#323a43";
    setOperations(p, "#3a74d8", "#12a57b");
    setSeries(p);
    return p;
}

QColor mixed(const QColor& a, const QColor& b, double share) {
    const auto blend = [share](int x, int y) { return static_cast<int>(x + (y - x) * share); };
    return QColor(blend(a.red(), b.red()), blend(a.green(), b.green()), blend(a.blue(), b.blue()));
}

}  // namespace

const Palette& lightPalette() {
    static const Palette palette = makeLight();
    return palette;
}

const Palette& darkPalette() {
    static const Palette palette = makeDark();
    return palette;
}

QPalette toQPalette(const Palette& p) {
    QPalette q;
    q.setColor(QPalette::Window, p.window);
    q.setColor(QPalette::WindowText, p.text);
    q.setColor(QPalette::Base, p.surface);
    q.setColor(QPalette::AlternateBase, p.hover);
    q.setColor(QPalette::Text, p.text);
    q.setColor(QPalette::PlaceholderText, p.mutedText);
    q.setColor(QPalette::Button, p.surface);
    q.setColor(QPalette::ButtonText, p.text);
    q.setColor(QPalette::BrightText, p.onAccent);
    q.setColor(QPalette::Light, p.surface);
    q.setColor(QPalette::Midlight, p.hover);
    q.setColor(QPalette::Mid, p.border);
    q.setColor(QPalette::Dark, p.strongBorder);
    q.setColor(QPalette::Shadow, p.strongBorder);
    q.setColor(QPalette::Highlight, p.accentSoft);
    q.setColor(QPalette::HighlightedText, p.text);
    q.setColor(QPalette::Link, p.accent);
    q.setColor(QPalette::LinkVisited, p.accent);
    q.setColor(QPalette::ToolTipBase, p.surface);
    q.setColor(QPalette::ToolTipText, p.text);
    const QColor faded = mixed(p.mutedText, p.window, 0.4);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        q.setColor(QPalette::Disabled, role, faded);
    return q;
}

}  // namespace hone::ui
