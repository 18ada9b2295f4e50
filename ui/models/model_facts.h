// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/model.h"
#include "ui/models/device_facts.h"

namespace hone::ui {

// What a worker says of a model, in the words the window uses. What it does not say is empty or
// zero; nothing: no model is open.
struct ModelFacts {
    ModelFacts() = default;
    explicit ModelFacts(const std::optional<messages::InspectReply>& inspected);

    bool open = false;
    QString name, source, architecture;
    QString mainType;  // the type that holds most bytes: "Q4_1"
    QStringList types;
    double parameters = 0, bytes = 0, contextLength = 0;
    double kvBytesPerToken = 0;  // fp32
    bool synthetic = false;
    bool supported = true;
    QString unsupportedReason;
};

QString text(const std::string& utf8);

// "cpu · 2 threads · AVX-512", "cuda:0 · NVIDIA H200"; parts that are not known yet are left out.
QString targetText(const Target& target, const nlohmann::json& environment,
                   const DevicesAnswer& devices);

}  // namespace hone::ui
