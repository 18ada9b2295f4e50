// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QDateTime>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <functional>

#include "profiler/statistics/metrics.h"
#include "tests/ui/stored_runs.h"
#include "ui/models/comparison_model.h"
#include "ui/models/ledger_model.h"
#include "ui/models/live_run.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_filter.h"
#include "ui/models/run_headline.h"
#include "ui/models/run_roles.h"
#include "ui/models/run_samples.h"
#include "ui/models/runs_proxy.h"
#include "ui/models/store_watch.h"
#include "ui/theme/plain_text.h"

using namespace hone::ui;
using hone::profiler::Store;

namespace {

const nlohmann::json workload{{"prompt_tokens", 128}, {"generated_tokens", 16}, {"repetitions", 5}};
const nlohmann::json target{{"device", "cpu"}, {"threads", 2}};

}  // namespace

class TestRuns : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        store_ = std::make_unique<Store>(
            (folder_.path() + QStringLiteral("/runs.sqlite")).toStdString());
        baseline_ = testing::storeInventedRuns(*store_, workload, target);
    }

    void filters_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("labels");
        const QString int8 = QStringLiteral("int8 per channel"),
                      both = QStringLiteral("int8 weights · int8 KV cache");
        const QString int4 = QStringLiteral("int4 group 32 · int8 KV cache"),
                      failed = QStringLiteral("int4 group 128");
        QTest::newRow("word") << QStringLiteral("GROUP") << QStringList{failed, int4};
        QTest::newRow("two words") << QStringLiteral("int8 weights") << QStringList{both};
        QTest::newRow("quoted") << QStringLiteral("\"int4 group\" status:done")
                                << QStringList{int4};
        QTest::newRow("figure") << QStringLiteral("model:smol decode>200 status:done")
                                << QStringList{int4, both, int8};
        QTest::newRow("figure range")
            << QStringLiteral("decode>=230 decode<=240") << QStringList{int8};
        QTest::newRow("memory in MB") << QStringLiteral("peak<200") << QStringList{int4};
        QTest::newRow("memory with unit") << QStringLiteral("peak<0.2GB") << QStringList{int4};
        QTest::newRow("agreement in per cent")
            << QStringLiteral("top1>98% kl>0") << QStringList{int8};
        QTest::newRow("status") << QStringLiteral("status:failed") << QStringList{failed};
        QTest::newRow("tag") << QStringLiteral("tag:laptop") << QStringList{int4};
        QTest::newRow("star") << QStringLiteral("star:yes") << QStringList{int4};
        QTest::newRow("note") << QStringLiteral("note:release") << QStringList{int4};
        QTest::newRow("negated") << QStringLiteral("int4 -status:failed") << QStringList{int4};
        QTest::newRow("nothing") << QStringLiteral("decode>1000000") << QStringList{};
    }

    void filters() {
        QFETCH(QString, text);
        QFETCH(QStringList, labels);
        const RunFilter filter = RunFilter::parse(text);
        QCOMPARE(filter.error(), QString());
        QStringList found;
        for (const auto& run : store_->list())
            if (filter.accepts(run)) found.append(QString::fromStdString(run.what.recipe_label));
        QCOMPARE(found, labels);
    }

    void filterNamesWhatItDoesNotUnderstand() {
        QVERIFY(RunFilter::parse(QStringLiteral("speed>3"))
                    .error()
                    .contains(QStringLiteral("speed>3")));
        QVERIFY(RunFilter::parse(QStringLiteral("decode>fast"))
                    .error()
                    .contains(QStringLiteral("decode>fast")));
        QVERIFY(RunFilter::parse(QStringLiteral("decode:100"))
                    .error()
                    .contains(QStringLiteral("decode:100")));
        QCOMPARE(RunFilter::parse(QStringLiteral("decode>")).error(),
                 QString());  // still being typed
        QVERIFY(RunFilter::parse(QString()).empty());
    }

    void showsRuns() {
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        QAbstractItemModelTester tester(&model);
        model.reload();
        QCOMPARE(model.rowCount(), 9);
        const int row = model.rowOf(baseline_);
        QCOMPARE(row, 8);  // newest first
        QCOMPARE(model.index(row, RunsModel::Recipe).data().toString(), QStringLiteral("baseline"));
        QCOMPARE(model.index(row, RunsModel::Type).data().toString(), QStringLiteral("BF16"));
        QCOMPARE(
            model.index(row, RunsModel::columnOf("decode_tokens_per_second")).data().toString(),
            QStringLiteral("131"));
        QVERIFY(model.index(row, RunsModel::columnOf("decode_tokens_per_second"))
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains(QStringLiteral("95 %")));
        QVERIFY(!model.index(row, RunsModel::columnOf("kl_divergence")).data().isValid());
        QCOMPARE(model.index(1, RunsModel::Status).data(SuffixRole).toString().left(13),
                 QStringLiteral("out of memory"));
    }

    void sortsByValueWithMissingOnesLast() {
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        model.reload();
        RunsProxy proxy(model);
        for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            proxy.sort(RunsModel::columnOf("perplexity"), order);
            QVERIFY(proxy.index(0, RunsModel::columnOf("perplexity")).data(SortRole).isValid());
            QVERIFY(!proxy.index(proxy.rowCount() - 1, RunsModel::columnOf("perplexity"))
                         .data(SortRole)
                         .isValid());
        }
        QCOMPARE(proxy.index(0, RunsModel::Recipe).data().toString(), QStringLiteral("prune 50 %"));
    }

    void editsAreStored() {
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        model.reload();
        const int row = model.rowOf(baseline_);
        QVERIFY(model.setData(model.index(row, RunsModel::Tags), QStringLiteral(" a, b ,a"),
                              Qt::EditRole));
        QVERIFY(model.setData(model.index(row, RunsModel::Note), QStringLiteral("first"),
                              Qt::EditRole));
        QVERIFY(model.setData(model.index(row, RunsModel::Star), true, Qt::CheckStateRole));
        const auto run = *store_->load(baseline_);
        QCOMPARE(run.tags, (std::vector<std::string>{"a", "b"}));
        QCOMPARE(run.note, std::string("first"));
        QVERIFY(run.starred);
    }

    void everyEditCanBeUndone() {
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        model.reload();
        const auto before = *store_->load(baseline_ + 6);
        const int row = model.rowOf(before.id);
        const auto set = [&](int column, const QVariant& value, int role = Qt::EditRole) {
            return model.setData(model.index(row, column), value, role);
        };
        QVERIFY(set(RunsModel::Tags, QStringLiteral("ship, laptop")));  // the same tags: no edit
        QCOMPARE(edits.undoStack().count(), 0);
        QVERIFY(set(RunsModel::Tags, QStringLiteral("archive")));
        QVERIFY(set(RunsModel::Note, QStringLiteral("not any more")));
        QVERIFY(set(RunsModel::Star, false, Qt::CheckStateRole));
        QVERIFY(edits.remove({before.id, baseline_}));
        QCOMPARE(store_->list().size(), std::size_t{7});
        QCOMPARE(edits.undoStack().count(), 4);
        edits.undoStack().undo();
        QCOMPARE(store_->list().size(), std::size_t{9});
        while (edits.undoStack().canUndo()) edits.undoStack().undo();
        const auto after = *store_->load(before.id);
        QCOMPARE(after.tags, before.tags);
        QCOMPARE(after.note, before.note);
        QCOMPARE(after.starred, before.starred);
        QCOMPARE(model.run(row).note, before.note);  // the table follows
        edits.undoStack().redo();
        QCOMPARE(store_->load(before.id)->tags, (std::vector<std::string>{"archive"}));
    }

    void anEditThatCannotBeStoredIsNone() {
        RunEdits edits(*store_);
        QSignalSpy failed(&edits, &RunEdits::failed);
        auto gone = *store_->load(baseline_);
        gone.id = 999;
        QVERIFY(!edits.setNote(gone, "lost"));
        QCOMPARE(failed.count(), 1);
        const auto error = failed.first().first().value<hone::ErrorDetails>();
        QCOMPARE(QString::fromStdString(error.summary), QStringLiteral("There is no such run."));
        QVERIFY(QString::fromStdString(error.message).contains(QStringLiteral("999")));
        QVERIFY(!edits.undoStack().canUndo());
    }

    void ticksOutliveAReload() {
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        model.reload();
        QSignalSpy changed(&model, &RunsModel::tickedChanged);
        model.setTicked(baseline_ + 2, true);
        model.setTicked(999, true);
        QCOMPARE(changed.count(), 2);
        model.reload();
        QCOMPARE(model.ticked(), (std::vector<std::int64_t>{baseline_ + 2}));
    }

    void comparisonSaysVerdictsAndRefusals() {
        const auto a = *store_->load(baseline_), b = *store_->load(baseline_ + 6);
        ComparisonModel model;
        QAbstractItemModelTester tester(&model);
        model.setRuns(a, {b}, {hone::profiler::compare(*store_, a, b)});
        const auto cell = [&model](const QString& title, int role = Qt::DisplayRole) {
            for (int row = 0; row < model.rowCount(); ++row)
                if (model.index(row, 0).data().toString() == title)
                    return model.index(row, 1).data(role).toString();
            return QStringLiteral("no row");
        };
        QVERIFY2(cell(QStringLiteral("Decode")).startsWith(QStringLiteral("▲ 2.4")),
                 qPrintable(cell(QStringLiteral("Decode"))));
        QVERIFY(cell(QStringLiteral("Decode")).endsWith(QStringLiteral("× faster")));
        QVERIFY(cell(QStringLiteral("Decode"), SuffixRole).contains(QStringLiteral("×")));
        QVERIFY(cell(QStringLiteral("First token")).startsWith(QStringLiteral("▲")));
        QVERIFY2(cell(QStringLiteral("Peak memory")).endsWith(QStringLiteral("smaller")),
                 qPrintable(cell(QStringLiteral("Peak memory"))));
        QVERIFY2(cell(QStringLiteral("Perplexity")).startsWith(QStringLiteral("▼")),
                 qPrintable(cell(QStringLiteral("Perplexity"))));
        QVERIFY(cell(QStringLiteral("KL divergence")).startsWith(QStringLiteral("0.04")));

        auto other = b;
        other.what.workload["prompt_tokens"] = 512;
        model.setRuns(a, {other}, {hone::profiler::compare(*store_, a, other)});
        // The reason stands where the figure would be.
        QCOMPARE(cell(QStringLiteral("Decode")),
                 QStringLiteral("other prompt length: 128 and 512"));
        QVERIFY(!cell(QStringLiteral("Decode"), Qt::ToolTipRole).isEmpty());
    }

    // What the window says of a ratio points one way and carries the interval that decides: for
    // every metric, both ways.
    void everyVerdictPointsOneWay() {
        using hone::profiler::Estimate;
        for (const auto& metric : hone::profiler::metric_definitions()) {
            for (const Estimate& ratio :
                 {Estimate{0.885, 0.82, 0.961, 7}, Estimate{1.13, 1.04, 1.22, 7}}) {
                const std::string word(
                    hone::profiler::verdict(metric.kind, metric.direction, ratio));
                const VerdictText text = verdictText({std::string(metric.id),
                                                      {ratio.value, 0.9 * ratio.low, ratio.high, 7},
                                                      ratio,
                                                      word,
                                                      {}});
                const bool good = (ratio.value > 1) ==
                                  (metric.direction == hone::profiler::Direction::higher_is_better);
                const bool up = word == "faster" || word == "better" || word == "larger";
                QVERIFY2(text.text.startsWith(up ? QStringLiteral("▲ ") : QStringLiteral("▼ ")),
                         metric.id.data());
                QVERIFY(text.text.endsWith(QString::fromStdString(word)));
                QCOMPARE(text.tone, good ? Tone::better : Tone::worse);
                const auto figures = [](const QString& of) {
                    QList<double> found;
                    static const QRegularExpression number(QStringLiteral("[0-9]+(\\.[0-9]+)?"));
                    for (auto it = number.globalMatch(of); it.hasNext();)
                        found << it.next().captured().toDouble();
                    return found;
                };
                const QList<double> value = figures(text.text), ends = figures(text.interval);
                QCOMPARE(value.size(), 1);
                QCOMPARE(ends.size(), 2);
                QVERIFY2(ends[0] <= value[0] && value[0] <= ends[1],
                         qPrintable(text.text + QLatin1Char(' ') + text.interval));
                QVERIFY(text.tooltip.contains(QStringLiteral("99 % interval")));
            }
        }
        const VerdictText unsure = verdictText({"decode_tokens_per_second",
                                                {1.045, 1.01, 1.08, 7},
                                                {1.045, 0.99, 1.1, 7},
                                                "cannot tell",
                                                {}});
        QCOMPARE(unsure.text, QStringLiteral("● cannot tell"));
        QCOMPARE(unsure.interval, QStringLiteral("0.990–1.10 ×"));
        QVERIFY(unsure.tooltip.contains(QStringLiteral("99 % interval 0.990–1.10 × includes 1")));
    }

    // Two repetitions gave "2e-40–6e+39".
    void anIntervalThatSaysNothingIsWords() {
        const VerdictText few = verdictText({"decode_tokens_per_second",
                                             {0.83, 5e-9, 1e8, 2},
                                             {0.83, 2e-40, 6e39, 2},
                                             "cannot tell",
                                             {}});
        QCOMPARE(few.text, QStringLiteral("● cannot tell"));
        QCOMPARE(few.interval, QStringLiteral("too few samples"));
        const hone::profiler::MetricValue own{120, -134, 374, 2, {}};
        QCOMPARE(intervalText("decode_tokens_per_second", own), QStringLiteral("too few samples"));
        for (const QString& tip : {few.tooltip, metricTooltip("decode_tokens_per_second", own)}) {
            QVERIFY2(tip.contains(QStringLiteral("too few")), qPrintable(tip));
            QVERIFY2(!tip.contains(QStringLiteral("% interval")), qPrintable(tip));
        }
        QCOMPARE(intervalText("kl_divergence", {0.002, -0.001, 0.005, 16, {}}),
                 QStringLiteral("0–0.00500"));
    }

    // Every text of the store is anybody's.
    void textsOfTheStoreAreShownAsTheyAre() {
        const std::string odd = "<b>x</b>\nline \x1b[31m\xe2\x80\xae";
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        model.reload();
        auto run = *store_->load(baseline_);
        run.what.recipe_label = run.what.model_name = run.note = run.reason = odd;
        run.tags = {odd};
        run.what.environment["hostname"] = odd;
        run.what.recipe = nlohmann::json::array({{{"technique", odd}, {"options", {{odd, odd}}}}});
        run.notes_from_run = {odd};
        const std::int64_t id =
            testing::storeRun(*store_, {odd, run.what.recipe}, {{"prompt_tokens", 8}}, target, 0);
        store_->set_note(id, odd);
        store_->set_tags(id, {odd});
        store_->add_run_note(id, odd);
        model.reload();
        const int row = model.rowOf(id);
        for (int column = 0; column < RunsModel::ColumnCount; ++column) {
            for (const int role :
                 {static_cast<int>(Qt::DisplayRole), static_cast<int>(SuffixRole)}) {
                const QString text = model.index(row, column).data(role).toString();
                for (const QChar c : text) QVERIFY2(c.isPrint() || c == u' ', qPrintable(text));
            }
            const QString tip = model.index(row, column).data(Qt::ToolTipRole).toString();
            QVERIFY2(!tip.contains(QStringLiteral("<b>")), qPrintable(tip));
            QVERIFY2(!Qt::mightBeRichText(tip) || tip.startsWith(QStringLiteral("<qt>")),
                     qPrintable(tip));
        }
        QCOMPARE(model.index(row, RunsModel::Recipe).data().toString(),
                 QStringLiteral("<b>x</b>\\nline \\x1B[31m\\u202E"));
        // What is edited is what is stored.
        QCOMPARE(model.index(row, RunsModel::Note).data(Qt::EditRole).toString().toStdString(),
                 odd);

        ComparisonModel comparison;
        comparison.setRuns(
            run, {run}, {hone::profiler::compare(*store_, run, run)},
            runDifferences(run, {*store_->load(baseline_ + 1)}, hone::builtin_registry()));
        for (int r = 0; r < comparison.rowCount(); ++r)
            for (int c = 0; c < comparison.columnCount(); ++c) {
                const QString tip = comparison.index(r, c).data(Qt::ToolTipRole).toString();
                QVERIFY2(!tip.contains(QStringLiteral("<b>x")), qPrintable(tip));
                QVERIFY2(!Qt::mightBeRichText(tip) || tip.startsWith(QStringLiteral("<qt>")),
                         qPrintable(tip));
            }
        store_->remove({id});
    }

    // Rows come, go and change in place: what is selected or scrolled to in a view stays.
    void aReloadSaysWhatChanged() {
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        QAbstractItemModelTester tester(&model);
        model.reload();
        RunsProxy proxy(model);
        proxy.sort(RunsModel::When, Qt::DescendingOrder);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset),
            changed(&model, &QAbstractItemModel::dataChanged),
            inserted(&model, &QAbstractItemModel::rowsInserted),
            removed(&model, &QAbstractItemModel::rowsRemoved);
        const QPersistentModelIndex kept =
            model.index(model.rowOf(baseline_ + 4), RunsModel::Recipe);
        model.reload();
        QCOMPARE(inserted.count() + removed.count() + changed.count(), 0);
        hone::profiler::Store other(store_->info().path);
        const std::int64_t first =
            testing::storeRun(other, {"new one"}, {{"prompt_tokens", 8}}, {});
        const std::int64_t second =
            testing::storeRun(other, {"new two"}, {{"prompt_tokens", 8}}, {});
        other.remove({baseline_ + 3});
        other.set_note(baseline_, "seen");
        model.reload();
        QCOMPARE(inserted.count(), 1);  // both at once
        QCOMPARE(removed.count(), 1);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(reset.count(), 0);
        QCOMPARE(model.run(kept.row()).id, baseline_ + 4);
        QCOMPARE(model.run(0).id, second);
        QCOMPARE(model.find(baseline_)->note, std::string("seen"));
        QCOMPARE(model.rowOf(baseline_ + 3), -1);
        other.restore({baseline_ + 3});
        other.remove({first, second});
        other.set_note(baseline_, "");
        model.reload();
        QCOMPARE(model.rowCount(), 9);
        QVERIFY(model.rowOf(baseline_ + 3) > 0);
    }

    // Whoever writes: this window, another one, or the command line.
    void changesOfTheStoreAreNoticed() {
        const StoreWatch watch(*store_);
        QSignalSpy changed(&watch, &StoreWatch::changed);
        hone::profiler::Store other(store_->info().path);
        const std::int64_t run =
            testing::storeRun(other, {"elsewhere"}, {{"prompt_tokens", 8}}, {});
        QTRY_VERIFY_WITH_TIMEOUT(changed.count() > 0, 5000);
        for (const auto& change : std::vector<std::function<void()>>{
                 [&] { other.set_note(run, "a"); }, [&] { other.set_note(run, "b"); },
                 [&] { other.set_tags(run, {"t"}); }, [&] { other.set_starred(run, true); },
                 [&] { other.remove({run}); }}) {
            QTest::qWait(300);
            changed.clear();
            change();
            QTRY_VERIFY_WITH_TIMEOUT(changed.count() > 0, 5000);
        }
        QTest::qWait(500);
        changed.clear();
        QTest::qWait(3500);
        QCOMPARE(changed.count(), 0);  // nothing happened
    }

    void timesMoveOn() {
        RunEdits edits(*store_);
        RunsModel model(*store_, edits);
        model.reload();
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.refreshTimes();
        QCOMPARE(changed.count(), 1);
        QCOMPARE(changed.first().at(0).toModelIndex().column(), static_cast<int>(RunsModel::When));
        QCOMPARE(changed.first().at(1).toModelIndex().column(), static_cast<int>(RunsModel::When));
        const auto ago = [](qint64 seconds) {
            return timeAgo(QDateTime::currentDateTimeUtc()
                               .addSecs(-seconds)
                               .toString(QStringLiteral("yyyy-MM-ddTHH:mm:ssZ"))
                               .toStdString());
        };
        QCOMPARE(ago(5), QStringLiteral("just now"));
        QCOMPARE(ago(4 * 60 + 5), QStringLiteral("4 min ago"));
    }

    void differencesNameOptionsOldAndNew() {
        const auto run = [&](nlohmann::json options) {
            auto copy = *store_->load(baseline_ + 4);
            copy.what.recipe = {
                {{"technique", "quantize_weights"}, {"options", std::move(options)}}};
            return copy;
        };
        const auto& registry = hone::builtin_registry();
        const auto plain = *store_->load(baseline_);
        auto int4 = run({{"scheme", "int4_group"}, {"group_size", "32"}});
        const auto first = runDifferences(plain, {int4}, registry);
        QCOMPARE(first.size(), std::size_t{1});
        QCOMPARE(first[0].what, QStringLiteral("Quantise weights"));
        QVERIFY2(first[0].values[0].startsWith(QStringLiteral("off → int4")),
                 qPrintable(first[0].values[0]));

        const auto wider = run({{"scheme", "int4_group"}, {"group_size", "64"}});
        int4.what.target["threads"] = 1;
        int4.what.environment["cpu"] = nullptr;  // not known: no difference
        const auto both = runDifferences(int4, {wider, int4}, registry);
        QCOMPARE(both.size(), std::size_t{2});
        QVERIFY(both[0].what.startsWith(QStringLiteral("Quantise weights: ")));
        QCOMPARE(both[0].values, (QStringList{QStringLiteral("32 → 64"), QString()}));
        QCOMPARE(both[1].what, QStringLiteral("Threads"));
        QCOMPARE(both[1].values, (QStringList{QStringLiteral("1 → 2"), QString()}));

        auto unknown = plain;
        unknown.what.recipe = {{{"technique", "teleport"}, {"options", {{"far", true}}}}};
        const auto third = runDifferences(plain, {unknown}, registry);
        QCOMPARE(third.at(0).what, QStringLiteral("teleport"));

        // Whether a technique engaged is told where it can be, and is no difference.
        auto engaged = run({{"scheme", "int4_group"}, {"group_size", "32"}});
        engaged.engaged = {
            {"quantize_weights", {{"counters", {{"converted_products", 420}}}, {"engaged", true}}}};
        auto idle = engaged;
        idle.engaged["quantize_weights"] = {{"counters", {{"converted_products", 0}}},
                                            {"engaged", false}};
        const auto told = runDifferences(plain, {engaged, idle, plain}, registry);
        QCOMPARE(told.at(1).what, QStringLiteral("Quantise weights engaged"));
        QCOMPARE(told.at(1).values,
                 (QStringList{QStringLiteral("yes · products with converted weights: 420"),
                              QStringLiteral("no · products with converted weights: 0"),
                              QStringLiteral("–")}));

        ComparisonModel model;
        QAbstractItemModelTester tester(&model);
        model.setRuns(int4, {wider}, {hone::profiler::compare(*store_, int4, wider)},
                      runDifferences(int4, {wider}, registry));
        const int last = model.rowCount() - 1;
        QCOMPARE(model.index(last, 0).data().toString(), QStringLiteral("Threads"));
        QCOMPARE(model.index(last, 1).data().toString(), QStringLiteral("1 → 2"));
    }

    void tokenTimesAreDistributed() {
        const std::vector<std::vector<double>> lists{{1, 2, 3, 4}, {}, {2, 2, 2, 6}};
        const Distribution whole = cumulativeShares(lists);
        QCOMPARE(whole.shares.size(), lists.size());
        QCOMPARE(whole.shares[0].front(), 0.0);
        QCOMPARE(whole.shares[0].back(), 100.0);
        QCOMPARE(whole.shares[2].back(), 100.0);
        QVERIFY(std::is_sorted(whole.x.begin(), whole.x.end()));
        QVERIFY(std::is_sorted(whole.shares[2].begin(), whole.shares[2].end()));
        for (std::size_t i = 0; i < whole.x.size(); ++i)
            if (whole.x[i] > 2.5 && whole.x[i] < 2.9) QCOMPARE(whole.shares[2][i], 75.0);
        const Distribution binned = binnedShares(lists);
        double sum = 0;
        for (const double share : binned.shares[0]) sum += share;
        QVERIFY(std::abs(sum - 100) < 1e-9);
        QCOMPARE(median({3, 1, 2}), 2.0);
        // One interruption in a thousand does not press the rest together.
        std::vector<double> steady(1000, 5.0);
        steady.back() = 500;
        steady.front() = 4;
        QVERIFY(cumulativeShares({steady}).x.back() < 10);
        QCOMPARE(tokenIntervals(store_->samples(baseline_)).size() % 5, std::size_t{0});
    }

    void accuracyConvergesWithAnInterval() {
        const LiveSide side = replay(store_->samples(baseline_ + 6), hone::Side::candidate);
        for (const char* metric : {"perplexity", "kl_divergence", "top1_agreement"}) {
            const LiveSide::Line line = side.accuracyLine(metric);
            const auto stored = store_->load(baseline_ + 6)->metrics.at(metric);
            QCOMPARE(line.x.size(), std::size_t{8});
            QCOMPARE(line.low[2], line.y[2]);  // too few windows
            QVERIFY(line.low[3] < line.y[3] && line.high[3] > line.y[3]);
            QVERIFY2(std::abs(line.y.back() - stored.value) < 1e-9 * stored.value, metric);
            QVERIFY2(std::abs(line.high.back() - stored.high) < 1e-9 * stored.high, metric);
        }
        QVERIFY(replay(store_->samples(baseline_), hone::Side::baseline)
                    .accuracyLine("kl_divergence")
                    .y.empty());
    }

    void whatWasNotMeasuredInTurnIsSaidFirst() {
        const auto a = *store_->load(baseline_), b = *store_->load(baseline_ + 3);
        hone::profiler::Comparison paired, apart;
        paired.interleaved = true;
        paired.candidate = b.id;
        apart.candidate = b.id + 1;
        paired.baseline = apart.baseline = a.id;
        paired.warnings = {"other seed"};
        paired.run_warnings = {{a.id, "busy"}, {b.id, "unstable"}};
        apart.warnings = {"not interleaved", "other seed"};
        apart.run_warnings = {{a.id, "busy"}, {b.id + 1, "busy"}};
        ComparisonModel model;
        model.setRuns(a, {b, b}, {paired, apart}, {});
        QCOMPARE(model.warnings(),
                 (QStringList{QStringLiteral("run %1: not interleaved").arg(b.id + 1),
                              QStringLiteral("other seed"),
                              QStringLiteral("runs %1, %2: busy").arg(a.id).arg(b.id + 1),
                              QStringLiteral("run %1: unstable").arg(b.id)}));
    }

    void differencesOnlyHidesWhatCannotBeTold() {
        const auto a = *store_->load(baseline_), b = *store_->load(baseline_ + 3);
        ComparisonModel model;
        model.setRuns(a, {b}, {hone::profiler::compare(*store_, a, b)});
        const int all = model.rowCount();
        model.setDifferencesOnly(true);
        QVERIFY(model.rowCount() < all);
        for (int row = 0; row < model.rowCount(); ++row)
            QVERIFY(!model.index(row, 1).data().toString().contains(QStringLiteral("cannot tell")));
    }

    void ledgerHasRowsOfATechniquesOwnMetricsAndOfWhetherItEngaged() {
        const auto a = *store_->load(baseline_);
        auto b = *store_->load(baseline_ + 6);
        LedgerModel model;
        QAbstractItemModelTester tester(&model);
        const auto names = [&model] {
            QStringList all;
            for (int row = 0; row < model.rowCount(); ++row)
                all << model.index(row, LedgerModel::Metric).data().toString();
            return all;
        };
        b.engaged = nullptr;
        model.setRuns(a, b, std::nullopt);
        QVERIFY(!names().contains(QStringLiteral("Attention kept")));
        QVERIFY(!names().contains(QStringLiteral("Tokenising")));
        b.metrics["attention_mass"] = {0.93, 0.93, 0.93, 1, {}};
        b.metrics["padding_share"] = {0.1, 0.1, 0.1, 5, {}};
        b.metrics["tokenize_bytes_per_second"] = {1e6, 1e6, 1e6, 5, {}};
        b.what.recipe = {{{"technique", "tokenization"}, {"options", nlohmann::json::object()}}};
        b.engaged = {{"tokenization",
                      {{"counters", {{"merge_cache_hits", 12}, {"reordered_prompts", 0}}},
                       {"engaged", false},
                       {"counter", "reordered_prompts"},
                       {"value", 0}}},
                     {"kv_cache", {{"counters", nlohmann::json::object()}, {"engaged", nullptr}}}};
        model.setRuns(a, b, std::nullopt);
        for (const char* name : {"Attention kept", "Padding", "Tokenising"})
            QVERIFY2(names().contains(QString::fromUtf8(name)), name);
        const int last =
            model.rowCount() - 1;  // the cache's options are the baseline's: nothing to tell
        QCOMPARE(names().last(), QStringLiteral("Tokenisation"));
        QCOMPARE(model.index(last, LedgerModel::Verdict).data().toString(),
                 QStringLiteral("did not engage"));
        QCOMPARE(model.index(last, LedgerModel::Verdict).data(Qt::ToolTipRole).toString(),
                 plainTip(QStringLiteral("words found in the cache: 12, prompts reordered: 0")));
    }

    void ledgerShowsPredictionBesideMeasurement() {
        const auto a = *store_->load(baseline_), b = *store_->load(baseline_ + 6);
        LedgerModel model;
        QAbstractItemModelTester tester(&model);
        model.setRuns(a, b, hone::profiler::compare(*store_, a, b));
        model.setPrediction(hone::messages::PredictReply{.memory = {{"peak_resident", 161000000}},
                                                         .model_bytes = 75600000});
        const auto row = [](const std::string& id) {
            const auto all = LedgerModel::metrics();
            return static_cast<int>(std::find(all.begin(), all.end(), id) - all.begin());
        };
        QCOMPARE(model.index(row("peak_memory"), LedgerModel::Predicted).data().toString(),
                 QString::fromUtf8("161\u00a0MB"));
        QCOMPARE(model.index(row("peak_memory"), LedgerModel::Measured).data().toString(),
                 QString::fromUtf8("164\u00a0MB"));
        const int decode = row("decode_tokens_per_second");
        QVERIFY(!model.index(decode, LedgerModel::Predicted).data().isValid());
        QCOMPARE(model.index(row("peak_memory"), LedgerModel::OffBy).data().toString(),
                 QString::fromUtf8("−2 %"));
        model.setCalibrating(true);
        QCOMPARE(model.index(decode, LedgerModel::Predicted).data().toString(),
                 QString::fromUtf8("…"));
        QVERIFY(!model.index(row("perplexity"), LedgerModel::Predicted).data().isValid());
        model.setCalibrating(false);
        // What the run was predicted to do goes before what is predicted now.
        auto foreseen = b;
        const double measured = b.metrics.at("decode_tokens_per_second").value;
        foreseen.predicted = {{"decode_tokens_per_second", 1.2 * measured}};
        model.setRuns(a, foreseen, hone::profiler::compare(*store_, a, b));
        model.setPrediction(hone::messages::PredictReply{
            .times = std::map<std::string, double>{{"decode_tokens_per_second", 1.0}}});
        QCOMPARE(model.index(decode, LedgerModel::OffBy).data().toString(),
                 QStringLiteral("+20 %"));
        model.setRuns(a, {}, {});
        QCOMPARE(model.index(decode, LedgerModel::Predicted).data().toString(),
                 QStringLiteral("1"));
        QVERIFY(!model.index(decode, LedgerModel::OffBy).data().isValid());
        model.setRuns(a, b, hone::profiler::compare(*store_, a, b));
        QCOMPARE(model.index(row("kl_divergence"), LedgerModel::Verdict).data().toString(),
                 QString());
        QVERIFY(
            !model.index(row("kl_divergence"), LedgerModel::Interval).data().toString().isEmpty());
    }

    void newestPairFitsModelRecipeAndWorkload() {
        const auto runs = store_->list();
        const auto wanted = store_->load(baseline_ + 4)->what.recipe;
        const StoredPair pair = newestPair(runs, testing::inventedModel, wanted, workload, target);
        QVERIFY(pair.candidate && pair.baseline);
        QCOMPARE(pair.candidate->id, baseline_ + 4);
        QCOMPARE(pair.baseline->id, baseline_);
        auto longer = workload;
        longer["prompt_tokens"] = 4096;
        const auto on = [&](const nlohmann::json& machine) {
            return newestPair(runs, testing::inventedModel, wanted, workload, target, machine)
                .candidate;
        };
        QVERIFY(on({{"hostname", "workbench"}, {"isa", "AVX2"}}));
        QVERIFY(!on({{"hostname", "elsewhere"}}));
        QVERIFY(!newestPair(runs, testing::inventedModel, wanted, longer, target).baseline);
        const StoredPair plain =
            newestPair(runs, testing::inventedModel, nlohmann::json::array(), workload, target);
        QVERIFY(plain.baseline && !plain.candidate);
    }

    void newestPairFitsWhatAWorkerResolved() {
        hone::profiler::NewRun stored = store_->load(baseline_)->what;
        stored.workload["text_hash"] = "b5c150e9";
        stored.workload["prompt_tokens"] = 333;
        stored.environment["physical_cores"] = 2;
        stored.recipe = nlohmann::json::array();
        const std::int64_t run = store_->begin_run(stored);
        store_->finish_run(run, "done", "", 1);
        auto asked = workload;
        asked["prompt_tokens"] = 333;
        const auto newest = [&](const nlohmann::json& on) {
            return newestPair(store_->list(), testing::inventedModel, nlohmann::json::array(),
                              asked, on)
                .baseline;
        };
        QVERIFY(newest({{"device", "cpu"}, {"threads", 0}}));
        QVERIFY(newest({{"device", "cpu"}, {"threads", 2}}));
        QVERIFY(!newest({{"device", "cpu"}, {"threads", 1}}));
    }

    void tokenTimesAreDifferencesOfStamps() {
        const TokenTimes times = tokenTimes({{{0.1, 0.11, 0.13}, {0.1, 0.12}}});
        QCOMPARE(times.index, (std::vector<double>{2, 3}));
        QVERIFY(std::abs(times.mean[0] - 15) < 1e-9 && std::abs(times.low[0] - 10) < 1e-9);
        QVERIFY(std::abs(times.mean[1] - 20) < 1e-9);
        const RepetitionValues values =
            repetitionValues(store_->samples(baseline_), "decode_tokens_per_second");
        QCOMPARE(values.x.front(), -2.0);
        QCOMPARE(values.x.back(), 5.0);
        QVERIFY(values.warmup.front() && !values.warmup.back());
    }

private:
    QTemporaryDir folder_{testing::quickFolder()};
    std::unique_ptr<Store> store_;
    std::int64_t baseline_ = 0;
};

QTEST_MAIN(TestRuns)
#include "test_runs.moc"
