// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "ui/models/model_facts.h"
#include "ui/models/session.h"

namespace hone::ui {

// A folder where models are looked for, and what people call it.
struct ModelPlace {
    QString folder, name;
};
std::vector<ModelPlace> modelPlaces();  // those of this user; they need not exist
QString sampleModelPath();              // where scripts/run.sh keeps the default model

// The GGUF files and Hugging Face folders on this disk. They are found on another thread, then each
// is inspected in a worker, two at a time, so that opening a model never waits for the list.
class FoundModels : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { name, architecture, parameters, type, size, here, foundIn, columns };
    static constexpr int SortRole = Qt::UserRole + 1;
    static constexpr int PathRole = Qt::UserRole + 2;

    explicit FoundModels(Session& session, QObject* parent = nullptr);
    void scan(const std::vector<ModelPlace>& places = modelPlaces());
    bool scanning() const { return scanning_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

signals:
    void scanned();  // the list is known; their facts follow

private:
    struct Row {
        QString path, place;
        double fileBytes = 0;
        ModelFacts facts;
        double peak = 0, needed = 0, available = 0;  // of a predicted run; 0 where not known
        QString refusal;                             // why it would not run the current workload
        QString shortage;                            // why memory does not hold it
        QString problem;                             // why it cannot be used
    };
    void inspectNext();
    struct Inspected;
    void fill(std::size_t index, const Inspected& inspected);
    void fail(std::size_t index, const ErrorDetails& error);
    void filled(std::size_t index);
    QVariant text(const Row& row, int column) const;
    QVariant sortValue(const Row& row, int column) const;
    QString verdict(const Row& row) const;
    QString tooltip(const Row& row, int column) const;

    Session& session_;
    std::vector<Row> rows_;
    std::size_t next_ = 0;
    int inFlight_ = 0;
    int generation_ = 0;
    bool scanning_ = false;
};

}  // namespace hone::ui
