// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/machine_card.h"

#include "ui/models/model_facts.h"
#include "ui/widgets/fact_list.h"

namespace hone::ui {

namespace {

QString textOf(const nlohmann::json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? text(it->get<std::string>()) : QString();
}

double numberOf(const nlohmann::json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_number() ? it->get<double>() : 0;
}

}  // namespace

MachineCard::MachineCard(Session& session, QWidget* parent)
    : Card(tr("This machine"), parent), session_(session), facts_(new FactList) {
    body()->addWidget(facts_);
    body()->addStretch();
    connect(&session_, &Session::environmentChanged, this, &MachineCard::refresh);
    connect(&session_, &Session::devicesChanged, this, &MachineCard::refresh);
    refresh();
}

void MachineCard::refresh() {
    const nlohmann::json& machine = session_.environment();
    if (!machine.is_object()) {
        facts_->setFacts({{tr("Asking the worker…"), {}}});
        return;
    }
    std::vector<FactList::Fact> facts;
    const auto add = [&](const QString& name, const QString& value, const QString& tooltip = {}) {
        if (!value.isEmpty()) facts.push_back({name, value, tooltip});
    };
    add(tr("CPU"), textOf(machine, "cpu"));
    const QString isa = textOf(machine, "isa");
    const QString features = textOf(machine, "cpu_features");
    add(tr("Instruction set"), features.startsWith(isa) ? features : isa,
        tr("Kernels run with %1. The processor offers %2.").arg(isa, features));
    const auto physical = static_cast<int>(numberOf(machine, "physical_cores"));
    const auto logical = static_cast<int>(numberOf(machine, "logical_cores"));
    if (physical > 0) add(tr("Cores"), tr("%1 physical · %2 logical").arg(physical).arg(logical));
    const double total = numberOf(machine, "memory_total");
    if (total > 0)
        add(tr("Memory"),
            tr("%1 of %2 free").arg(formatBytes(numberOf(machine, "memory_available")), formatBytes(total)));
    if (numberOf(machine, "cgroup_memory_limit") > 0)
        add(tr("Memory limit"), formatBytes(numberOf(machine, "cgroup_memory_limit")),
            tr("Set for this program by its control group."));
    const QString os = textOf(machine, "os");
    const QString kernel = textOf(machine, "kernel");
    add(tr("System"), kernel.isEmpty() ? os : tr("%1 · %2").arg(os, kernel));
    add(tr("Frequency governor"), textOf(machine, "governor"));
    const nlohmann::json& cuda = session_.devices();
    if (cuda.is_object()) {
        const auto devices = cuda.value("devices", nlohmann::json::array());
        for (const nlohmann::json& device : devices)
            add(textOf(device, "id"),
                (device.value("mig", false) ? tr("%1 (a MIG instance) · %2") : tr("%1 · %2"))
                    .arg(textOf(device, "name"), formatBytes(numberOf(device, "memory"))),
                tr("Compute capability %1, %2 multiprocessors, driver for CUDA %3.")
                    .arg(textOf(device, "compute_capability"))
                    .arg(static_cast<int>(numberOf(device, "multiprocessors")))
                    .arg(textOf(device, "driver")));
        if (devices.empty()) add(tr("CUDA device"), tr("none"), textOf(cuda, "problem"));
    }
    facts_->setFacts(facts);
}

}  // namespace hone::ui
