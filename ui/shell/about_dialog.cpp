// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/about_dialog.h"

#include <QApplication>
#include <QDialogButtonBox>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "profiler/statistics/metrics.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QString text(std::string_view utf8) {
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size())).toHtmlEscaped();
}

QString programText() {
    struct Library {
        const char *name, *licence;
    };
    static constexpr Library libraries[] = {
        {"Qt 6", "LGPL-3.0"},      {"QCustomPlot", "GPL-3.0"}, {"SQLite", "public domain"},
        {"SQLiteCpp", "MIT"},      {"nlohmann/json", "MIT"},   {"fmt", "MIT"},
        {"CLI11", "BSD-3-Clause"}, {"xxHash", "BSD-2-Clause"}};
    QString html = AboutDialog::tr(
                       "<h3>Hone %1</h3>"
                       "<p>Profiles and tunes large language models: each optimisation's effect on "
                       "latency, memory and accuracy, measured on this machine.</p>"
                       "<p>The engine, the profiler and the command line are under Apache-2.0, the "
                       "desktop program under GPL-3.0-or-later.</p><h4>Libraries</h4>")
                       .arg(QApplication::applicationVersion());
    html += QStringLiteral("<table cellspacing=0 cellpadding=3>");
    for (const Library& library : libraries)
        html += QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td>%2</td></tr>")
                    .arg(QString::fromLatin1(library.name), QString::fromLatin1(library.licence));
    return html + QStringLiteral("</table>");
}

QString metricsText() {
    QString html;
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions()) {
        const QString unit =
            metric.unit.empty() ? QString() : QStringLiteral(" (%1)").arg(text(metric.unit));
        const QString better = metric.direction == profiler::Direction::higher_is_better
                                   ? AboutDialog::tr("higher is better")
                                   : AboutDialog::tr("lower is better");
        html += QStringLiteral("<p><b>%1</b>%2 · %3<br>%4</p>")
                    .arg(text(metric.title), unit, better, text(metric.definition));
    }
    return html;
}

QTextBrowser* browser(const QString& html, const QString& name) {
    auto* view = new QTextBrowser;
    view->setHtml(html);
    view->setFrameShape(QFrame::NoFrame);
    view->setOpenExternalLinks(true);
    view->setAccessibleName(name);
    view->document()->setDocumentMargin(spacing::group);
    return view;
}

}  // namespace

AboutDialog::AboutDialog(Topic topic, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("About Hone"));
    resize(640, 520);
    auto* tabs = new QTabWidget;
    tabs->tabBar()->setAccessibleName(tr("Topics"));
    tabs->addTab(browser(programText(), tr("About Hone")), tr("Hone"));
    tabs->addTab(browser(metricsText(), tr("Metric definitions")), tr("Metric definitions"));
    tabs->setCurrentIndex(topic == Topic::metrics ? 1 : 0);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    buttons->button(QDialogButtonBox::Close)->setAccessibleName(tr("Close"));
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 12);
    layout->addWidget(tabs, 1);
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(spacing::group, 0, spacing::group, 0);
    foot->addWidget(buttons);
    layout->addLayout(foot);
}

}  // namespace hone::ui
