// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/quick_requests.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace hone::ui {

QuickRequests::QuickRequests(QObject* parent) : QObject(parent) {
    // Each runs a worker process of its own: a few are as quick as many, and leave the machine
    // usable.
    pool_.setMaxThreadCount(
        static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 4U)));
}

QuickRequests::~QuickRequests() {
    for (const Request& request : std::as_const(requests_))
        std::stop_source(request.stop).request_stop();
    pool_.clear();
    pool_.waitForDone();
}

void QuickRequests::forget(const QString& key) {
    if (key.isEmpty()) return;
    for (auto it = requests_.begin(); it != requests_.end(); ++it) {
        if (it->key != key) continue;
        it->stop.request_stop();
        requests_.erase(it);
        return;
    }
}

void QuickRequests::start(const QString& key, QObject* context, Work work, Done done,
                          Failed failed) {
    forget(key);
    const int id = nextId_++;
    const std::stop_source stop;
    requests_.insert(id, {key, context, std::move(done), std::move(failed), stop});
    pool_.start([this, id, stop, work = std::move(work)] {
        ErrorDetails error;
        bool ok = false;
        try {
            if (stop.stop_requested()) return;
            work(stop.get_token());
            ok = true;
        } catch (const Cancelled&) {
            error.message = "cancelled";
        } catch (const std::exception& e) {
            error = details_of(e);
        }
        QMetaObject::invokeMethod(this, [this, id, ok, error] { finish(id, ok, error); });
    });
}

void QuickRequests::finish(int id, bool ok, const ErrorDetails& error) {
    const auto it = requests_.find(id);
    if (it == requests_.end()) return;  // superseded
    const Request request = *it;
    requests_.erase(it);
    if (request.context == nullptr) return;
    if (ok && request.done)
        request.done();
    else if (!ok && request.failed)
        request.failed(error);
}

}  // namespace hone::ui
