// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/playground_card.h"

#include <QAbstractScrollArea>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QPlainTextEdit>
#include <QShortcut>
#include <QStackedWidget>
#include <algorithm>
#include <limits>

#include "ui/forms/captioned.h"
#include "ui/forms/flow_layout.h"
#include "ui/forms/schema_text.h"
#include "ui/pages/optimise/answer_view.h"
#include "ui/pages/pick_value_banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

// Comparing two answers takes their lengths' product: this many tokens each is still done at once.
constexpr int mostTokens = 2048;
constexpr int promptHeight = 72, numberWidth = 70, controlGap = 10;
constexpr double hottest = 2;

}  // namespace

PlaygroundCard::PlaygroundCard(Session& session, QWidget* parent)
    : Card(tr("Playground"), parent),
      session_(session),
      playground_(new Playground(session, this)),
      pick_(new PickValueBanner(
          session, tr("A list of values is measured as a sweep: pick one value to try it."),
          tr("Lists of values are measured as a sweep: pick one candidate to try it."))),
      prompt_(new QPlainTextEdit),
      stack_(new QStackedWidget),
      empty_(new EmptyState(QStringLiteral("chat"), tr("No model is open"), tr("Open a model."),
                            tr("Open…"))),
      alone_(new TextLabel(tr("Switch a technique on and ask again: its answer appears here."),
                           TextStyle::body, Tone::muted)),
      verdict_(new TextLabel({}, TextStyle::caption, Tone::muted)) {
    QToolButton* close = iconButton(QStringLiteral("cancel"), tr("Back to the ledger"));
    connect(close, &QToolButton::clicked, this, &PlaygroundCard::closed);
    addHeaderWidget(close);
    prompt_->setAccessibleName(tr("Prompt"));
    prompt_->setPlaceholderText(tr("Ask something, and press Ctrl+Return"));
    prompt_->setTabChangesFocus(true);
    prompt_->setFixedHeight(promptHeight);
    body()->addWidget(pick_);
    body()->addWidget(prompt_);
    body()->addWidget(makeControls());
    stack_->addWidget(empty_);
    stack_->addWidget(makeAnswers());
    body()->addWidget(stack_, 1);
    auto* go = new QShortcut(QKeySequence(static_cast<int>(Qt::CTRL) + Qt::Key_Return), this);
    go->setContext(Qt::WidgetWithChildrenShortcut);
    connect(go, &QShortcut::activated, this, &PlaygroundCard::ask);
    connect(empty_, &EmptyState::triggered, &session, &Session::requestOpen);
    connect(prompt_, &QPlainTextEdit::textChanged, this, &PlaygroundCard::showModel);
    connect(&session, &Session::modelChanged, this, &PlaygroundCard::showModel);
    connect(&session, &Session::recipeChanged, this, &PlaygroundCard::showModel);
    connect(pick_, &PickValueBanner::picked, this, &PlaygroundCard::focusPrompt);
    connect(playground_, &Playground::changed, this, &PlaygroundCard::showAnswers);
    connect(&Theme::instance(), &Theme::changed, this, &PlaygroundCard::showAnswers);
    showModel();
    showAnswers();
}

QWidget* PlaygroundCard::makeControls() {
    auto* controls = new QWidget;
    auto* row = new FlowLayout(controlGap, spacing::inside, controls);
    ask_ = primaryButton(tr("Ask"));
    ask_->setAccessibleName(tr("Answer the prompt"));
    connect(ask_, &QPushButton::clicked, this, &PlaygroundCard::ask);
    cancel_ = plainButton(tr("Cancel"));
    cancel_->setAccessibleName(tr("Cancel the answers"));
    connect(cancel_, &QPushButton::clicked, playground_, &Playground::cancel);
    row->addWidget(ask_);
    row->addWidget(cancel_);
    most_ =
        addNumber(row, tr("Tokens"), tr("An answer is cut after this many tokens."), new QSpinBox);
    most_->setRange(1, mostTokens);
    most_->setValue(Playground::Settings().maxTokens);
    temperature_ =
        addNumber(row, tr("Temperature"),
                  tr("0 always takes the likeliest token, so the two answers differ only where the "
                     "models do. Above 0 tokens are drawn at random, with the same seed for both."),
                  new QDoubleSpinBox);
    temperature_->setRange(0, hottest);
    temperature_->setSingleStep(0.1);
    temperature_->setDecimals(2);
    seed_ = addNumber(row, tr("Seed"),
                      tr("The same seed draws the same tokens. Without effect at temperature 0."),
                      new QSpinBox);
    seed_->setRange(0, std::numeric_limits<int>::max());
    seed_->setValue(1);
    const auto followTemperature = [this] { seed_->setEnabled(temperature_->value() > 0); };
    connect(temperature_, &QDoubleSpinBox::valueChanged, this, followTemperature);
    followTemperature();
    chat_ = new QCheckBox(tr("Chat template"));
    chat_->setAccessibleName(tr("Use the chat template"));
    chat_->setChecked(true);
    row->addWidget(chat_);
    return controls;
}

template <typename Number>
Number* PlaygroundCard::addNumber(QLayout* row, const QString& label, const QString& help,
                                  Number* box) {
    box->setAccessibleName(label);
    box->setAccessibleDescription(help);
    box->setToolTip(wrappedTip(help));
    box->setMaximumWidth(numberWidth);
    row->addWidget(captioned(label, {box}));
    return box;
}

