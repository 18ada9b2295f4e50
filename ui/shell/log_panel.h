// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPlainTextEdit>
#include <QWidget>

namespace hone::ui {

// What workers and the client said, newest last, each line with its time.
class LogPanel : public QWidget {
    Q_OBJECT
public:
    explicit LogPanel(QWidget* parent = nullptr);
    QString text() const { return view_->toPlainText(); }

signals:
    void closed();

public slots:
    void append(const QString& line);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QPlainTextEdit* view_;
};

}  // namespace hone::ui
