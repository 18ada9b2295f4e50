// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json.hpp>

#include "engine/experiment/protocol/experiment.h"

namespace hone::ui {

// What an `inspect` result says, in the words the window uses. Fields the result lacks are empty or
// zero.
struct ModelFacts {
    ModelFacts() = default;
    explicit ModelFacts(const nlohmann::json& inspected);

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
// `devices` as the worker answers.
QString targetText(const Target& target, const nlohmann::json& environment,
                   const nlohmann::json& devices);

}  // namespace hone::ui
