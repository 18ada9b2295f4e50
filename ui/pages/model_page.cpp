// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/model_page.h"

#include <QHeaderView>
#include <QSettings>
#include <QSplitter>
#include <QStackedLayout>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/models/model_facts.h"
#include "ui/models/tensor_tree.h"
#include "ui/pages/tensor_panel.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/card.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/fact_list.h"
#include "ui/widgets/figure_label.h"
#include "ui/widgets/share_bar_delegate.h"

namespace hone::ui {

namespace {

const QString splitterKey = QStringLiteral("model/splitter");

// Contexts worth a line: powers of four up to what the model was trained for, and that itself.
std::vector<std::int64_t> contextsFor(double trained) {
    std::vector<std::int64_t> contexts;
    for (std::int64_t tokens :
         {std::int64_t{512}, std::int64_t{2048}, std::int64_t{8192}, std::int64_t{32768}})
        if (static_cast<double>(tokens) < trained) contexts.push_back(tokens);
    if (trained >= 1) contexts.push_back(static_cast<std::int64_t>(trained));
    if (contexts.size() > 3) contexts.erase(contexts.begin(), contexts.end() - 3);
    return contexts;
}

}  // namespace

// The baseline with a prompt that fills the context but for one token.
struct ModelPage::PredictedContext {
    std::int64_t tokens = 0;
    messages::PredictReply prediction;

    static std::vector<PredictedContext> of(const Experiment& base,
                                            const std::vector<std::int64_t>& contexts,
                                            const WorkerLaunch& launch,
                                            const std::stop_token& stop) {
        std::vector<PredictedContext> predicted;
        for (const std::int64_t tokens : contexts) {
            Experiment experiment = base;
            experiment.recipe = {};
            experiment.workload.prompt_tokens = tokens - 1;
            experiment.workload.generated_tokens = 1;
            experiment.workload.concurrency = 1;
            experiment.workload.text = "none";
            predicted.push_back({tokens, ask(messages::Predict{experiment}, launch, stop)});
        }
        return predicted;
    }
};

Page* makeModelPage(Session& session) {
    return new ModelPage(session);
}

ModelPage::ModelPage(Session& session, QWidget* parent)
    : Page(session, parent),
      stack_(new QStackedLayout),
      banner_(new Banner),
      parameters_(new FigureLabel(tr("Parameters"))),
      context_(new FigureLabel(tr("Context"))),
      bytes_(new FigureLabel(tr("Weights"))),
      kv_(new FigureLabel(tr("KV cache per token"))),
      prompts_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      fit_(new FactList),
      tensors_(new TensorTree(this)),
      tree_(new QTreeView),
      panel_(new TensorPanel(session)),
      splitter_(new QSplitter) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(stack_);
    auto* empty = new EmptyState(
        QStringLiteral("model"), tr("No model is open"),
        tr("Open a checkpoint to see its layers, tensors and what fits in memory."), tr("Open…"));
    connect(empty, &EmptyState::triggered, &session, &Session::requestOpen);
    content_ = makeContent();
    stack_->addWidget(empty);
    stack_->addWidget(content_);
    connect(&session, &Session::modelChanged, this, &ModelPage::showModel);
    showModel();
}

QList<QWidget*> ModelPage::headerWidgets() {
    QPushButton* next = primaryButton(tr("Optimise it"));
    next->setToolTip(tr("Choose techniques for this model  Ctrl+3"));
    connect(next, &QPushButton::clicked, this,
            [this] { session().requestPage(QStringLiteral("optimise")); });
    const auto follow = [this, next] { next->setEnabled(!session().checkpoint().isEmpty()); };
    connect(&session(), &Session::modelChanged, next, follow);
    follow();
    return {next};
}

ModelPage::~ModelPage() {
    QSettings().setValue(splitterKey, splitter_->saveState());
}

QWidget* ModelPage::makeContent() {
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(spacing::group);
    column->addWidget(banner_);
    column->addWidget(makeFigures());
    splitter_->addWidget(makeTree());
    splitter_->addWidget(panel_);
    splitter_->setChildrenCollapsible(false);
    splitter_->setStretchFactor(0, 3);
    splitter_->setStretchFactor(1, 2);
    splitter_->handle(1)->setAccessibleName(tr("Divide tree and tensor"));
    splitter_->setMinimumHeight(420);
    if (!splitter_->restoreState(QSettings().value(splitterKey).toByteArray()))
        splitter_->setSizes({720, 400});
    column->addWidget(splitter_, 1);
    return content;
}

