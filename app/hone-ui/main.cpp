// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCommandLineParser>
#include <QFileDialog>
#include <QLocale>
#include <QMessageBox>
#include <QPushButton>
#include <QTimer>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string_view>

#include "engine/base/bounded_json.h"
#include "engine/base/small_file.h"
#include "engine/base/utf8.h"
#include "engine/core/error.h"
#include "engine/experiment/client/left_behind.h"
#include "engine/techniques/schema/schema.h"
#include "ui/shell/main_window.h"
#include "ui/shell/settings.h"
#include "ui/widgets/error_words.h"
#include "ui/widgets/question.h"

namespace {

using namespace hone;
using namespace hone::ui;

struct Arguments {
    QString checkpoint, store, recipe;
    QSize size;  // invalid: as it was last
};

QSize asSize(const QString& text) {
    const QStringList sides = text.split(QLatin1Char('x'));
    return sides.size() == 2 ? QSize(sides[0].toInt(), sides[1].toInt()) : QSize();
}

// Throws Error: a file that cannot be read, or no recipe in it.
Sweep readRecipe(const QString& path) {
    constexpr JsonBounds kRecipe{16, std::size_t{1} << 20U};
    const auto refuse = [&path](const char* summary, const std::string& found) {
        ErrorDetails details{"",
                             path.toStdString(),
                             "--recipe",
                             found,
                             "a file of JSON, of 1 MiB at most",
                             Fault::argument};
        details.summary = summary;
        throw Error(std::move(details));
    };
    try {
        return sweep_from_json(
            parse_bounded_json(read_small_file(path.toStdString(), kRecipe.bytes), kRecipe),
            builtin_registry());
    } catch (const FileProblem& problem) {
        refuse("The recipe cannot be read.", problem.what());
    } catch (const JsonProblem& problem) {
        refuse("This is not a recipe.", problem.what());
    }
    return {};
}

// Whether one of the program's own switches is there, which ask for text alone.
bool asksForText(int argc, char** argv) {
    return std::any_of(argv + std::min(argc, 1), argv + argc, [](std::string_view argument) {
        return argument == "--help" || argument == "-h" || argument == "--help-all" ||
               argument == "--version" || argument == "-v";
    });
}

// Whether the platform plug-in for X11 or Wayland would end the process by abort, for want of a
// display.
bool displayIsMissing(int argc, char** argv) {
    const auto given = [](const char* name) { return !qEnvironmentVariableIsEmpty(name); };
    const bool chosen =
        std::any_of(argv + std::min(argc, 1), argv + argc,
                    [](std::string_view argument) { return argument.ends_with("-platform"); });
    return !chosen && !given("QT_QPA_PLATFORM") && !given("DISPLAY") && !given("WAYLAND_DISPLAY");
}

// Nothing to hand names that are not UTF-8 on as: Qt would turn them into names of other files.
bool isUtf8(int argc, char** argv) {
    return std::all_of(argv, argv + argc, [](std::string_view argument) {
        return valid_utf8_prefix(argument) == argument.size();
    });
}

Arguments parse(const QCoreApplication& application) {
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QApplication::tr("Profile and tune language models: latency, memory and accuracy, measured "
                         "on this machine."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("checkpoint"),
        QApplication::tr("A GGUF file, a Hugging Face folder, or synthetic:SHAPE, to open."),
        QStringLiteral("[CHECKPOINT]"));
    const QCommandLineOption store(QStringLiteral("store"), QApplication::tr("Keep runs in FILE."),
                                   QStringLiteral("FILE"));
    const QCommandLineOption recipe(QStringLiteral("recipe"),
                                    QApplication::tr("Start with the recipe in FILE (JSON)."),
                                    QStringLiteral("FILE"));
    const QCommandLineOption size(QStringLiteral("size"),
                                  QApplication::tr("Make the window this large."),
                                  QStringLiteral("WIDTHxHEIGHT"));
    parser.addOptions({store, recipe, size});
    parser.process(application);
    const QStringList positional = parser.positionalArguments();
    const QSize wanted = asSize(parser.value(size));
    if (parser.isSet(size) && (wanted.width() < 1 || wanted.height() < 1))
        throw Error(ErrorDetails{"", "", "--size", "'" + parser.value(size).toStdString() + "'",
                                 "WIDTHxHEIGHT, like 1280x800", Fault::argument,
                                 "The value of --size cannot be used."});
    return {positional.value(0), parser.value(store), parser.value(recipe), wanted};
}

int complain(const char* text) {
    std::fprintf(stderr, "hone-ui: %s\n", text);
    return 2;
}

// The window and what it is about. Choosing another store makes both anew.
class Program {
public:
    bool open(QString store) {
        if (store.isEmpty())
            store = QString::fromStdString(profiler::Store::default_path().string());
        for (;;) {
            try {
                window_.reset();
                session_.reset();
                session_ = std::make_unique<Session>(builtin_registry(), WorkerLaunch(),
                                                     store.toStdString());
                break;
            } catch (const std::exception& error) {
                store = askForStore(errorWords(details_of(error)));
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

    static QString askForStore(const ErrorWords& problem) {
        QMessageBox box(QMessageBox::Warning, QStringLiteral("Hone"),
                        QApplication::tr("The store of runs cannot be opened."));
        box.setInformativeText(
            (problem.sentences() + QLatin1String("\n\n") + problem.detail).trimmed());
        showAsPlainText(box);
        const QPushButton* choose =
            box.addButton(QApplication::tr("Choose another store…"), QMessageBox::AcceptRole);
        box.addButton(QApplication::tr("Quit"), QMessageBox::RejectRole);
        box.exec();
        if (box.clickedButton() != choose) return {};
        return QFileDialog::getSaveFileName(
            nullptr, QApplication::tr("Choose the store of runs, or name a new one"), {},
            QApplication::tr("Stores (*.sqlite);;All files (*)"), nullptr,
            QFileDialog::DontConfirmOverwrite);
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
    if (!isUtf8(argc, argv))
        return complain(
            "An argument is not UTF-8, and Hone keeps names as UTF-8 only. Rename the file, or "
            "link to it "
            "under another name.");
    if (asksForText(argc, argv)) {
        const QCoreApplication console(argc, argv);
        parse(console);  // prints, and ends the program
    }
    if (displayIsMissing(argc, argv))
        return complain(
            "There is no display to open a window on. The command line, hone, does the same "
            "without one.");
    QApplication application(argc, argv);
    Arguments arguments;
    try {
        arguments = parse(application);
    } catch (const Error& error) {
        return complain(error.what());
    }
    Theme::instance().apply(settings::scheme());
    Program program;
    if (!program.open(arguments.store.isEmpty() ? settings::store() : arguments.store)) return 1;
    if (!arguments.recipe.isEmpty()) {
        try {
            program.session().setSweep(readRecipe(arguments.recipe),
                                       QApplication::tr("loading a recipe"));
            program.window().keepRecipe();
        } catch (const Error& error) {
            return complain(error.what());
        }
    }
    if (arguments.size.isValid()) program.window().resizeTo(arguments.size);
    if (arguments.checkpoint.isEmpty())
        program.window().reopenLast();
    else
        program.window().openAsked(arguments.checkpoint);
    return QApplication::exec();
}
