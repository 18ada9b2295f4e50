// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/device_box.h"

#include <QAbstractItemView>

#include "ui/forms/schema_text.h"
#include "ui/models/device_facts.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

DeviceBox::DeviceBox(Session& session, QWidget* parent) : QComboBox(parent), session_(session) {
    setAccessibleName(tr("Device"));
    view()->setAccessibleName(accessibleName());
    setToolTip(wrappedTip(tr("Where models run. Runs on different devices are not compared.")));
    setSizeAdjustPolicy(QComboBox::AdjustToContents);
    connect(this, &QComboBox::activated, this, [this] {
        Target target = session_.target();
        target.device = currentData().toString().toStdString();
        session_.setTarget(target);
    });
    connect(&session_, &Session::devicesChanged, this, &DeviceBox::refresh);
    connect(&session_, &Session::targetChanged, this, &DeviceBox::refresh);
    refresh();
}

void DeviceBox::refresh() {
    clear();
    addItem(tr("CPU"), QStringLiteral("cpu"));
    for (const DeviceFacts& device : devicesOf(session_.devices())) {
        addItem(tr("%1 · %2").arg(device.id, device.name), device.id);
        setItemData(count() - 1,
                    plainTip(device.problem.isEmpty() ? memoryText(device) : device.problem),
                    Qt::ToolTipRole);
    }
    const QString chosen = QString::fromStdString(session_.target().device);
    // A target may be set before the devices are known, or name one that is gone.
    if (findData(chosen) < 0) addItem(chosen, chosen);
    setCurrentIndex(findData(chosen));
}

}  // namespace hone::ui