QWidget* ModelPage::makeFigures() {
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(spacing::group);
    auto* figures = new Card;
    auto* line = new QHBoxLayout;
    line->setSpacing(2 * spacing::page);
    for (FigureLabel* figure : {parameters_, context_, bytes_, kv_}) line->addWidget(figure, 1);
    figures->body()->addStretch();
    figures->body()->addLayout(line);
    figures->body()->addStretch();
    prompts_->setWordWrap(true);
    figures->body()->addWidget(prompts_);
    auto* fits = new Card(tr("Memory needed here"));
    fits->setToolTip(
        tr("Predicted memory that the baseline needs free, by the tokens in the context."));
    fits->body()->setContentsMargins(spacing::group - 1, 2, spacing::group - 1, 6);
    fits->body()->addWidget(fit_);
    fits->body()->addStretch();
    layout->addWidget(figures, 3);
    layout->addWidget(fits, 2);
    return row;
}

QWidget* ModelPage::makeTree() {
    auto* card = new Card;
    card->setFlush(true);
    tree_->setModel(tensors_);
    tree_->setItemDelegateForColumn(TensorTree::share, new ShareBarDelegate(tree_));
    tree_->setFrameShape(QFrame::NoFrame);
    tree_->setAccessibleName(tr("Layers and tensors"));
    tree_->setUniformRowHeights(true);
    tree_->setAllColumnsShowFocus(true);
    tree_->viewport()->setAutoFillBackground(false);
    QHeaderView* header = tree_->header();
    header->setStretchLastSection(false);
    header->setMinimumSectionSize(56);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(TensorTree::tensor, QHeaderView::Stretch);
    header->setSectionResizeMode(TensorTree::share, QHeaderView::Interactive);
    tree_->viewport()->installEventFilter(this);
    connect(tree_, &QTreeView::expanded, this, &ModelPage::fitShare);
    connect(tensors_, &QAbstractItemModel::modelReset, this, &ModelPage::fitShare,
            Qt::QueuedConnection);
    fitShare();
    connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& current) { panel_->show(tensors_->node(current)); });
    // A trace's figures follow, but only what the user himself chose.
    for (const auto chosen : {&QTreeView::clicked, &QTreeView::activated})
        connect(tree_, chosen, this, [this](const QModelIndex& index) {
            session().chooseLayer(tensors_->layerOf(index));
        });
    connect(&session(), &Session::layerPointedAt, this, [this](int layer) {
        const QModelIndex block = layer < 0 ? QModelIndex() : tensors_->findLayer(layer);
        if (!block.isValid()) return;
        tree_->setCurrentIndex(block);  // opens what it lies in
        tree_->scrollTo(block);
    });
    card->body()->addWidget(tree_, 1);
    card->body()->setContentsMargins(0, 0, 0, spacing::radius);
    return card;
}

// The bar is the first to give way: a name that is cut off cannot be told from its neighbours.
void ModelPage::fitShare() {
    const QHeaderView* header = tree_->header();
    int room = tree_->viewport()->width();
    for (int column = 0; column < tensors_->columnCount(); ++column) {
        if (column == TensorTree::share) continue;
        const auto* view = static_cast<const QAbstractItemView*>(tree_);
        room -= qMax(view->sizeHintForColumn(column), header->sectionSizeHint(column));
    }
    tree_->header()->resizeSection(TensorTree::share, qBound(ShareBarDelegate::leastWidth(), room,
                                                             ShareBarDelegate::usualWidth));
}

bool ModelPage::eventFilter(QObject* watched, QEvent* event) {
    if (watched == tree_->viewport() && event->type() == QEvent::Resize) fitShare();
    return Page::eventFilter(watched, event);
}

// What becomes of a prompt before the model sees it.
void ModelPage::showPrompts() {
    const messages::InspectReply& model = *session().model();
    const std::string& chat = model.chat_template;
    const QString wrapped =
        chat == "chatml" ? tr("Prompts are wrapped in ChatML, as the file asks.")
        : chat == "unknown"
            ? tr("The file's chat template is none that Hone knows: prompts go to the model as "
                 "they are.")
            : tr("The file has no chat template: prompts go to the model as they are.");
    prompts_->setTone(chat == "unknown" ? Tone::warning : Tone::muted);
    prompts_->setText(
        tr("Tokeniser %1. %2").arg(QString::fromStdString(model.tokenizer.value_or("?")), wrapped));
}

