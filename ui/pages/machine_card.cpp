// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/machine_card.h"

#include "ui/models/device_facts.h"
#include "ui/models/model_facts.h"
#include "ui/pages/device_box.h"
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

using Facts = std::vector<FactList::Fact>;

void add(Facts& facts, const QString& name, const QString& value, const QString& tooltip = {},
         Tone tone = Tone::text) {
    if (!value.isEmpty()) facts.push_back({name, value, tooltip, tone});
}

void addProcessor(Facts& facts, const nlohmann::json& machine) {
    add(facts, MachineCard::tr("CPU"), textOf(machine, "cpu"));
    const QString isa = textOf(machine, "isa");
    const QString features = textOf(machine, "cpu_features");
    add(facts, MachineCard::tr("Instruction set"), features.startsWith(isa) ? features : isa,
        MachineCard::tr("Kernels run with %1. The processor offers %2.").arg(isa, features));
    const auto physical = static_cast<int>(numberOf(machine, "physical_cores"));
    const auto logical = static_cast<int>(numberOf(machine, "logical_cores"));
    if (physical > 0)
        add(facts, MachineCard::tr("Cores"),
            MachineCard::tr("%1 physical · %2 logical").arg(physical).arg(logical));
}

void addMemory(Facts& facts, const nlohmann::json& machine) {
    const double total = numberOf(machine, "memory_total");
    if (total > 0)
        add(facts, MachineCard::tr("Memory"),
            MachineCard::tr("%1 of %2 free")
                .arg(formatBytes(numberOf(machine, "memory_available")), formatBytes(total)));
    if (numberOf(machine, "cgroup_memory_limit") > 0)
        add(facts, MachineCard::tr("Memory limit"),
            formatBytes(numberOf(machine, "cgroup_memory_limit")),
            MachineCard::tr("Set for this program by its control group."));
}

void addSystem(Facts& facts, const nlohmann::json& machine) {
    const QString os = textOf(machine, "os");
    const QString kernel = textOf(machine, "kernel");
    add(facts, MachineCard::tr("System"),
        kernel.isEmpty() ? os : MachineCard::tr("%1 · Linux %2").arg(os, kernel));
    add(facts, MachineCard::tr("Frequency governor"), textOf(machine, "governor"));
}

// Its name and memory, and `whole`, what it is able to do.
void addDevice(Facts& facts, const DeviceFacts& device, bool whole) {
    const QString name =
        device.mig ? MachineCard::tr("%1 (MIG instance)").arg(device.name) : device.name;
    add(facts, device.id, name,
        device.mig
            ? MachineCard::tr(
                  "A part of a divided device: its memory and multiprocessors are the part's own.")
            : QString());
    if (!device.problem.isEmpty())
        return add(facts, MachineCard::tr("Cannot be used"), device.problem, {}, Tone::warning);
    add(facts, MachineCard::tr("Device memory"), memoryText(device),
        MachineCard::tr("Free when the window was opened."));
    if (!whole) return;
    if (!device.capability.isEmpty())
        add(facts, MachineCard::tr("Compute capability"),
            MachineCard::tr("%1 · %2 multiprocessors")
                .arg(device.capability, QString::number(device.processors)));
    if (!device.driver.isEmpty())
        add(facts, MachineCard::tr("CUDA"),
            MachineCard::tr("driver %1 · runtime %2").arg(device.driver, device.runtime),
            MachineCard::tr(
                "The newest CUDA that the driver runs, and the one that Hone was built with."));
    add(facts, MachineCard::tr("Traces"), tracingText(device), device.tracerProblem,
        device.tracesKernels ? Tone::text : Tone::warning);
    add(facts, MachineCard::tr("No single kernels"), device.tracerProblem, {}, Tone::warning);
}

void addNccl(Facts& facts, const NcclFacts& nccl) {
    const QString use =
        MachineCard::tr("For a model over several devices, which is not part of Hone yet.");
    if (!nccl.version.isEmpty())
        add(facts, MachineCard::tr("NCCL"), MachineCard::tr("%1 · not used yet").arg(nccl.version),
            use);
    else if (!nccl.problem.isEmpty())
        add(facts, MachineCard::tr("NCCL"), MachineCard::tr("not found · not used yet"),
            QStringLiteral("%1\n%2").arg(use, nccl.problem));
}

constexpr std::size_t mostDetailed = 2;  // devices that are all described in full

}  // namespace

MachineCard::MachineCard(Session& session, QWidget* parent)
    : Card(tr("This machine"), parent),
      session_(session),
      device_(new DeviceBox(session)),
      facts_(new FactList),
      noDevice_(new TextLabel({}, TextStyle::body, Tone::muted)) {
    auto* caption = new TextLabel(tr("Run on"), TextStyle::body, Tone::muted);
    caption->setBuddy(device_);
    addHeaderWidget(caption);
    addHeaderWidget(device_);
    noDevice_->setWordWrap(true);
    body()->addWidget(facts_);
    body()->addWidget(noDevice_);
    body()->addStretch();
    connect(&session_, &Session::environmentChanged, this, &MachineCard::refresh);
    connect(&session_, &Session::devicesChanged, this, &MachineCard::refresh);
    connect(&session_, &Session::targetChanged, this, &MachineCard::refresh);
    refresh();
}

// Opening devices takes their memory: nobody who does not look at this card pays for it.
void MachineCard::showEvent(QShowEvent* event) {
    Card::showEvent(event);
    session_.openDevices();
}

void MachineCard::refresh() {
    const nlohmann::json& machine = session_.environment();
    const DevicesAnswer& answer = session_.devices();
    const QString reason = noDeviceReason(answer);
    noDevice_->setVisible(!reason.isEmpty());
    noDevice_->setText(
        tr("No CUDA device: %1.").arg(reason.endsWith(u'.') ? reason.chopped(1) : reason));
    if (!machine.is_object()) {
        facts_->setFacts({{tr("Asking the worker…"), {}}});
        return;
    }
    Facts facts;
    addProcessor(facts, machine);
    addMemory(facts, machine);
    addSystem(facts, machine);
    if (!answer) add(facts, tr("CUDA devices"), tr("looking…"));
    const std::vector<DeviceFacts> devices = devicesOf(answer);
    const QString chosen = text(session_.target().device);
    for (const DeviceFacts& device : devices)
        addDevice(facts, device, devices.size() <= mostDetailed || device.id == chosen);
    if (!devices.empty()) addNccl(facts, ncclOf(answer));
    facts_->setFacts(facts);
}

}  // namespace hone::ui
