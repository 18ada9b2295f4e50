// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCommandLineParser>
#include <QFileDialog>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QTimer>
#include <memory>

#include "engine/techniques/schema/schema.h"
#include "ui/shell/main_window.h"
#include "ui/shell/screenshots.h"
#include "ui/shell/settings.h"

namespace {

using namespace hone;
using namespace hone::ui;

struct Arguments {
    QString checkpoint, store, screenshots;
};

Arguments parse(const QApplication& application) {
    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::tr(
        "Profile and tune language models: latency, memory and accuracy, measured on this machine."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(QStringLiteral("checkpoint"),
                                 QApplication::tr("A GGUF file, or synthetic:SHAPE, to open."),
                                 QStringLiteral("[CHECKPOINT]"));
    const QCommandLineOption store(QStringLiteral("store"), QApplication::tr("Keep runs in FILE."),
                                   QStringLiteral("FILE"));
    const QCommandLineOption screenshots(QStringLiteral("screenshots"),
                                         QApplication::tr("Save a picture of every page in DIR and quit."),
                                         QStringLiteral("DIR"));
    parser.addOptions({store, screenshots});
    parser.process(application);
    const QStringList positional = parser.positionalArguments();
    return {positional.value(0), parser.value(store), parser.value(screenshots)};
}

// The window and what it is about. Choosing another store makes both anew.
class Program {
public:
    bool open(QString store) {
        if (store.isEmpty()) store = QString::fromStdString(profiler::Store::default_path().string());
        for (;;) {
            try {
                window_.reset();
                session_.reset();
                session_ = std::make_unique<Session>(builtin_registry(), WorkerLaunch(), store.toStdString());
                break;
            } catch (const std::exception& error) {
                store = askForStore(QString::fromUtf8(error.what()));
                if (store.isEmpty()) return false;
            }
        }
        window_ = std::make_unique<MainWindow>(*session_);
        QObject::connect(window_.get(), &MainWindow::storeChosen, qApp,
                         [this](const QString& path) { change(path); });
        window_->show();
        return true;
    }

    MainWindow& window() { return *window_; }

private:
    // Later, because the window that asks is the one that goes.
    void change(const QString& path) {
        QTimer::singleShot(0, qApp, [this, path] {
            settings::setStore(path);
            if (open(path))
                window_->reopenLast();
            else
                QApplication::quit();
        });
    }

    static QString askForStore(const QString& problem) {
        QMessageBox box(QMessageBox::Warning, QStringLiteral("Hone"),
                        QApplication::tr("The store of runs cannot be opened."));
        box.setInformativeText(problem);
        const QPushButton* choose =
            box.addButton(QApplication::tr("Choose another store…"), QMessageBox::AcceptRole);
        box.addButton(QApplication::tr("Quit"), QMessageBox::RejectRole);
        box.exec();
        if (box.clickedButton() != choose) return {};
        return QFileDialog::getSaveFileName(
            nullptr, QApplication::tr("Choose the store of runs, or name a new one"), {},
            QApplication::tr("Stores (*.sqlite);;All files (*)"), nullptr, QFileDialog::DontConfirmOverwrite);
    }

    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace

int main(int argc, char** argv) {
    QApplication::setOrganizationName(QStringLiteral("hone"));
    QApplication::setApplicationName(QStringLiteral("hone-ui"));
    QApplication::setApplicationVersion(QStringLiteral(HONE_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("hone"));
    // The texts are English: their figures are written the same way.
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
    QApplication application(argc, argv);
    const Arguments arguments = parse(application);
    Theme::instance().apply(settings::scheme());
    Program program;
    if (!program.open(arguments.store.isEmpty() ? settings::store() : arguments.store)) return 1;
    if (arguments.checkpoint.isEmpty())
        program.window().reopenLast();
    else
        program.window().openCheckpoint(arguments.checkpoint);
    if (!arguments.screenshots.isEmpty()) {
        auto* screenshots = new Screenshots(program.window(), arguments.screenshots, &application);
        QObject::connect(screenshots, &Screenshots::finished, &application, &QApplication::quit);
        screenshots->start();
    }
    return QApplication::exec();
}
