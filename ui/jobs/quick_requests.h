// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QObject>
#include <QPointer>
#include <QThreadPool>
#include <functional>
#include <stop_token>

#include "engine/core/error.h"

namespace hone::ui {

// Short requests on a few threads. A request supersedes an earlier one with the same key: that one
// is stopped and its answer dropped. `work` leaves its answer where `done` finds it, which is
// called on the thread this object lives on.
class QuickRequests : public QObject {
    Q_OBJECT
public:
    using Work = std::function<void(std::stop_token)>;
    using Done = std::function<void()>;
    using Failed = std::function<void(const ErrorDetails&)>;

    explicit QuickRequests(QObject* parent = nullptr);
    ~QuickRequests() override;  // stops everything and waits

    void start(const QString& key, QObject* context, Work work, Done done, Failed failed);
    void forget(const QString& key);  // as if it was superseded, by nothing

private:
    struct Request {
        QString key;
        QPointer<QObject> context;
        Done done;
        Failed failed;
        std::stop_source stop;
    };
    void finish(int id, bool ok, const ErrorDetails& error);

    QThreadPool pool_;
    QHash<int, Request> requests_;
    int nextId_ = 1;
};

}  // namespace hone::ui
