// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/export/artifact_card.h"

#include <QDesktopServices>
#include <QDir>
#include <QFileInfo>
#include <QUrl>

#include "ui/forms/schema_text.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/fact_list.h"

namespace hone::ui {

ArtifactCard::ArtifactCard(Session& session, QWidget* parent)
    : Card(tr("Artifact"), parent),
      session_(session),
      advice_(new TextLabel(tr("The file that you export appears here, with its size and, where "
                               "you let Hone verify it, its "
                               "figures beside those of the recipe in memory."),
                            TextStyle::body, Tone::muted)),
      verdict_(new TextLabel),
      facts_(new FactList),
      buttons_(new QWidget) {
    advice_->setWordWrap(true);
    verdict_->setWordWrap(true);
    auto* row = new QHBoxLayout(buttons_);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(spacing::inside);
    QPushButton* open = plainButton(tr("Open as model"));
    connect(open, &QPushButton::clicked, this, [this] { session_.open(path_); });
    QPushButton* folder = plainButton(tr("Show folder"));
    connect(folder, &QPushButton::clicked, this, [this] {
        QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(path_).absolutePath()));
    });
    row->addWidget(open);
    row->addWidget(folder);
    row->addStretch();
    body()->addWidget(advice_);
    body()->addWidget(verdict_);
    body()->addWidget(facts_);
    body()->addWidget(buttons_);
    for (QWidget* part : {static_cast<QWidget*>(verdict_), static_cast<QWidget*>(facts_), buttons_})
        part->hide();
}

void ArtifactCard::showResult(const messages::ExportResult& result) {
    const messages::ExportedModel& model = result.model;
    path_ = QString::fromStdString(model.path);
    // What failed its verification was removed: there is no file to name, open or show.
    const bool kept = result.written;
    const auto bytes = static_cast<double>(model.bytes);
    std::vector<FactList::Fact> facts;
    if (kept)
        facts.push_back({tr("File"), QFileInfo(path_).fileName(), QDir::toNativeSeparators(path_)});
    facts.push_back({kept ? tr("Size") : tr("Size that it had"), formatBytes(bytes),
                     formatExact(bytes, tr("bytes"))});
    QStringList types;
    for (const auto& [type, size] : model.types)
        types.append(QStringLiteral("%1 %2").arg(QString::fromStdString(type),
                                                 formatBytes(static_cast<double>(size))));
    facts.push_back(
        {tr("Types"), types.join(QStringLiteral(" · ")), types.join(QLatin1Char('\n'))});
    verdict_->setVisible(result.verify.has_value());
    if (result.verify) {
        const messages::ExportVerification& verify = *result.verify;
        verdict_->setTone(verify.passed ? Tone::better : Tone::worse);
        verdict_->setText(
            verify.passed
                ? tr("✓ Verified: re-loaded, it computes what the recipe computes in memory.")
                : tr("✗ Nothing was kept: re-loaded, what was written did not compute what the "
                     "recipe "
                     "computes in memory. Nothing at that place was changed."));
        facts.push_back({tr("KL divergence from memory"),
                         formatNumber(verify.kl_divergence, tr("nats")),
                         tr("Passed up to %1 nats").arg(verify.limit)});
        facts.push_back({tr("Perplexity in memory"), formatNumber(verify.perplexity_in_memory)});
        facts.push_back({tr("Perplexity of the file"), formatNumber(verify.perplexity_artifact)});
    }
    QStringList leftOut;
    for (const std::string& id : model.left_out) {
        const Descriptor* technique = session_.registry().find(id);
        leftOut.append(technique == nullptr ? QString::fromStdString(id) : text(technique->title));
    }
    if (!leftOut.isEmpty()) facts.push_back({tr("Left out"), leftOut.join(QStringLiteral(", "))});
    facts_->setFacts(facts);
    advice_->hide();
    facts_->show();
    buttons_->setVisible(kept);
}

}  // namespace hone::ui
