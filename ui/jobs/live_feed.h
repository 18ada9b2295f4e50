// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/experiment/client/client.h"

namespace hone::ui {

// What a running job said since the window last looked: filled on the job's thread, emptied on the
// window's. This is what keeps a fast job from flooding the event loop.
class LiveFeed {
public:
    struct Batch {
        std::optional<LiveProgress> progress;  // the latest
        std::vector<LiveSample> samples;
        std::vector<LiveAccuracy> accuracy;
        std::vector<LiveToken> tokens;
        QStringList lines;
        bool runsChanged = false;
    };

    Observer observer();  // writes here; must not outlive this
    Batch take();
    void setGoodEnough(bool enough) { goodEnough_ = enough; }  // what the observer answers

private:
    template <typename Change>
    void change(Change&& apply) {
        const std::lock_guard lock(mutex_);
        apply(batch_);
    }

    std::atomic<bool> goodEnough_ = false;
    std::mutex mutex_;
    Batch batch_;
};

}  // namespace hone::ui
