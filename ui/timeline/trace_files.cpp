// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/trace_files.h"

#include <filesystem>
#include <utility>

#include "engine/core/replacing_stream.h"
#include "profiler/trace/chrome.h"

namespace hone::ui {

namespace {

void write(const profiler::Trace& trace, const std::string& title,
           const std::filesystem::path& path) {
    // The dialogue has asked whether a file that is there may go.
    write_replacing(path, Existing::replace,
                    [&](std::ostream& file) { profiler::write_chrome_trace(trace, title, file); });
}

}  // namespace

void loadTrace(Session& session, std::int64_t run, QObject* context,
               std::function<void(std::shared_ptr<const TraceData>)> loaded,
               std::function<void(const ErrorDetails&)> failed) {
    session.jobs().quick(
        QStringLiteral("trace"), context,
        [run, path = session.store().info().path](const WorkerLaunch&, const std::stop_token&) {
            const profiler::Store store(path);
            return std::make_shared<const TraceData>(store.trace(run));
        },
        std::move(loaded), std::move(failed));
}

void saveTrace(Session& session, std::shared_ptr<const TraceData> data, const QString& title,
               const QString& path, QObject* context, std::function<void()> saved,
               std::function<void(const ErrorDetails&)> failed) {
    session.jobs().quick(
        QString(), context,
        [data = std::move(data), title = title.toStdString(),
         to = std::filesystem::path(path.toStdString())](
            const WorkerLaunch&, const std::stop_token&) { write(data->trace(), title, to); },
        std::move(saved), std::move(failed));
}

}  // namespace hone::ui
