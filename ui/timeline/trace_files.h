// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include "ui/models/session.h"
#include "ui/timeline/trace_data.h"

namespace hone::ui {

// Reads a run's trace from the store on another thread, through a connection of its own. One of the
// two is called on the window's thread, unless `context` is gone or another trace was asked for
// meanwhile.
void loadTrace(Session& session, std::int64_t run, QObject* context,
               std::function<void(std::shared_ptr<const TraceData>)> loaded,
               std::function<void(const ErrorDetails&)> failed);

// Writes it for Chrome and Perfetto, likewise; a file of that name is replaced once the new one is
// whole.
void saveTrace(Session& session, std::shared_ptr<const TraceData> data, const QString& title,
               const QString& path, QObject* context, std::function<void()> saved,
               std::function<void(const ErrorDetails&)> failed);

}  // namespace hone::ui
