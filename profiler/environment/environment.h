// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace hone::profiler {

// What this machine is and how busy: "cpu", "logical_cores", "physical_cores" (those this process
// may use), "memory_total", "os", "kernel", "hostname", "governor" (null where there is none),
// "load_average", and of the build "hone_version", "commit", "build_type", "compiler", "libraries"
// {name: version}. Bytes are bytes. Never fails: what cannot be read is null.
nlohmann::json describe_environment();

// Physical cores among those this process may run on; at least 1.
int physical_cores();

}  // namespace hone::profiler
