// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QDir>
#include <QLocale>
#include <QSignalSpy>
#include <QTest>
#include <QTextDocument>
#include <cmath>

#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

using namespace hone::ui;

namespace {

// Contrast of two colours as WCAG 2 defines it.
double luminance(const QColor& color) {
    const auto linear = [](double c) {
        return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
           0.0722 * linear(color.blueF());
}

double contrast(const QColor& a, const QColor& b) {
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

QString plain(QString figure) {
    return figure.replace(QChar(0x00A0), QLatin1Char(' '));
}

}  // namespace

class TestTheme : public QObject {
    Q_OBJECT
private slots:
    // Qt takes "<b>x</b>" in a tooltip for markup; nothing that a file says is.
    void textsOfOthersAreShownAsTheyAre() {
        QCOMPARE(plainTip(QString()), QString());
        const QString tip = plainTip(QStringLiteral("<b>x</b>\n  <qt>\x1b[31m & \u202E"));
        QCOMPARE(tip,
                 QStringLiteral(
                     "<qt>&lt;b&gt;x&lt;/b&gt;<br>&nbsp; &lt;qt&gt;\\x1B[31m &amp; \\u202E</qt>"));
        QTextDocument shown;
        shown.setHtml(tip);
        QCOMPARE(plain(shown.toPlainText()), QStringLiteral("<b>x</b>\n  <qt>\\x1B[31m & \\u202E"));
        QCOMPARE(plainLine(std::string_view("a\nb\tc\xff")), QStringLiteral("a\\nb\\tc\\xFF"));
    }

    void numbersHaveTheirPlural() {
        const auto runs = [](qint64 n) {
            return counted(n, QStringLiteral("%1 run"), QStringLiteral("%1 runs"));
        };
        QCOMPARE(runs(0), QStringLiteral("0 runs"));
        QCOMPARE(runs(1), QStringLiteral("1 run"));
        QCOMPARE(runs(2), QStringLiteral("2 runs"));
        QCOMPARE(runs(1204), QStringLiteral("1,204 runs"));
    }

    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom)); }

    void figuresHaveThreeDigits_data() {
        QTest::addColumn<double>("value");
        QTest::addColumn<QString>("shown");
        QTest::newRow("zero") << 0.0 << "0";
        QTest::newRow("whole") << 155.0 << "155";
        QTest::newRow("small whole") << 7.0 << "7";
        QTest::newRow("thousands") << 1612.3 << "1,610";
        QTest::newRow("fraction") << 2.4561 << "2.46";
        QTest::newRow("kept zero") << 1.8 << "1.80";
        QTest::newRow("small") << 0.00331 << "0.00331";
        QTest::newRow("tiny") << 0.00000119 << "1.19E−06";
        QTest::newRow("rounds up a digit") << 9.9996 << "10.0";
        QTest::newRow("rounds up to hundreds") << 99.96 << "100";
        QTest::newRow("negative") << -1.234 << "−1.23";
        QTest::newRow("not a number") << std::nan("") << "–";
    }
    void figuresHaveThreeDigits() {
        QFETCH(double, value);
        QFETCH(QString, shown);
        QCOMPARE(formatNumber(value), shown);
    }

    void unitsFollowTheFigure() {
        QCOMPARE(plain(formatNumber(155, QStringLiteral("tok/s"))), QStringLiteral("155 tok/s"));
        QCOMPARE(plain(formatBytes(270885952)), QStringLiteral("271 MB"));
        QCOMPARE(plain(formatBytes(1.84e9)), QStringLiteral("1.84 GB"));
        QCOMPARE(plain(formatBytes(999999)), QStringLiteral("1.00 MB"));
        QCOMPARE(plain(formatBytes(12)), QStringLiteral("12 B"));
        QCOMPARE(plain(formatCount(134515008)), QStringLiteral("135 M"));
        QCOMPARE(plain(formatSeconds(0.1131)), QStringLiteral("113 ms"));
        QCOMPARE(plain(formatSeconds(1.842)), QStringLiteral("1.84 s"));
        QCOMPARE(plain(formatSeconds(125)), QStringLiteral("2 min 5 s"));
        QCOMPARE(plain(formatSeconds(2.5e-6)), QStringLiteral("2.50 µs"));
    }

    void metricsAreShownInTheirUnit() {
        QCOMPARE(plain(formatMetric(QStringLiteral("decode_tokens_per_second"), 155.2)),
                 QStringLiteral("155 tok/s"));
        QCOMPARE(plain(formatMetric(QStringLiteral("time_to_first_token"), 0.113)),
                 QStringLiteral("113 ms"));
        QCOMPARE(plain(formatMetric(QStringLiteral("top1_agreement"), 0.88)),
                 QStringLiteral("88 %"));
        QCOMPARE(formatMetric(QStringLiteral("no_such_metric"), 1.5), QStringLiteral("1.50"));
    }

    void textIsReadable_data() {
        QTest::addColumn<int>("scheme");
        QTest::newRow("light") << static_cast<int>(Scheme::light);
        QTest::newRow("dark") << static_cast<int>(Scheme::dark);
    }
    void textIsReadable() {
        QFETCH(int, scheme);
        Theme::instance().apply(static_cast<Scheme>(scheme));
        const Palette& p = Theme::instance().palette();
        for (const QColor& ground : {p.window, p.surface})
            for (const QColor& ink : {p.text, p.mutedText, p.better, p.worse, p.warning, p.accent})
                QVERIFY2(contrast(ink, ground) >= 4.5,
                         qPrintable(QStringLiteral("%1 on %2: %3")
                                        .arg(ink.name(), ground.name())
                                        .arg(contrast(ink, ground))));
        QVERIFY(contrast(p.onAccent, p.accent) >= 4.5);
        QVERIFY(contrast(p.text, p.accentSoft) >= 4.5);
        QVERIFY(contrast(p.mutedText, p.sunken) >= 4.5);
        // Edges of fields and switches that are off are no decoration: WCAG 2.2, 1.4.11.
        for (const QColor& ground : {p.window, p.surface})
            for (const QColor& edge : {p.strongBorder, p.switchOff})
                QVERIFY2(contrast(edge, ground) >= 3, qPrintable(edge.name()));
    }

    void everyIconDraws() {
        Theme::instance().apply(Scheme::light);
        const QStringList files =
            QDir(QStringLiteral(":/icons")).entryList({QStringLiteral("*.svg")});
        QVERIFY(files.size() > 30);
        for (const QString& file : files) {
            const QImage image = Theme::instance()
                                     .pixmap(file.chopped(4), 20, QColor(255, 0, 0))
                                     .toImage()
                                     .convertToFormat(QImage::Format_ARGB32);
            int inked = 0, foreign = 0;
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x) {
                    const QRgb pixel = image.pixel(x, y);
                    inked += qAlpha(pixel) > 128 ? 1 : 0;
                    foreign += qAlpha(pixel) > 0 && (qGreen(pixel) > 0 || qBlue(pixel) > 0) ? 1 : 0;
                }
            QVERIFY2(inked > 4, qPrintable(file));
            QVERIFY2(foreign == 0, qPrintable(file + QStringLiteral(" is not tinted")));
        }
    }

    void handedOutIconsFollowTheScheme() {
        Theme::instance().apply(Scheme::light);
        const QIcon icon = Theme::instance().icon(QStringLiteral("star-filled"));
        const QColor before = icon.pixmap(16).toImage().pixelColor(8, 8);
        QSignalSpy changed(&Theme::instance(), &Theme::changed);
        Theme::instance().apply(Scheme::dark);
        QCOMPARE(changed.count(), 1);
        const QColor after = icon.pixmap(16).toImage().pixelColor(8, 8);
        QVERIFY(before.lightness() < 128 && after.lightness() > 128);
        QCOMPARE(QApplication::palette().color(QPalette::Window),
                 Theme::instance().palette().window);
    }
};

QTEST_MAIN(TestTheme)
#include "test_theme.moc"
