// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QLocale>
#include <QTest>

#include "ui/models/run_headline.h"
#include "ui/models/tensor_tree.h"
#include "ui/widgets/share_bar_delegate.h"

using namespace hone::ui;

namespace {

hone::messages::TensorFacts tensor(const std::string& name, const std::string& type,
                                   std::int64_t rows, std::int64_t cols, std::int64_t bytes) {
    const bool layered = name.starts_with("blk.");
    return {.name = name,
            .role = name == "token_embd.weight" ? "token_embd" : "other",
            .layer = layered ? name[4] - '0' : -1,
            .part = layered ? name.substr(6) : name,
            .type = type,
            .shape = {rows, cols},
            .elements = rows * cols,
            .bytes = bytes};
}

// An embedding, three identical blocks, one of another type, a norm.
std::vector<hone::messages::TensorFacts> sampleTensors() {
    std::vector<hone::messages::TensorFacts> tensors;
    tensors.push_back(tensor("token_embd.weight", "BF16", 100, 8, 1600));
    for (int block = 0; block < 4; ++block) {
        const std::string prefix = "blk." + std::to_string(block) + ".";
        tensors.push_back(
            tensor(prefix + "attn_q.weight", block == 3 ? "Q8_0" : "BF16", 8, 8, 128));
        tensors.push_back(tensor(prefix + "ffn_up.weight", "BF16", 16, 8, 256));
    }
    tensors.push_back(tensor("output_norm.weight", "F32", 1, 8, 32));
    return tensors;
}

}  // namespace

class TestTensorTree : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom)); }

    void identicalBlocksReadAsOneLine() {
        TensorTree tree;
        const QAbstractItemModelTester tester(
            &tree, QAbstractItemModelTester::FailureReportingMode::QtTest);
        tree.setTensors(sampleTensors());
        QCOMPARE(tree.rowCount(), 4);
        QCOMPARE(tree.index(1, 0).data().toString(),
                 QStringLiteral("blk 0–2 · 3 identical blocks"));
        QCOMPARE(tree.index(2, 0).data().toString(), QStringLiteral("blk 3"));
        QCOMPARE(tree.rowCount(tree.index(1, 0)), 3);
        const QModelIndex block = tree.index(1, 0, tree.index(1, 0));
        QCOMPARE(tree.index(0, 0, block).data().toString(), QStringLiteral("attn_q.weight"));
        QCOMPARE(tree.node(tree.index(0, 0, block))->tensorName,
                 QStringLiteral("blk.1.attn_q.weight"));
    }

    void sharesAddUp() {
        TensorTree tree;
        tree.setTensors(sampleTensors());
        double total = 0;
        for (int row = 0; row < tree.rowCount(); ++row)
            total +=
                tree.index(row, TensorTree::share).data(ShareBarDelegate::ShareRole).toDouble();
        QVERIFY(qAbs(total - 1) < 1e-12);
    }

    void aTensorIsFoundByName() {
        TensorTree tree;
        tree.setTensors(sampleTensors());
        const QModelIndex found = tree.find(QStringLiteral("blk.3.ffn_up.weight"));
        QVERIFY(found.isValid());
        QCOMPARE(found.data().toString(), QStringLiteral("ffn_up.weight"));
        QVERIFY(!tree.find(QStringLiteral("blk.9.ffn_up.weight")).isValid());
    }

    void aModelWithoutTensorsIsEmpty() {
        TensorTree tree;
        tree.setTensors({});
        QCOMPARE(tree.rowCount(), 0);
    }

    void timesAreToldAsPeopleDo() {
        const QDateTime now = QDateTime::currentDateTimeUtc();
        const auto stored = [](const QDateTime& when) {
            return when.toString(Qt::ISODate).toStdString();
        };
        QCOMPARE(timeAgo(stored(now.addSecs(-5))), QStringLiteral("just now"));
        QCOMPARE(timeAgo(stored(now.addSecs(-185))), QStringLiteral("3 min ago"));
        QCOMPARE(timeAgo("nonsense"), QStringLiteral("nonsense"));
    }
};

QTEST_MAIN(TestTensorTree)
#include "test_tensor_tree.moc"
