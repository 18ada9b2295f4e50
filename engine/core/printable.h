// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/base/printable.h"  // where the profiler's folders find it too