QWidget* PlaygroundCard::makeAnswers() {
    auto* answers = new QWidget;
    auto* column = new QVBoxLayout(answers);
    column->setContentsMargins(0, spacing::inside, 0, 0);
    column->setSpacing(spacing::inside);
    auto* row = new QHBoxLayout;
    row->setSpacing(spacing::group);
    baseline_ = new AnswerView(tr("Answer of the baseline"), Tone::baseline);
    candidate_ = new AnswerView(tr("Answer of the recipe"), Tone::accent);
    alone_->setWordWrap(true);
    alone_->setAlignment(Qt::AlignCenter);
    row->addWidget(baseline_, 1);
    row->addWidget(candidate_, 1);
    row->addWidget(alone_, 1);
    column->addLayout(row, 1);
    verdict_->setWordWrap(true);
    column->addWidget(verdict_);
    return answers;
}

void PlaygroundCard::showModel() {
    const bool open = !session_.checkpoint().isEmpty();
    const QString kind = Playground::chatTemplate(session_);
    const bool known = kind == QLatin1String("chatml");
    const bool one = session_.swept().empty();
    ask_->setEnabled(open && one && !prompt_->toPlainText().trimmed().isEmpty());
    ask_->setToolTip(!open ? tr("Open a model first")
                     : one ? tr("Answer with the baseline, then with the recipe  Ctrl+Return")
                           : tr("Pick one value first"));
    chat_->setEnabled(known);
    chat_->setToolTip(wrappedTip(
        known ? tr("Puts the prompt into the model's chat template, as one turn of a "
                   "conversation. Without it the "
                   "model continues the text.")
        : kind == QLatin1String("unknown")
            ? tr("This model's chat template is none that Hone knows: the model continues the "
                 "prompt as it is.")
            : tr("This model has no chat template: it continues the prompt as it is.")));
    empty_->button()->setVisible(!open);
    if (open)
        empty_->setTexts(tr("Two answers, side by side"),
                         tr("Write a prompt: the baseline answers it, then the recipe, each alone "
                            "on the machine. "
                            "Tokens that differ are underlined."));
    else
        empty_->setTexts(tr("No model is open"),
                         tr("Open a model to ask it something, with and without the recipe."));
}

Playground::Settings PlaygroundCard::settings() const {
    return {prompt_->toPlainText(), chat_->isChecked(), most_->value(), temperature_->value(),
            static_cast<quint64>(seed_->value())};
}

void PlaygroundCard::ask() {
    if (ask_->isEnabled()) playground_->ask(settings());
}

// A long list of techniques beside it must not stretch it: the figures under the answers stay in
// sight.
void PlaygroundCard::showEvent(QShowEvent* event) {
    Card::showEvent(event);
    QWidget* above = parentWidget();
    while (above != nullptr && qobject_cast<QAbstractScrollArea*>(above) == nullptr)
        above = above->parentWidget();
    if (above == nullptr) return;
    viewport_ = qobject_cast<QAbstractScrollArea*>(above)->viewport();
    viewport_->installEventFilter(this);
    fitViewport();
}

bool PlaygroundCard::eventFilter(QObject* watched, QEvent* event) {
    if (watched == viewport_ && event->type() == QEvent::Resize) fitViewport();
    return Card::eventFilter(watched, event);
}

void PlaygroundCard::fitViewport() {
    setMaximumHeight(std::max(minimumSizeHint().height(), viewport_->height() - spacing::page));
}

void PlaygroundCard::focusPrompt() {
    prompt_->setFocus(Qt::OtherFocusReason);
    scrollTo(this);  // it opens above what a scrolled page shows
}

void PlaygroundCard::showAnswers() {
    const bool asked = playground_->baseline().state != Playground::State::none;
    stack_->setCurrentIndex(asked ? 1 : 0);
    const bool active = playground_->active();
    QPushButton *shown = active ? cancel_ : ask_, *hidden = active ? ask_ : cancel_;
    shown->show();
    handFocus(hidden, shown);
    hidden->hide();
    const auto difference = playground_->difference();
    baseline_->show(playground_->baseline(), difference ? difference->first : std::vector<bool>());
    candidate_->show(playground_->candidate(),
                     difference ? difference->second : std::vector<bool>());
    candidate_->setVisible(playground_->hasCandidate());
    alone_->setVisible(!playground_->hasCandidate());
    verdict_->setText(verdict());
}

QString PlaygroundCard::verdict() const {
    QString mind = tr("One answer each is a look, not a measurement: Measure gives intervals.");
    const auto difference = playground_->difference();
    if (!difference) return mind;
    const std::size_t answered = difference->second.size();
    const auto tokens = static_cast<qint64>(answered);
    if (!difference->begins)
        return counted(tokens, tr("The one token is the same."),
                       tr("All %1 tokens are the same.")) +
               QLatin1Char(' ') + mind;
    const auto alike = static_cast<qint64>(*difference->begins);
    const QString begins = alike == 0 ? tr("They differ from the first token on")
                                      : counted(alike, tr("The first token is the same"),
                                                tr("The first %1 tokens are the same"));
    return tr("%1; %2 of %3 differ and are underlined.")
               .arg(begins, QString::number(difference->count()), QString::number(answered)) +
           QLatin1Char(' ') + mind;
}

}  // namespace hone::ui
