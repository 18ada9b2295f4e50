// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/predicted.h"

#include <nlohmann/json.hpp>

#include "profiler/statistics/metrics.h"

namespace hone {

std::map<std::string, double> predicted_metrics(const messages::PredictReply& reply) {
    std::map<std::string, double> result = reply.times.value_or(std::map<std::string, double>());
    const nlohmann::json fields = messages::write(reply);  // metrics name the figure that they are
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions()) {
        const std::string id(metric.id);
        if (metric.source == profiler::Source::memory) {
            const auto bytes = reply.memory.find(std::string(metric.memory_class));
            if (bytes != reply.memory.end()) result[id] = static_cast<double>(bytes->second);
        } else if (metric.source == profiler::Source::prepared) {
            const auto figure = fields.find(id);
            if (figure != fields.end() && figure->is_number()) result[id] = figure->get<double>();
        }
    }
    return result;
}

}  // namespace hone
