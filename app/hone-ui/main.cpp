// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCommandLineParser>
#include <QFile>
#include <QFileDialog>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QTimer>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "engine/experiment/client/left_behind.h"
#include "engine/techniques/schema/schema.h"
#include "ui/shell/main_window.h"
#include "ui/shell/screenshots.h"
#include "ui/shell/settings.h"

namespace {

using namespace hone;
using namespace hone::ui;

struct Arguments {
    QString checkpoint, store, recipe, screenshots;
    QSize size;  // invalid: as it was last
};

QSize asSize(const QString& text) {
    const QStringList sides = text.split(QLatin1Char('x'));
    return sides.size() == 2 ? QSize(sides[0].toInt(), sides[1].toInt()) : QSize();
}

// Throws Error: a file that cannot be read, or no recipe in it.
Recipe readRecipe(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        throw Error(QStringLiteral("%1: %2").arg(path, file.errorString()).toStdString());
    const nlohmann::json json = nlohmann::json::parse(file.readAll().toStdString(), nullptr, false);
    if (json.is_discarded()) throw Error(QStringLiteral("%1: not JSON").arg(path).toStdString());
    return recipe_from_json(json, builtin_registry());
}

Arguments parse(const QApplication& application) {
    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::tr(
        "Profile and tune language models: latency, memory and accuracy, measured on this machine."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("checkpoint"),
        QApplication::tr("A GGUF file, a Hugging Face folder, or synthetic:SHAPE, to open."),
        QStringLiteral("[CHECKPOINT]"));
    const QCommandLineOption store(QStringLiteral("store"), QApplication::tr("Keep runs in FILE."),
                                   QStringLiteral("FILE"));
    const QCommandLineOption screenshots(
        QStringLiteral("screenshots"),
        QApplication::tr("Save a picture of every page, and of a stored trace, in DIR and quit."),
        QStringLiteral("DIR"));
    const QCommandLineOption recipe(QStringLiteral("recipe"),
                                    QApplication::tr("Start with the recipe in FILE (JSON)."),
                                    QStringLiteral("FILE"));
    const QCommandLineOption size(QStringLiteral("size"), QApplication::tr("Make the window this large."),
                                  QStringLiteral("WIDTHxHEIGHT"));
    parser.addOptions({store, recipe, size, screenshots});
    parser.process(application);
    if (parser.isSet(size) && asSize(parser.value(size)).isEmpty()) {
        std::fprintf(stderr, "hone-ui: --size takes WIDTHxHEIGHT, such as 1280x800, not %s\n",
                     qPrintable(parser.value(size)));
        std::exit(2);
    }
    const QStringList positional = parser.positionalArguments();
    return {positional.value(0), parser.value(store), parser.value(recipe), parser.value(screenshots),
            asSize(parser.value(size))};
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
    Session& session() { return *session_; }

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
    // A limit on file sizes (ulimit -f) is one more full disk.
    std::signal(SIGXFSZ, SIG_IGN);
    hone::remove_what_killed_clients_left();
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
    if (!arguments.recipe.isEmpty()) {
        try {
            program.session().setRecipe(readRecipe(arguments.recipe), QApplication::tr("loading a recipe"));
            program.window().keepRecipe();
        } catch (const Error& error) {
            std::fprintf(stderr, "hone-ui: %s\n", error.what());
            return 2;
        }
    }
    if (arguments.size.isValid()) program.window().resizeTo(arguments.size);
    if (arguments.checkpoint.isEmpty())
        program.window().reopenLast();
    else
        program.window().openAsked(arguments.checkpoint);
    if (!arguments.screenshots.isEmpty()) {
        program.window().keepNothing();
        auto* screenshots =
            new Screenshots(program.window(), program.session(), arguments.screenshots, &application);
        QObject::connect(screenshots, &Screenshots::finished, &application, &QApplication::quit);
        screenshots->start();
    }
    return QApplication::exec();
}
