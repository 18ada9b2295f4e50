// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSignalSpy>
#include <QTreeView>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/models/tensor_tree.h"
#include "ui/widgets/share_bar_delegate.h"

using namespace hone;
using namespace hone::ui;

class TestModelPage : public QObject {
    Q_OBJECT
private slots:
    void init() {
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeModelPage);
        f_->open(QStringLiteral("model.gguf"));
        tree_ = f_->window.findChild<QTreeView*>();
    }
    void cleanup() { f_.reset(); }

    void aClickOnABlockOrATensorOfItChoosesItsLayer() {
        QCOMPARE(f_->session.layer(), -1);
        QSignalSpy chosen(&f_->session, &Session::layerChosen);
        click(block(1));
        QCOMPARE(f_->session.layer(), 1);
        QCOMPARE(chosen.count(), 1);
        tree_->expand(block(0));
        click(tree_->model()->index(0, 0, block(0)));
        QCOMPARE(f_->session.layer(), 0);
        // What is outside of the layers, or a run of them, chooses all.
        click(tree_->model()->index(0, 0));
        QCOMPARE(f_->session.layer(), -1);
    }

    // The share's bar gives way before a name is cut.
    void theBarGivesWayToNames() {
        auto* tree = f_->window.findChild<QTreeView*>();
        tree->expandAll();
        f_->window.resize(1900, 800);
        QTRY_COMPARE(tree->columnWidth(TensorTree::share), ShareBarDelegate::usualWidth);
        f_->window.resize(760, 800);
        QTRY_VERIFY(tree->columnWidth(TensorTree::share) < ShareBarDelegate::usualWidth);
        QVERIFY(tree->columnWidth(TensorTree::share) >= ShareBarDelegate::leastWidth());
    }

    void aModelThatDoesNotFitSaysSoInTheWordsOfPrepare() {
        f_->open(QStringLiteral("huge.gguf"));
        f_->page->shown();
        const auto told = [this] {
            for (const QLabel* label : f_->window.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains(QStringLiteral("does not fit")) &&
                    label->toolTip().contains(QStringLiteral("This needs 7")))
                    return true;
            return false;
        };
        QTRY_VERIFY_WITH_TIMEOUT(told(), 5000);
    }

    void anotherModelHasNoChosenLayer() {
        click(block(1));
        f_->open(QStringLiteral("other.gguf"));
        QCOMPARE(f_->session.layer(), -1);
    }

    void anOperationOfATraceSelectsItsBlock() {
        QVERIFY(!tree_->isExpanded(tree_->model()->index(1, 0)));
        f_->session.pointAtLayer(1);
        QCOMPARE(tree_->currentIndex().data().toString(), QStringLiteral("blk 1"));
        QVERIFY(tree_->viewport()->rect().intersects(tree_->visualRect(tree_->currentIndex())));
        // It is looked at, not chosen: the trace stays whole.
        QCOMPARE(f_->session.layer(), -1);
        f_->session.pointAtLayer(-1);
        QCOMPARE(tree_->currentIndex().data().toString(), QStringLiteral("blk 1"));
    }

private:
    // One of the two identical blocks behind the embeddings, one row until it is opened.
    QModelIndex block(int number) {
        const QModelIndex run = tree_->model()->index(1, 0);
        tree_->expand(run);
        return tree_->model()->index(number, 0, run);
    }
    void click(const QModelIndex& index) {
        tree_->scrollTo(index);
        const QRect place = tree_->visualRect(index);
        QTest::mouseClick(tree_->viewport(), Qt::LeftButton, {}, place.center());
    }
    std::unique_ptr<test::PageFixture> f_;
    QTreeView* tree_ = nullptr;
};

HONE_SCRIPTED_MAIN(TestModelPage)
#include "test_model_page.moc"
