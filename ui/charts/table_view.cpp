// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/table_view.h"

#include <QClipboard>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QTableWidget* makeTable(const QString& title, const ChartTable& table) {
    auto* view = new QTableWidget(static_cast<int>(table.rows.size()),
                                  static_cast<int>(table.columns.size()));
    view->setAccessibleName(title);
    view->setHorizontalHeaderLabels(table.columns);
    view->verticalHeader()->hide();
    view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view->setFont(Theme::instance().font(TextStyle::tabular));
    for (int row = 0; row < view->rowCount(); ++row) {
        const QStringList& fields = table.rows[static_cast<std::size_t>(row)];
        for (int column = 0; column < fields.size(); ++column) {
            auto* item = new QTableWidgetItem(fields[column]);
            bool number = false;
            fields[column].toDouble(&number);
            item->setTextAlignment(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
            view->setItem(row, column, item);
        }
    }
    view->resizeColumnsToContents();
    return view;
}

}  // namespace

void showChartTable(const QString& title, const ChartTable& table, QWidget* parent) {
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(title);
    dialog->resize(560, 420);
    auto* layout = new QVBoxLayout(dialog);
    layout->addWidget(makeTable(title, table));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QPushButton* copy = buttons->addButton(QCoreApplication::translate("Chart", "Copy"),
                                           QDialogButtonBox::ActionRole);
    QObject::connect(copy, &QPushButton::clicked, dialog,
                     [table] { QGuiApplication::clipboard()->setText(table.tabSeparated()); });
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
    layout->addWidget(buttons);
    dialog->show();
}

}  // namespace hone::ui
