// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart.h"

#include <qcustomplot.h>

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QToolTip>
#include <QWheelEvent>

#include "ui/charts/axis_style.h"
#include "ui/charts/table_view.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr double zoomStep = 0.8;  // of what is shown, at a notch of the wheel away from oneself
constexpr int pictureScale = 2;

}  // namespace

Chart::Chart(const QString& name, QWidget* parent)
    : QWidget(parent),
      stack_(new QStackedLayout(this)),
      plot_(new QCustomPlot(this)),
      empty_(new QLabel(this)) {
    setAccessibleName(name);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setTextFormat(Qt::PlainText);
    empty_->setWordWrap(true);
    empty_->setContentsMargins(spacing::group, 0, spacing::group, 0);
    stack_->setContentsMargins(2, 2, 2, 2);
    stack_->addWidget(plot_);
    stack_->addWidget(empty_);
    setUpPlot();
    style();
    stack_->setCurrentWidget(empty_);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        style();
        refresh();
    });
}

Chart::~Chart() = default;

void Chart::setUpPlot() {
    plot_->setFocusPolicy(Qt::NoFocus);
    plot_->setContextMenuPolicy(Qt::NoContextMenu);
    plot_->setMouseTracking(true);
    plot_->setAttribute(Qt::WA_NoMousePropagation, false);  // a wheel that it leaves is the page's
    plot_->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    plot_->axisRect()->setRangeZoomFactor(zoomStep);
    plot_->setNoAntialiasingOnDrag(false);
    plot_->setAntialiasedElements(QCP::aeAll);
    plot_->setNotAntialiasedElements(QCP::aeGrid);
    plot_->installEventFilter(this);
    connect(plot_, &QCustomPlot::mouseWheel, this, [this] { zoomed_ = true; });
    connect(plot_, &QCustomPlot::mouseDoubleClick, this, [this](QMouseEvent* event) {
        if (isEmpty() || !doubleClicked(event->position())) resetView();
    });
    connect(plot_, &QCustomPlot::mousePress, this,
            [this](QMouseEvent* event) { pressed_ = event->position(); });
    connect(plot_, &QCustomPlot::mouseRelease, this, [this](QMouseEvent* event) {
        const bool dragged =
            (event->position() - pressed_).manhattanLength() >= QApplication::startDragDistance();
        if (event->button() == Qt::LeftButton && !dragged && !isEmpty()) clicked(event->position());
    });
    connect(plot_, &QCustomPlot::afterLayout, this, [this] {
        if (!isEmpty()) placeLabels();
    });
    connect(plot_, &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) {
        if (event->buttons() != Qt::NoButton)
            zoomed_ = true;
        else
            showHover(event->position());
    });
}

void Chart::style() {
    const Theme& theme = Theme::instance();
    plot_->setBackground(QBrush(Qt::NoBrush));
    plot_->setAttribute(Qt::WA_OpaquePaintEvent, false);
    plot_->setBackground(theme.palette().surface);
    empty_->setFont(theme.font(TextStyle::body));
    QPalette colors = empty_->palette();
    colors.setColor(QPalette::WindowText, theme.palette().mutedText);
    empty_->setPalette(colors);
    styleAxis(plot_->xAxis, false);
    styleAxis(plot_->yAxis, true);
}

void Chart::setEmptyText(const QString& text) {
    empty_->setText(text);
}

QSize Chart::sizeHint() const {
    return {360, 180};
}

QSize Chart::minimumSizeHint() const {
    return {160, 96};
}

