// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "engine/core/error.h"
#include "engine/experiment/protocol/messages/model.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/checkpoint.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

struct Moments {
    std::int64_t count = 0, zeros = 0, nans = 0, infs = 0;
    double sum = 0, squares = 0;
    double low = std::numeric_limits<double>::infinity(),
           high = -std::numeric_limits<double>::infinity();

    void add(float value) {
        ++count;
        if (std::isnan(value)) {
            ++nans;
        } else if (std::isinf(value)) {
            ++infs;
        } else {
            if (value == 0) ++zeros;
            const double exact = value;
            sum += exact;
            squares += exact * exact;
            low = std::min(low, exact);
            high = std::max(high, exact);
        }
    }
    std::int64_t finite() const { return count - nans - infs; }
};

template <typename Visit>
void each_row(const StoredTensor& tensor, const Progress& progress, const Visit& visit) {
    std::vector<float> row(static_cast<std::size_t>(tensor.cols()));
    for (std::int64_t r = 0; r < tensor.rows(); ++r) {
        if (r % 256 == 0) progress.check();
        dequantize_row(tensor.type, tensor.row(r), row.data(), tensor.cols());
        for (const float value : row) visit(value);
    }
}

}  // namespace

template <>
messages::TensorStatsReply answer(const messages::TensorStats& request, WorkerContext& context) {
    const Progress progress = context.progress("run");
    const std::string& source = request.checkpoint;
    // Only this tensor of a file is read: neither the order of its rows nor the width of its
    // numbers matters here.
    const Checkpoint checkpoint = open_checkpoint(source, source.starts_with("synthetic:"));
    const std::string& name = request.tensor;
    const StoredTensor* found = checkpoint.find(name);
    if (found == nullptr)
        throw Error(ErrorDetails{"", checkpoint.source, "tensor", "'" + name + "'",
                                 "the name of a tensor of this file", Fault::argument});
    StoredTensor as_stored = *found;
    if (as_stored.data.empty()) {
        as_stored.data = as_stored.unread;
        as_stored.type = as_stored.unread_type;
    }
    const StoredTensor* const tensor = &as_stored;
    const auto bins = static_cast<std::size_t>(std::clamp(request.bins, 1, 4096));
    Moments moments;
    each_row(*tensor, progress, [&moments](float value) { moments.add(value); });
    if (moments.finite() == 0) moments.low = moments.high = 0;
    const double n = std::max<double>(1, static_cast<double>(moments.finite()));
    const double mean = moments.sum / n;
    const double deviation = std::sqrt(std::max(0.0, moments.squares / n - mean * mean));
    const double width = (moments.high - moments.low) / static_cast<double>(bins);
    std::vector<std::int64_t> counts(bins);
    std::int64_t outliers = 0;
    each_row(*tensor, progress, [&](float value) {
        if (!std::isfinite(value)) return;
        const double place = width > 0 ? (static_cast<double>(value) - moments.low) / width : 0;
        ++counts[std::min(bins - 1, static_cast<std::size_t>(place))];
        if (std::abs(static_cast<double>(value) - mean) > 6 * deviation) ++outliers;
    });
    return {.count = moments.count,
            .zeros = moments.zeros,
            .nans = moments.nans,
            .infs = moments.infs,
            .min = moments.low,
            .max = moments.high,
            .mean = mean,
            .std = deviation,
            .absmax = std::max(std::abs(moments.low), std::abs(moments.high)),
            .outliers = outliers,
            .histogram = {.low = moments.low, .high = moments.high, .counts = std::move(counts)}};
}

}  // namespace hone
