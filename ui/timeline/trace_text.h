// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

#include "ui/timeline/trace_data.h"

namespace hone::ui {

QString formatNanoseconds(double ns);  // "240 ns", "12.4 µs", "1.84 s"
QString formatMoment(double ns);  // "608.643 ms": since the trace began, to what its unit can tell
QString formatFlops(double flops);                     // "113 MFLOP"
QString formatBandwidth(double bytes, double ns);      // "15.2 GB/s"; "–" where no time passed
QString formatComputation(double flops, double ns);    // "33.1 GFLOP/s"
QString operationsText(std::int64_t count);            // "7,744 operations"
QString operationText(profiler::Operation operation);  // as it is called everywhere: "linear"
QString phaseText(profiler::TracePhase phase);         // "decode"
QString passText(const TraceData& data, std::size_t pass);  // "decode, pass 12"

// What is known of an event, a line each: name, operation, layer, phase, start, duration, bytes and
// FLOPs with their rates.
QStringList eventLines(const TraceData& data, std::size_t event);
QString eventTip(const TraceData& data, std::size_t event);  // the same as rich text

// "480 operations, 53.1 ms of 694 ms · 3.20 GB · 61.0 GB/s · 1.75 GFLOP · 33.0 GFLOP/s"
QString totalsText(const std::vector<profiler::KernelGroup>& totals, TimeRange range);

// Who recorded a device's trace, how much of it, and how far it can be trusted.
QString deviceText(const profiler::CudaTraceFacts& facts);
// Whose the bytes of a device's trace are: "bytes counted by CUPTI 13.0.1", "bytes by formula".
QString bytesSource(const profiler::Trace& trace);
// Why a trace is less than it could be: the reason of a fallback, of counters that were not read,
// and what tracing cost where that is more than 5 %.
QString traceDoubts(const profiler::Trace& trace);
// What must not be overlooked, in a few words: "kernels not seen", "12 kernels lost"; empty where
// all is well.
QString deviceDoubt(const profiler::CudaTraceFacts& facts);

}  // namespace hone::ui
