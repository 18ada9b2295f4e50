// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "tests/ui/scripted_worker.h"
#include "ui/models/found_models.h"

using namespace hone;
using namespace hone::ui;

class TestFoundModels : public QObject {
    Q_OBJECT
private slots:
    void init() {
        session_ = std::make_unique<Session>(builtin_registry(), test::scriptedLaunch(),
                                             test::scratchFile("found.sqlite"));
        models_ = std::make_unique<FoundModels>(*session_);
        disk_ = std::make_unique<QTemporaryDir>();
    }
    void cleanup() {
        models_.reset();
        session_.reset();
        disk_.reset();
    }

    void filesAndFoldersAreFoundOnce() {
        write("a.gguf", 10);
        write("deep/er/b.gguf", 20);
        write("whole/config.json", 5);
        write("whole/model.safetensors", 300);
        write("parts/config.json", 5);
        write("parts/model.safetensors.index.json", 5);
        write("parts/model-00001-of-00002.safetensors", 100);
        write("parts/model-00002-of-00002.safetensors", 150);
        QVERIFY(QFile::link(path("whole"), path("again")));
        scan();
        QCOMPARE(found(),
                 (QStringList{"a.gguf 10", "deep/er/b.gguf 20", "parts 250", "whole 300"}));
    }

    void whatIsNoModelIsLeftOut() {
        write("config.json", 5);  // of some other program
        write("adapter/config.json", 5);
        write("adapter/adapter_model.safetensors", 100);  // a part of a model, not one
        write("notes.txt", 5);
        scan();
        QCOMPARE(found(), QStringList());
    }

    // A model that memory holds, but whose context is too short for the workload.
    void aRefusalStandsWhereItWouldSayFits() {
        write("short.gguf", 10);
        scan();
        const QModelIndex here = models_->index(0, FoundModels::here);
        QTRY_COMPARE_WITH_TIMEOUT(
            here.data().toString(),
            QStringLiteral("not with this workload: The context is too short. Ask for less."),
            5000);
    }

    // What prepare must find free decides, not the predicted peak: that is far below what is free.
    void aShortageIsToldInTheWordsOfPrepare() {
        write("huge.gguf", 10);
        scan();
        const QModelIndex here = models_->index(0, FoundModels::here);
        const auto text = [&here](int role) {
            return here.data(role).toString().replace(QChar(0xa0), QLatin1Char(' '));
        };
        QTRY_COMPARE_WITH_TIMEOUT(text(Qt::DisplayRole),
                                  QStringLiteral("does not fit: 7 GB of 6 GB free"), 5000);
        QVERIFY2(text(Qt::ToolTipRole).contains(QStringLiteral("This needs 7 GB of memory")),
                 qPrintable(text(Qt::ToolTipRole)));
    }

    void aPlaceThatIsNotThereIsEmpty() {
        QSignalSpy scanned(models_.get(), &FoundModels::scanned);
        models_->scan({{path("nowhere"), QStringLiteral("nowhere")}});
        QVERIFY(scanned.wait());
        QCOMPARE(models_->rowCount(), 0);
    }

private:
    QString path(const char* name) const { return disk_->filePath(QString::fromLatin1(name)); }

    void write(const char* name, int bytes) const {
        QVERIFY(QFileInfo(path(name)).dir().mkpath(QStringLiteral(".")));
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(bytes, ' '));
    }

    void scan() {
        QSignalSpy scanned(models_.get(), &FoundModels::scanned);
        models_->scan({{disk_->path(), QStringLiteral("here")}});
        QVERIFY(scanned.wait());
    }

    // "path bytes", sorted.
    QStringList found() const {
        QStringList rows;
        for (int row = 0; row < models_->rowCount(); ++row) {
            const QString file = models_->index(row, 0).data(FoundModels::PathRole).toString();
            const double bytes =
                models_->index(row, FoundModels::size).data(FoundModels::SortRole).toDouble();
            rows.append(
                QStringLiteral("%1 %2").arg(QDir(disk_->path()).relativeFilePath(file)).arg(bytes));
        }
        rows.sort();
        return rows;
    }

    std::unique_ptr<Session> session_;
    std::unique_ptr<FoundModels> models_;
    std::unique_ptr<QTemporaryDir> disk_;
};

HONE_SCRIPTED_MAIN(TestFoundModels)
#include "test_found_models.moc"
