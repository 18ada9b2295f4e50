// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/found_models.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>
#include <filesystem>
#include <set>

#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/error_words.h"

namespace hone::ui {

namespace {

constexpr int atOnce = 2;
constexpr int deepest = 7;  // a snapshot in the Hugging Face cache lies five folders down
constexpr std::size_t mostModels = 500;

namespace fs = std::filesystem;

// Bytes of the weights beside this config.json of a Hugging Face folder; 0 where there are none.
double folderBytes(const fs::path& config) {
    std::error_code ignored;
    double bytes = 0;
    bool whole = false;  // other programs keep adapters and training states as *.safetensors too
    for (fs::directory_iterator it(config.parent_path(), ignored); it != fs::directory_iterator();
         it.increment(ignored)) {
        if (ignored) break;
        const std::string file = it->path().filename().string();
        whole = whole || file == "model.safetensors" || file == "model.safetensors.index.json";
        if (it->path().extension() == ".safetensors")
            bytes += static_cast<double>(fs::file_size(it->path(), ignored));
    }
    return whole ? bytes : 0;
}

struct FoundFile {
    QString path, place;
    double bytes = 0;
};

// Every *.gguf and every Hugging Face folder below the places; what is reached twice is listed
// once.
std::vector<FoundFile> findModels(const std::vector<ModelPlace>& places,
                                  const std::stop_token& stop) {
    std::vector<FoundFile> found;
    std::set<fs::path> seen;
    for (const ModelPlace& place : places) {
        std::error_code error;
        fs::recursive_directory_iterator it(place.folder.toStdString(),
                                            fs::directory_options::skip_permission_denied, error);
        for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
            if (stop.stop_requested() || found.size() >= mostModels) return found;
            if (it.depth() >= deepest) it.disable_recursion_pending();
            std::error_code ignored;
            const bool folder = it->path().filename() == "config.json";
            if ((!folder && it->path().extension() != ".gguf") || !it->is_regular_file(ignored))
                continue;
            const double bytes =
                folder ? folderBytes(it->path()) : static_cast<double>(it->file_size(ignored));
            if (folder && bytes <= 0) continue;
            const fs::path path = folder ? it->path().parent_path() : it->path();
            const fs::path real = fs::canonical(path, ignored);
            if (ignored || !seen.insert(real).second) continue;
            found.push_back({ui::text(path.string()), place.name, bytes});
        }
    }
    return found;
}

}  // namespace

// What one row needs: the facts and, where the model can be run, whether it fits in memory.
struct FoundModels::Inspected {
    messages::InspectReply model;
    std::optional<messages::PredictReply> prediction;
    std::string problem;  // why there is no prediction

    static Inspected of(const Experiment& experiment, const WorkerLaunch& launch,
                        const std::stop_token& stop) {
        Inspected inspected{ask(messages::Inspect{experiment.checkpoint}, launch, stop), {}, {}};
        if (!inspected.model.supported) return inspected;
        try {
            inspected.prediction = ask(messages::Predict{experiment}, launch, stop);
        } catch (const Error& error) {
            inspected.problem = error.details().message;
        }
        return inspected;
    }
};

std::vector<ModelPlace> modelPlaces() {
    const QString home = QDir::homePath();
    const QString cache = QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation);
    const QString huggingFace =
        qEnvironmentVariable("HF_HOME", cache + QStringLiteral("/huggingface"));
    return {{cache + QStringLiteral("/hone"), QStringLiteral("~/.cache/hone")},
            {home + QStringLiteral("/models"), QStringLiteral("~/models")},
            {huggingFace + QStringLiteral("/hub"), FoundModels::tr("Hugging Face cache")},
            {home + QStringLiteral("/.lmstudio/models"), FoundModels::tr("LM Studio")},
            {home + QStringLiteral("/.cache/lm-studio/models"), FoundModels::tr("LM Studio")}};
}

QString sampleModelPath() {
    return QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation) +
           QStringLiteral("/hone/SmolLM2-135M-Instruct.BF16.gguf");
}

FoundModels::FoundModels(Session& session, QObject* parent)
    : QAbstractTableModel(parent), session_(session) {
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        if (!rows_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, columns - 1));
    });
}

void FoundModels::scan(const std::vector<ModelPlace>& places) {
    scanning_ = true;
    session_.jobs().quick(
        QStringLiteral("find models"), this,
        [places](const WorkerLaunch&, const std::stop_token& stop) {
            return findModels(places, stop);
        },
        [this](const std::vector<FoundFile>& files) {
            beginResetModel();
            ++generation_;
            scanning_ = false;
            rows_.clear();
            for (const FoundFile& file : files) {
                Row row;
                row.path = file.path;
                row.place = file.place;
                row.fileBytes = file.bytes;
                rows_.push_back(std::move(row));
            }
            next_ = 0;
            inFlight_ = 0;
            endResetModel();
            emit scanned();
            for (int i = 0; i < atOnce; ++i) inspectNext();
        },
        [this](const ErrorDetails& error) {
            scanning_ = false;
            emit session_.jobs().logged(QString::fromStdString(error.message));
            emit scanned();
        });
}

