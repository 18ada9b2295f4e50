// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/live_feed.h"

#include <utility>

namespace hone::ui {

Observer LiveFeed::observer() {
    Observer observer;
    observer.progress = [this](const LiveProgress& p) {
        change([&](Batch& b) { b.progress = p; });
    };
    observer.sample = [this](const LiveSample& s) {
        change([&](Batch& b) { b.samples.push_back(s); });
    };
    observer.accuracy = [this](const LiveAccuracy& a) {
        change([&](Batch& b) { b.accuracy.push_back(a); });
    };
    observer.log = [this](std::string_view line) {
        change([&](Batch& b) {
            b.lines << QString::fromUtf8(line.data(), static_cast<qsizetype>(line.size()));
        });
    };
    observer.run_started = [this](Side, std::int64_t) {
        change([](Batch& b) { b.runsChanged = true; });
    };
    observer.token = [this](const LiveToken& token) {
        change([&](Batch& b) { b.tokens.push_back(token); });
    };
    observer.good_enough = [this] { return goodEnough_.load(); };
    return observer;
}

LiveFeed::Batch LiveFeed::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(batch_, {});
}

}  // namespace hone::ui