void ModelPage::showModel() {
    const ModelFacts facts(session().model());
    stack_->setCurrentIndex(facts.open ? 1 : 0);
    if (!facts.open) return;
    parameters_->setFigure(formatCount(facts.parameters),
                           formatExact(facts.parameters, tr("parameters")));
    context_->setFigure(formatExact(facts.contextLength, tr("tokens")),
                        tr("The longest context the model was trained for."));
    bytes_->setFigure(formatBytes(facts.bytes), formatExact(facts.bytes, tr("bytes")));
    bytes_->setNote(facts.types.join(QStringLiteral(", ")));
    kv_->setFigure(formatBytes(facts.kvBytesPerToken),
                   tr("Keys and values of one token in all layers, in fp32: %1.")
                       .arg(formatExact(facts.kvBytesPerToken, tr("bytes"))));
    parameters_->setNote(
        tr("%1 bits a weight").arg(formatNumber(facts.bytes * 8 / qMax(1.0, facts.parameters))));
    context_->setNote(tr("longest it was trained on"));
    kv_->setNote(tr("in fp32"));
    banner_->clear();
    if (!facts.supported)
        banner_->show(Banner::Kind::warning, tr("This model can be looked at but not run."),
                      facts.unsupportedReason);
    else if (facts.synthetic)
        banner_->show(Banner::Kind::note, tr("The weights are random."),
                      tr("Speed and memory are real; accuracy means nothing."));
    showPrompts();
    tensors_->setTensors(session().model()->tensors.value_or(std::vector<messages::TensorFacts>()));
    panel_->show(nullptr);
    const QModelIndex first = tensors_->index(0, 0);
    if (first.isValid()) tree_->setCurrentIndex(first);
    fitKnown_ = false;
    if (isVisible()) predictFit();
}

void ModelPage::shown() {
    if (!fitKnown_) predictFit();
}

void ModelPage::predictFit() {
    const ModelFacts facts(session().model());
    if (!facts.open || !facts.supported) {
        fit_->setFacts({});
        return;
    }
    fitKnown_ = true;
    fit_->setFacts({{tr("Predicting…"), {}}});
    session().jobs().quick(
        QStringLiteral("model fit"), this,
        [base = session().experiment(), contexts = contextsFor(facts.contextLength)](
            const WorkerLaunch& launch, const std::stop_token& stop) {
            return PredictedContext::of(base, contexts, launch, stop);
        },
        [this](const std::vector<PredictedContext>& contexts) { showFit(contexts); },
        [this](const ErrorDetails& error) {
            fitKnown_ = false;
            const ErrorWords words = errorWords(error);
            fit_->setFacts({{tr("Cannot be predicted"), words.sentences(),
                             (words.sentences() + QLatin1Char('\n') + words.detail).trimmed(),
                             Tone::warning}});
        });
}

void ModelPage::showFit(const std::vector<PredictedContext>& contexts) {
    std::vector<FactList::Fact> facts;
    for (const PredictedContext& context : contexts) {
        const messages::PredictReply& prediction = context.prediction;
        const QString needed = formatBytes(static_cast<double>(prediction.needed));
        const QString tokens = formatExact(static_cast<double>(context.tokens));
        if (const auto& refusal = prediction.refusal) {
            const QString why = errorWords(*refusal).sentences();
            facts.push_back({tr("at %1 tokens").arg(tokens), why, why, Tone::worse});
            continue;
        }
        if (const auto& shortage = prediction.shortage) {
            facts.push_back({tr("at %1 tokens").arg(tokens), tr("%1 · does not fit").arg(needed),
                             errorWords(*shortage).sentences(), Tone::worse});
            continue;
        }
        facts.push_back({tr("at %1 tokens").arg(tokens), tr("%1 · fits").arg(needed),
                         tr("%1 must be free, %2 are; %3 at its peak")
                             .arg(needed, formatBytes(static_cast<double>(prediction.available)),
                                  formatBytes(static_cast<double>(prediction.peak_memory()))),
                         Tone::text});
    }
    fit_->setFacts(facts);
}

}  // namespace hone::ui
