// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/trace_search.h"

#include <QRegularExpression>
#include <QStringList>
#include <algorithm>

namespace hone::ui {

namespace {

struct Query {
    QStringList words;
    std::optional<std::int32_t> layer;
    std::optional<profiler::TracePhase> phase;
};

Query parse(QString text) {
    static const QRegularExpression layer(QStringLiteral("\\blayer\\s*:?\\s*(\\d{1,6})\\b"),
                                          QRegularExpression::CaseInsensitiveOption);
    Query query;
    if (const auto match = layer.match(text); match.hasMatch()) {
        query.layer = match.captured(1).toInt();
        text.remove(match.capturedStart(), match.capturedLength());
    }
    for (const QString& word : text.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        if (word.compare(QLatin1String("prefill"), Qt::CaseInsensitive) == 0)
            query.phase = profiler::TracePhase::prefill;
        else if (word.compare(QLatin1String("decode"), Qt::CaseInsensitive) == 0)
            query.phase = profiler::TracePhase::decode;
        else
            query.words.append(word);
    }
    return query;
}

bool holds(const QString& name, std::string_view operation, const QStringList& words) {
    const QString of =
        QString::fromUtf8(operation.data(), static_cast<qsizetype>(operation.size()));
    return std::all_of(words.begin(), words.end(), [&](const QString& word) {
        return name.contains(word, Qt::CaseInsensitive) || of.contains(word, Qt::CaseInsensitive);
    });
}

// Whether the words hold, for each name and operation: events then cost no comparison of texts.
std::vector<std::vector<bool>> namesThatHold(const profiler::Trace& trace,
                                             const QStringList& words) {
    std::vector<std::vector<bool>> result;
    for (const std::string& name : trace.names) {
        std::vector<bool>& row = result.emplace_back();
        for (const std::string_view operation : profiler::kOperationNames)
            row.push_back(holds(QString::fromStdString(name), operation, words));
    }
    return result;
}

}  // namespace

TraceSearch::TraceSearch(const TraceData& data, const QString& text,
                         std::optional<std::int32_t> chosenLayer)
    : active_(!text.trimmed().isEmpty() || chosenLayer) {
    if (!active_) return;
    const Query query = parse(text);
    const auto holding = namesThatHold(data.trace(), query.words);
    std::vector<std::vector<Span>> spans(data.tracks().size());
    for (std::size_t i = 0; i < data.events().size(); ++i) {
        const profiler::TraceEvent& event = data.event(i);
        if (query.layer && event.layer != *query.layer) continue;
        if (chosenLayer && event.layer != *chosenLayer) continue;
        if (query.phase && event.phase != *query.phase) continue;
        if (!holding[event.name][static_cast<std::size_t>(event.operation)]) continue;
        matches_.push_back(static_cast<std::uint32_t>(i));
        duration_ += event.duration;
        spans[data.trackOf(i)].push_back({event.start, event.start + event.duration,
                                          static_cast<std::uint32_t>(i),
                                          static_cast<std::uint16_t>(event.operation)});
    }
    for (auto& track : spans)
        lanes_.emplace_back(std::move(track), profiler::kOperationNames.size());
}

bool TraceSearch::contains(std::size_t event) const {
    return std::binary_search(matches_.begin(), matches_.end(), event);
}

std::size_t TraceSearch::after(std::size_t event) const {
    const auto at = std::upper_bound(matches_.begin(), matches_.end(), event);
    return at == matches_.end() ? 0 : static_cast<std::size_t>(at - matches_.begin());
}

std::size_t TraceSearch::before(std::size_t event) const {
    if (matches_.empty()) return 0;
    const auto at = std::lower_bound(matches_.begin(), matches_.end(), event);
    return (at == matches_.begin() ? matches_.size()
                                   : static_cast<std::size_t>(at - matches_.begin())) -
           1;
}

}  // namespace hone::ui