void FoundModels::inspectNext() {
    if (next_ >= rows_.size() || inFlight_ >= atOnce) return;
    const std::size_t index = next_++;
    ++inFlight_;
    Experiment experiment;
    experiment.checkpoint = rows_[index].path.toStdString();
    experiment.workload = session_.workload();
    experiment.target = session_.target();
    session_.jobs().quick(
        {}, this,
        [experiment](const WorkerLaunch& launch, const std::stop_token& stop) {
            return Inspected::of(experiment, launch, stop);
        },
        [this, index, generation = generation_](const Inspected& answer) {
            if (generation == generation_) fill(index, answer);
        },
        [this, index, generation = generation_](const ErrorDetails& error) {
            if (generation == generation_) fail(index, error);
        });
}

void FoundModels::fill(std::size_t index, const Inspected& inspected) {
    Row& row = rows_[index];
    row.facts = ModelFacts(inspected.model);
    if (!row.facts.supported) row.problem = row.facts.unsupportedReason;
    if (!inspected.problem.empty()) row.problem = ui::text(inspected.problem);
    if (inspected.prediction) {
        if (const auto& refusal = inspected.prediction->refusal)
            row.refusal = errorWords(*refusal).sentences();
        if (const auto& shortage = inspected.prediction->shortage)
            row.shortage = errorWords(*shortage).sentences();
        row.peak = static_cast<double>(inspected.prediction->peak_memory());
        row.available = static_cast<double>(inspected.prediction->available);
        row.needed = static_cast<double>(inspected.prediction->needed);
    }
    filled(index);
}

void FoundModels::fail(std::size_t index, const ErrorDetails& error) {
    rows_[index].problem = errorWords(error).sentences();
    filled(index);
}

void FoundModels::filled(std::size_t row) {
    emit dataChanged(index(static_cast<int>(row), 0), index(static_cast<int>(row), columns - 1));
    --inFlight_;
    inspectNext();
}

int FoundModels::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int FoundModels::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns;
}

QString FoundModels::verdict(const Row& row) const {
    if (!row.problem.isEmpty()) return tr("cannot be used: %1").arg(row.problem);
    if (!row.facts.open) return tr("reading…");
    if (!row.refusal.isEmpty()) return tr("not with this workload: %1").arg(row.refusal);
    if (!row.shortage.isEmpty())
        return tr("does not fit: %1 of %2 free")
            .arg(formatBytes(row.needed), formatBytes(row.available));
    return row.peak > 0 ? tr("fits · %1 at its peak").arg(formatBytes(row.peak)) : QString();
}

QString FoundModels::tooltip(const Row& row, int column) const {
    if (column == parameters && row.facts.open)
        return formatExact(row.facts.parameters, tr("parameters"));
    if (column == size) return formatExact(row.fileBytes, tr("bytes"));
    if (column == type && row.facts.open) return row.facts.types.join(QStringLiteral(", "));
    if (column == here && !row.problem.isEmpty()) return row.problem;
    if (column == here && !row.refusal.isEmpty()) return row.refusal;
    if (column == here && !row.shortage.isEmpty()) return row.shortage;
    if (column == here && row.peak > 0)
        return tr("Predicted of the baseline with the current workload: %1 at its peak, %2 must be "
                  "free and %3 are.")
            .arg(formatBytes(row.peak), formatBytes(row.needed), formatBytes(row.available));
    return row.path;
}

QVariant FoundModels::text(const Row& row, int column) const {
    switch (column) {
        case name:
            return row.facts.open && !row.facts.name.isEmpty() ? row.facts.name
                   : QFileInfo(row.path).isDir()
                       ? plainLine(QFileInfo(row.path).fileName())
                       : plainLine(QFileInfo(row.path).completeBaseName());
        case architecture:
            return row.facts.architecture;
        case parameters:
            return row.facts.parameters > 0 ? formatCount(row.facts.parameters) : QString();
        case type:
            return row.facts.mainType;
        case size:
            return formatBytes(row.fileBytes);
        case here:
            return verdict(row);
        case foundIn:
            return plainLine(row.place);
        default:
            return {};
    }
}

QVariant FoundModels::sortValue(const Row& row, int column) const {
    if (column == parameters) return row.facts.parameters;
    if (column == size) return row.fileBytes;
    return text(row, column);
}

QVariant FoundModels::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Row& row = rows_[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    const Theme& theme = Theme::instance();
    switch (role) {
        case Qt::DisplayRole:
            return text(row, column);
        case Qt::ToolTipRole:
            return plainTip(tooltip(row, column));
        case Qt::TextAlignmentRole:
            return int(Qt::AlignVCenter) |
                   int(column == parameters || column == size ? Qt::AlignRight : Qt::AlignLeft);
        case Qt::FontRole:
            if (column == name) return theme.font(TextStyle::strong);
            if (column == parameters || column == size) return theme.font(TextStyle::tabular);
            return {};
        case Qt::ForegroundRole:
            if (column == here && !row.problem.isEmpty()) return theme.palette().mutedText;
            if (column == here && (!row.refusal.isEmpty() || !row.shortage.isEmpty()))
                return theme.palette().worse;
            if (column == foundIn || (column == here && !row.facts.open))
                return theme.palette().mutedText;
            return {};
        case SortRole:
            return sortValue(row, column);
        case PathRole:
            return row.path;
        default:
            return {};
    }
}

QVariant FoundModels::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter) |
               int(section == parameters || section == size ? Qt::AlignRight : Qt::AlignLeft);
    if (role != Qt::DisplayRole) return {};
    const QString titles[columns] = {tr("Models on this disk"),
                                     tr("Architecture"),
                                     tr("Parameters"),
                                     tr("Type"),
                                     tr("Size"),
                                     tr("Here"),
                                     tr("Found in")};
    return section < columns ? titles[section] : QVariant();
}

}  // namespace hone::ui
