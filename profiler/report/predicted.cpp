// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/predicted.h"

#include "profiler/statistics/metrics.h"

namespace hone::profiler {
namespace {

using Json = nlohmann::json;

const Json* number_at(const Json& object, std::string_view key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() || !found->is_number() ? nullptr : &*found;
}

Json object_at(const Json& object, const char* key) {
    return object.is_object() && object.contains(key) ? object[key] : Json();
}

}  // namespace

std::map<std::string, double> predicted_metrics(const Json& reply) {
    std::map<std::string, double> result;
    const Json times = object_at(reply, "times"), memory = object_at(reply, "memory");
    if (times.is_object())
        for (const auto& [id, value] : times.items())
            if (value.is_number()) result[id] = value.get<double>();
    for (const MetricDefinition& metric : metric_definitions()) {
        const Json* value = metric.source == Source::memory ? number_at(memory, metric.memory_class)
                            : metric.source == Source::prepared ? number_at(reply, metric.id)
                                                                : nullptr;
        if (value != nullptr) result[std::string(metric.id)] = value->get<double>();
    }
    return result;
}

}  // namespace hone::profiler
