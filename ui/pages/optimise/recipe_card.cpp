// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/recipe_card.h"

#include <QClipboard>
#include <QFile>
#include <QFileDialog>
#include <QGuiApplication>
#include <QPlainTextEdit>
#include <QSaveFile>
#include <QSignalBlocker>
#include <algorithm>

#include "engine/experiment/protocol/recipe_text.h"
#include "ui/forms/schema_text.h"
#include "ui/pages/optimise/saved_recipes.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

namespace {

constexpr int typingPause = 700;  // ms
constexpr qint64 largestFile = 1 << 20;
constexpr int textHeight = 132;

// Throws Error naming the technique and option, or where the text stops being JSON.
Sweep fromText(const QString& text, const Registry& registry) {
    const std::string source = text.trimmed().isEmpty() ? std::string("[]") : text.toStdString();
    try {
        return sweep_from_json(nlohmann::json::parse(source), registry);
    } catch (const nlohmann::json::parse_error& error) {
        const auto end =
            source.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, source.size()));
        const auto line = std::count(source.begin(), end, '\n') + 1;
        throw Error(ErrorDetails{
            RecipeCard::tr("Line %1 is not JSON.").arg(line).toStdString(), {}, {}, {}, {}});
    }
}

}  // namespace

RecipeCard::RecipeCard(Session& session, QWidget* parent)
    : Card(tr("Recipe"), parent), session_(session), text_(new QPlainTextEdit), error_(new Banner) {
    text_->setFont(Theme::instance().font(TextStyle::mono));
    text_->setAccessibleName(tr("Recipe as text"));
    text_->setToolTip(
        wrappedTip(tr("The techniques in order, as JSON. Edits are applied once they are valid. A "
                      "list in the place of an option's value is measured as a sweep.")));
    text_->setTabChangesFocus(true);
    text_->setLineWrapMode(QPlainTextEdit::WidgetWidth);
    text_->setMinimumHeight(textHeight);
    text_->setPlaceholderText(QStringLiteral("[]"));
    addButtons();
    auto* saved = new SavedRecipes(session);
    connect(saved, &SavedRecipes::refused, this, [this](const ErrorDetails& error) {
        error_->showError(error, tr("This recipe cannot be used any more."));
    });
    body()->addWidget(saved);
    body()->addWidget(text_);
    body()->addWidget(error_);
    pause_.setSingleShot(true);
    pause_.setInterval(typingPause);
    connect(&pause_, &QTimer::timeout, this, [this] { applyText(tr("editing the recipe")); });
    connect(text_, &QPlainTextEdit::textChanged, &pause_, qOverload<>(&QTimer::start));
    connect(&session, &Session::recipeChanged, this, &RecipeCard::showRecipe);
    showRecipe();
}

void RecipeCard::addButtons() {
    const auto add = [this](const QString& icon, const QString& name, auto&& action) {
        QToolButton* button = iconButton(icon, name);
        connect(button, &QToolButton::clicked, this, action);
        addHeaderWidget(button);
        return button;
    };
    QUndoStack& stack = session_.undoStack();
    QToolButton* undo = add(QStringLiteral("undo"), tr("Undo"), [&stack] { stack.undo(); });
    QToolButton* redo = add(QStringLiteral("redo"), tr("Redo"), [&stack] { stack.redo(); });
    const auto follow = [&stack, undo, redo] {
        undo->setEnabled(stack.canUndo());
        redo->setEnabled(stack.canRedo());
        undo->setToolTip(plainTip(tr("Undo %1").arg(stack.undoText()).trimmed()));
        redo->setToolTip(plainTip(tr("Redo %1").arg(stack.redoText()).trimmed()));
    };
    connect(&stack, &QUndoStack::indexChanged, this, follow);
    follow();
    add(QStringLiteral("copy"), tr("Copy the recipe"),
        [this] { QGuiApplication::clipboard()->setText(recipeText()); });
    add(QStringLiteral("paste"), tr("Paste a recipe"), [this] { paste(); });
    add(QStringLiteral("save"), tr("Save the recipe…"), [this] { askSave(); });
    add(QStringLiteral("folder"), tr("Load a recipe…"), [this] { askLoad(); });
}

QString RecipeCard::recipeText() const {
    return QString::fromStdString(recipe_text(session_.sweep(), session_.registry()));
}

void RecipeCard::showRecipe() {
    error_->clear();
    if (applying_) return;  // what was typed stays as it was typed
    pause_.stop();
    const QString text = recipeText();
    if (text == text_->toPlainText()) return;  // another candidate is looked at
    const QSignalBlocker blocker(text_);
    text_->setPlainText(text);
}

void RecipeCard::applyText(const QString& what) {
    pause_.stop();
    try {
        const Sweep recipe = fromText(text_->toPlainText(), session_.registry());
        error_->clear();
        applying_ = true;
        session_.setSweep(recipe, what);
    } catch (const Error& error) {
        error_->showError(
            error, tr("This text is not in use."),
            tr("In use is still: %1.")
                .arg(QString::fromStdString(label(session_.recipe(), session_.registry()))));
    }
    applying_ = false;
}

void RecipeCard::paste() {
    text_->setPlainText(QGuiApplication::clipboard()->text());
    applyText(tr("pasting a recipe"));
}

QString RecipeCard::save(const QString& path) {
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) file.write((recipeText() + QLatin1Char('\n')).toUtf8());
    return file.commit() ? QString()
                         : tr("%1 could not be written: %2").arg(path, file.errorString());
}

QString RecipeCard::load(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return tr("%1 could not be read: %2").arg(path, file.errorString());
    if (file.size() > largestFile) return tr("%1 is larger than 1 MB: not a recipe").arg(path);
    text_->setPlainText(QString::fromUtf8(file.readAll()));
    applyText(tr("loading a recipe"));
    return {};
}

void RecipeCard::askSave() {
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Save the recipe"), QStringLiteral("recipe.json"), QStringLiteral("*.json"));
    if (path.isEmpty()) return;
    const QString reason = save(path);
    if (!reason.isEmpty()) error_->show(Banner::Kind::error, reason);
}

void RecipeCard::askLoad() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Load a recipe"), {}, QStringLiteral("*.json"));
    if (path.isEmpty()) return;
    const QString reason = load(path);
    if (!reason.isEmpty()) error_->show(Banner::Kind::error, reason);
}

}  // namespace hone::ui