void Chart::refresh() {
    // First: it may resize the plot, which draws again.
    stack_->setCurrentWidget(isEmpty() ? static_cast<QWidget*>(empty_) : plot_);
    plot_->clearPlottables();
    plot_->clearItems();
    setAccessibleDescription(isEmpty() ? empty_->text() : description());
    if (isEmpty()) {
        zoomed_ = false;
        return;
    }
    draw();
    if (!zoomed_) fit();
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void Chart::resetView() {
    zoomed_ = false;
    if (isEmpty()) return;
    fit();
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void Chart::zoom(double factor) {
    if (isEmpty()) return;
    zoomed_ = true;
    for (QCPAxis* axis : plot_->axisRect()->rangeZoomAxes(Qt::Horizontal)) axis->scaleRange(factor);
    for (QCPAxis* axis : plot_->axisRect()->rangeZoomAxes(Qt::Vertical)) axis->scaleRange(factor);
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void Chart::showHover(const QPointF& position) {
    const QString text = isEmpty() ? QString() : hoverText(position);
    if (text.isEmpty())
        QToolTip::hideText();
    else
        QToolTip::showText(plot_->mapToGlobal(position.toPoint()), plainTip(text), plot_);
}

void Chart::copyData() const {
    QGuiApplication::clipboard()->setText(table().tabSeparated());
}

void Chart::showTable() {
    if (!isEmpty()) showChartTable(accessibleName(), table(), this);
}

void Chart::addMenuActions(QMenu& menu) {
    const bool filled = !isEmpty();
    const auto add = [&menu, filled, this](const QString& text, auto&& action) {
        menu.addAction(text, this, action)->setEnabled(filled);
    };
    add(tr("Show as a table"), [this] { showTable(); });
    add(tr("Copy the data"), [this] { copyData(); });
    menu.addSeparator();
    add(tr("Save as PNG…"), [this] { askAndSave(QStringLiteral("png")); });
    add(tr("Save as SVG…"), [this] { askAndSave(QStringLiteral("svg")); });
    add(tr("Save as CSV…"), [this] { askAndSave(QStringLiteral("csv")); });
    menu.addSeparator();
    add(tr("Show everything"), [this] { resetView(); });
}

void Chart::askAndSave(const QString& suffix) {
    QString path = QFileDialog::getSaveFileName(this, tr("Save the chart"),
                                                accessibleName() + QLatin1Char('.') + suffix,
                                                QStringLiteral("*.%1").arg(suffix));
    if (path.isEmpty()) return;
    if (!path.endsWith(QLatin1Char('.') + suffix, Qt::CaseInsensitive))
        path += QLatin1Char('.') + suffix;
    const QString reason = saveTo(path);
    if (reason.isEmpty()) return;
    QToolTip::showText(mapToGlobal(rect().center()), plainTip(reason), this);
    emit saveFailed(reason);
}

QString Chart::saveTo(const QString& path) {
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == QLatin1String("csv")) {
        QSaveFile file(path);
        if (file.open(QIODevice::WriteOnly)) file.write(table().csv().toUtf8());
        return file.commit() ? QString()
                             : tr("%1 could not be written: %2").arg(path, file.errorString());
    }
    if (suffix != QLatin1String("png") && suffix != QLatin1String("svg"))
        return tr("%1: found the suffix “%2”, expected png, svg or csv").arg(path, suffix);
    if (savePicture(path, suffix == QLatin1String("svg"))) return {};
    return tr("%1 could not be written").arg(path);
}

bool Chart::savePicture(const QString& path, bool vector) {
    const QSize size = plot_->size();
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly)) return false;
    if (!vector)
        return plot_->toPixmap(size.width(), size.height(), pictureScale).save(&file, "PNG") &&
               file.commit();
    {
        QSvgGenerator generator;
        generator.setOutputDevice(&file);
        generator.setTitle(accessibleName());
        generator.setDescription(accessibleDescription());
        generator.setSize(size);
        generator.setViewBox(QRect(QPoint(), size));
        QCPPainter painter(&generator);
        painter.setMode(QCPPainter::pmVectorized);
        plot_->toPainter(&painter, size.width(), size.height());
    }
    return file.commit();
}

void Chart::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Return:
        case Qt::Key_Enter:
            return showTable();
        case Qt::Key_Plus:
            return zoom(zoomStep);
        case Qt::Key_Minus:
            return zoom(1 / zoomStep);
        case Qt::Key_0:
            return resetView();
        default:
            if (event->matches(QKeySequence::Copy)) return copyData();
            QWidget::keyPressEvent(event);
    }
}

void Chart::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    addMenuActions(menu);
    menu.exec(event->reason() == QContextMenuEvent::Keyboard ? mapToGlobal(rect().center())
                                                             : event->globalPos());
}

void Chart::paintEvent(QPaintEvent*) {
    if (!hasFocus()) return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Theme::instance().palette().accent, 1.5));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 4, 4);
}

bool Chart::zoomsBy(const QWheelEvent& wheel) const {
    return hasFocus() || wheel.modifiers().testFlag(Qt::ControlModifier);
}

bool Chart::eventFilter(QObject* watched, QEvent* event) {
    if (watched == plot_ && event->type() == QEvent::Wheel &&
        !zoomsBy(*static_cast<QWheelEvent*>(event))) {
        event->ignore();  // on to the page, which scrolls
        return true;
    }
    // The plot takes mouse presses for dragging; the focus belongs to the chart.
    if (watched == plot_ && event->type() == QEvent::MouseButtonPress)
        setFocus(Qt::MouseFocusReason);
    // Legends wrap by the width, which changes the margins.
    if (watched == plot_ && event->type() == QEvent::Resize && !isEmpty()) refresh();
    return QWidget::eventFilter(watched, event);
}

}  // namespace hone::ui
