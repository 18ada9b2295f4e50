// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure/accuracy_controls.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QLayout>
#include <QSignalBlocker>
#include <QSpinBox>
#include <algorithm>

#include "ui/forms/captioned.h"
#include "ui/forms/schema_text.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

namespace {

enum TextChoice { bundled, none, file };
enum ProtocolChoice { windows, strided };
constexpr int mostTokens = 131072, mostWindows = 100000;
constexpr int leastContext = 4;  // of which half is scored, the first of that half only as input

}  // namespace

AccuracyControls::AccuracyControls(Session& session, QLayout* row, QObject* parent)
    : QObject(parent), session_(session), text_(new QComboBox), protocol_(new QComboBox) {
    addText(row);
    addWindows(row);
    connect(&session, &Session::workloadChanged, this, &AccuracyControls::show);
    show();
}

void AccuracyControls::addText(QLayout* row) {
    text_->addItem(tr("bundled"));
    text_->addItem(tr("none"));
    text_->addItem(tr("files…"));
    text_->setAccessibleName(tr("Accuracy text"));
    text_->setToolTip(wrappedTip(
        tr("The text on which perplexity, KL divergence and agreement are measured. Without one "
           "only speed and memory are.")));
    row->addWidget(captioned(tr("Text"), {text_}));
    connect(text_, &QComboBox::activated, this, &AccuracyControls::chooseText);
}

void AccuracyControls::addWindows(QLayout* row) {
    protocol_->addItem(tr("halves"));
    protocol_->addItem(tr("strided"));
    protocol_->setAccessibleName(tr("Accuracy protocol"));
    protocol_->setToolTip(
        wrappedTip(tr("Halves: windows side by side, the second half of each scored, as llama.cpp "
                      "does it. Strided: "
                      "windows that overlap, every token scored once, as Hugging Face does it. "
                      "Figures of the two are "
                      "not comparable.")));
    context_ =
        numberBox(tr("Tokens a window"),
                  tr("Tokens of each window: the longest context in which a token is scored."),
                  leastContext, mostTokens);
    stride_ =
        numberBox(tr("Tokens between windows"),
                  tr("From the start of one window to the next: the shorter, the more context each "
                     "token has, and the longer it takes."),
                  1, mostTokens);
    windows_ = numberBox(tr("Windows scored"),
                         tr("Windows of each text at most: the more, the narrower the interval. "
                            "“All” scores the whole text."),
                         0, mostWindows);
    windows_->setSpecialValueText(tr("all"));
    protocolBox_ = captioned(tr("Scored"), {protocol_});
    contextBox_ = captioned(tr("Window"), {context_});
    strideBox_ = captioned(tr("Stride"), {stride_});
    windowsBox_ = captioned(tr("Windows"), {windows_});
    for (QWidget* box : {protocolBox_, contextBox_, strideBox_, windowsBox_}) row->addWidget(box);
    connect(protocol_, &QComboBox::activated, this, &AccuracyControls::read);
    for (QSpinBox* box : {context_, stride_, windows_})
        connect(box, &QSpinBox::valueChanged, this, &AccuracyControls::read);
}

void AccuracyControls::show() {
    const Workload& w = session_.workload();
    showText(w);
    const bool isStrided = w.protocol == "strided";
    protocol_->setCurrentIndex(isStrided ? strided : windows);
    {
        const QSignalBlocker one(context_), two(stride_), three(windows_);
        context_->setValue(static_cast<int>(w.context));
        stride_->setMaximum(isStrided ? context_->value() : mostTokens);
        stride_->setValue(static_cast<int>(w.stride));
        windows_->setValue(static_cast<int>(w.windows));
    }
    const bool scored = w.text != "none";
    for (QWidget* box : {protocolBox_, contextBox_, windowsBox_}) box->setVisible(scored);
    strideBox_->setVisible(scored && isStrided);
}

void AccuracyControls::showText(const Workload& w) {
    const bool own = w.text != "bundled" && w.text != "none";
    const QString path = QString::fromStdString(w.text);
    QString name = QFileInfo(path).fileName();
    QStringList paths{path};
    for (const std::string& more : w.more_texts) paths.append(QString::fromStdString(more));
    if (paths.size() > 1) name = tr("%1 and %2 more").arg(name, QString::number(paths.size() - 1));
    text_->setItemText(file, own ? plainLine(name) : tr("files…"));
    text_->setItemData(file, own ? plainTip(paths.join(QLatin1Char('\n'))) : QString(),
                       Qt::ToolTipRole);
    text_->setCurrentIndex(own ? file : w.text == "none" ? none : bundled);
}

void AccuracyControls::read() {
    Workload workload = session_.workload();
    workload.protocol = protocol_->currentIndex() == strided ? "strided" : "windows";
    workload.context = context_->value();
    // A stride beyond the window would leave tokens unscored, and is refused.
    workload.stride = workload.protocol == "strided"
                          ? std::min<std::int64_t>(stride_->value(), workload.context)
                          : stride_->value();
    workload.windows = windows_->value();
    session_.setWorkload(workload);
}

void AccuracyControls::chooseText(int index) {
    Workload workload = session_.workload();
    if (index == file) {
        const QStringList paths =
            QFileDialog::getOpenFileNames(text_->window(), tr("Texts to measure accuracy on"), {},
                                          tr("Texts (*.txt *.md *.raw);;All files (*)"));
        if (paths.isEmpty()) return show();
        workload.text = paths.front().toStdString();
        workload.more_texts.clear();
        for (const QString& path : paths.mid(1)) workload.more_texts.push_back(path.toStdString());
    } else {
        workload.text = index == none ? "none" : "bundled";
        workload.more_texts.clear();
    }
    session_.setWorkload(workload);
    show();
}

}  // namespace hone::ui
