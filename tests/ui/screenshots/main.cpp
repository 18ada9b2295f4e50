// SPDX-License-Identifier: GPL-3.0-or-later
// hone_screenshots: opens the window, saves a picture of every page in both schemes, and ends. For
// the documents, and to look at the window where there is no display. What it opens and chooses is
// not remembered.
#include <QApplication>
#include <QCommandLineParser>
#include <QLocale>
#include <QSettings>
#include <QTemporaryDir>
#include <cstdio>
#include <exception>

#include "engine/base/bounded_json.h"
#include "engine/base/small_file.h"
#include "tests/ui/screenshots/screenshots.h"
#include "ui/models/session.h"
#include "ui/shell/main_window.h"

namespace {

using namespace hone;
using namespace hone::ui;

struct Arguments {
    QString folder, checkpoint, store, recipe;
    QSize size;
};

Arguments parse(const QCoreApplication& application) {
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral(
        "Saves a picture of every page of Hone's window, and of a stored trace, light and dark."));
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("folder"), QStringLiteral("Where the pictures go."),
                                 QStringLiteral("FOLDER"));
    parser.addPositionalArgument(QStringLiteral("checkpoint"),
                                 QStringLiteral("What is open in the window."),
                                 QStringLiteral("CHECKPOINT"));
    const QCommandLineOption store(QStringLiteral("store"), QStringLiteral("Keep runs in FILE."),
                                   QStringLiteral("FILE"), QStringLiteral("screenshots.sqlite"));
    const QCommandLineOption recipe(QStringLiteral("recipe"),
                                    QStringLiteral("The recipe in FILE (JSON)."),
                                    QStringLiteral("FILE"));
    const QCommandLineOption size(QStringLiteral("size"),
                                  QStringLiteral("Make the window this large."),
                                  QStringLiteral("WIDTHxHEIGHT"), QStringLiteral("1280x800"));
    parser.addOptions({store, recipe, size});
    parser.process(application);
    const QStringList names = parser.positionalArguments(),
                      sides = parser.value(size).split(QLatin1Char('x'));
    if (names.size() != 2 || sides.size() != 2) parser.showHelp(2);
    return {names[0], names[1], parser.value(store), parser.value(recipe),
            QSize(sides[0].toInt(), sides[1].toInt())};
}

Sweep readRecipe(const QString& path) {
    constexpr JsonBounds kRecipe{16, std::size_t{1} << 20U};
    return sweep_from_json(
        parse_bounded_json(read_small_file(path.toStdString(), kRecipe.bytes), kRecipe),
        builtin_registry());
}

int takePictures(QApplication& application) {
    const Arguments arguments = parse(application);
    Session session(builtin_registry(), WorkerLaunch(), arguments.store.toStdString());
    MainWindow window(session);
    window.keepNothing();
    window.show();
    window.resizeTo(arguments.size);
    if (!arguments.recipe.isEmpty()) {
        session.setSweep(readRecipe(arguments.recipe), QStringLiteral("loading a recipe"));
        window.keepRecipe();
    }
    window.openAsked(arguments.checkpoint);
    Screenshots screenshots(window, session, arguments.folder);
    QObject::connect(&screenshots, &Screenshots::finished, &application, &QApplication::quit);
    screenshots.start();
    return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
    // Nobody's settings are read or changed; models are looked for where they are.
    const QTemporaryDir settings;
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
    QApplication::setOrganizationName(QStringLiteral("hone"));
    QApplication::setApplicationName(QStringLiteral("hone_screenshots"));
    const auto given = [](const char* name) { return !qEnvironmentVariableIsEmpty(name); };
    if (!given("QT_QPA_PLATFORM") && !given("DISPLAY") && !given("WAYLAND_DISPLAY"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
    QApplication application(argc, argv);
    try {
        return takePictures(application);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hone_screenshots: %s\n", error.what());
        return 1;
    }
}
