// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include <QApplication>
#include <QFontDatabase>
#include <QToolTip>

#include "ui/theme/icon_engine.h"
#include "ui/theme/palettes.h"
#include "ui/theme/style.h"
#include "ui/theme/system_scheme.h"
#include "ui/theme/undo_guard.h"
#include "ui/theme/wheel_guard.h"

// The icons live in a static library, whose initialisers the linker may drop.
static void initialiseIcons() {
    Q_INIT_RESOURCE(icons);
}

namespace hone::ui {

namespace {

QString firstInstalled(const QStringList& families, QFontDatabase::SystemFont fallback) {
    const QStringList installed = QFontDatabase::families();
    for (const QString& family : families)
        if (installed.contains(family)) return family;
    return QFontDatabase::systemFont(fallback).family();
}

struct Faces {
    QString text = firstInstalled({QStringLiteral("Inter")}, QFontDatabase::GeneralFont);
    QString tabular = firstInstalled({QStringLiteral("Noto Sans"), QStringLiteral("DejaVu Sans")},
                                     QFontDatabase::GeneralFont);
    QString mono =
        firstInstalled({QStringLiteral("JetBrains Mono"), QStringLiteral("Noto Sans Mono"),
                        QStringLiteral("DejaVu Sans Mono")},
                       QFontDatabase::FixedFont);
};

QFont makeFont(const QString& family, int pixels, QFont::Weight weight = QFont::Normal) {
    QFont font(family);
    font.setPixelSize(pixels);
    font.setWeight(weight);
#if QT_VERSION >= QT_VERSION_CHECK(6, 7, 0)
    // Inter's contextual alternates make a multiplication of 0x0. Older versions of Qt cannot
    // switch them off: what an engine found is shown in the fixed face.
    font.setFeature(QFont::Tag("calt"), 0);
#endif
    return font;
}

}  // namespace

struct Theme::Impl {
    explicit Impl(Theme* theme) : system(theme) {}

    SystemScheme system;
    Scheme scheme = Scheme::system;
    bool dark = false;
    bool styled = false;
    Faces faces;
};

Theme& Theme::instance() {
    // Never destroyed: widgets that outlive main()'s scope may still ask for a colour.
    static Theme* const theme = new Theme;
    return *theme;
}

Theme::Theme() : impl_(new Impl(this)) {
    initialiseIcons();
    connect(&impl_->system, &SystemScheme::changed, this, [this] {
        if (impl_->scheme == Scheme::system) apply(Scheme::system);
    });
}

void Theme::apply(Scheme scheme) {
    impl_->scheme = scheme;
    impl_->dark = scheme == Scheme::dark || (scheme == Scheme::system && impl_->system.dark());
    if (!impl_->styled) {
        QApplication::setStyle(new Style);
        QApplication::setFont(font(TextStyle::body));
        new WheelGuard(qApp);
        new UndoGuard(qApp);
        impl_->styled = true;
    }
    const QPalette palette = toQPalette(this->palette());
    QApplication::setPalette(palette);
    QToolTip::setPalette(palette);
    emit changed();
}

Scheme Theme::scheme() const {
    return impl_->scheme;
}

bool Theme::dark() const {
    return impl_->dark;
}

const Palette& Theme::palette() const {
    return impl_->dark ? darkPalette() : lightPalette();
}

QFont Theme::font(TextStyle style) const {
    const Faces& faces = impl_->faces;
    switch (style) {
        case TextStyle::body:
            return makeFont(faces.text, 13);
        case TextStyle::strong:
            return makeFont(faces.text, 13, QFont::DemiBold);
        case TextStyle::caption:
            return makeFont(faces.text, 11);
        case TextStyle::pageTitle:
            return makeFont(faces.text, 20, QFont::DemiBold);
        case TextStyle::cardTitle:
            return makeFont(faces.text, 13, QFont::DemiBold);
        case TextStyle::figure:
            return makeFont(faces.text, 28, QFont::DemiBold);
        case TextStyle::mono:
            return makeFont(faces.mono, 12);
        case TextStyle::tabular:
            return makeFont(faces.tabular, 13);
    }
    return makeFont(faces.text, 13);
}

QIcon Theme::icon(const QString& name) const {
    return QIcon(new TintedIconEngine(name));
}

QPixmap Theme::pixmap(const QString& name, int size, const QColor& color, qreal pixelRatio) const {
    QPixmap result = tintedPixmap(name, QSize(size, size) * pixelRatio, color);
    result.setDevicePixelRatio(pixelRatio);
    return result;
}

bool keyboardFocus(const QWidget* widget) {
    return widget->hasFocus() && widget->window()->testAttribute(Qt::WA_KeyboardFocusChange);
}

QColor Theme::memoryColor(const QString& memoryClass) const {
    const Palette& p = palette();
    if (memoryClass == QLatin1String("weights")) return p.weights;
    if (memoryClass == QLatin1String("kv_cache")) return p.kvCache;
    if (memoryClass == QLatin1String("activations")) return p.activations;
    if (memoryClass == QLatin1String("workspace")) return p.workspace;
    if (memoryClass == QLatin1String("runtime")) return p.runtime;
    return p.unaccounted;
}

}  // namespace hone::ui
