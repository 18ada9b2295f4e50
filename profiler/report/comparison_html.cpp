// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "profiler/report/comparison_pictures.h"
#include "profiler/report/comparison_report.h"
#include "profiler/report/text_forms.h"
#include "profiler/statistics/metrics.h"

namespace hone::profiler {
namespace {

// The page may load and run nothing, whatever is in it.
constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>)";

constexpr std::string_view kStyle = R"(</title>
<style>
:root { --page: #f7f8fa; --card: #ffffff; --line: #d9dde3; --grid: #eceff3; --text: #1c2128;
  --muted: #5d6673; --good: #1a7f4b; --bad: #b42318; --open: #6b7480; --run: #2f6fde;
  --baseline: #64748b; }
@media (prefers-color-scheme: dark) { :root { --page: #15181d; --card: #1d2127; --line: #363c45;
  --grid: #2a2f37; --text: #e6e9ee; --muted: #9aa4b2; --good: #4cc38a; --bad: #ff8b7e;
  --open: #9aa4b2; --run: #6ea0ff; --baseline: #94a3b8; } }
body { background: var(--page); color: var(--text); margin: 0 auto; max-width: 1100px;
  padding: 24px; font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 28px 0 8px; }
h3 { font-size: 13px; margin: 16px 0 4px; color: var(--muted); }
p, li { color: var(--muted); } section { overflow-x: auto; }
table { border-collapse: collapse; background: var(--card); border: 1px solid var(--line);
  width: 100%; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--grid); text-align: left;
  vertical-align: top; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
th { color: var(--muted); font-weight: 600; }
small { display: block; color: var(--muted); }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); padding: 12px; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--text); } svg .tick { fill: var(--muted); text-anchor: middle; }
svg .axis { fill: var(--muted); } svg .group { font-weight: 600; }
svg .grid { stroke: var(--grid); } svg .one { stroke: var(--muted); stroke-dasharray: 3 3; }
svg text.good { fill: var(--good); } svg text.bad { fill: var(--bad); }
svg text.open { fill: var(--muted); } svg .interval { stroke-width: 3; stroke-linecap: round; }
svg line.good { stroke: var(--good); } svg line.bad { stroke: var(--bad); }
svg line.open { stroke: var(--open); } svg circle.good { fill: var(--good); }
svg circle.bad { fill: var(--bad); } svg circle.open { fill: var(--open); }
svg rect.run { fill: var(--run); } svg rect.baseline { fill: var(--baseline); }
svg .whisker { stroke: var(--text); stroke-width: 1.5; }
</style>
</head>
<body>
)";

std::string cell_html(const ReportCell& cell) {
    const std::string_view tone = cell.good ? "good" : cell.bad ? "bad" : "open";
    if (cell.verdict.empty()) return fmt::format("<td>{}</td>", html_text(cell.figure));
    std::string html =
        fmt::format("<td><span class=\"{}\">{}</span>", tone, html_text(cell.verdict));
    if (!cell.interval.empty()) html += fmt::format(" {}", html_text(cell.interval));
    if (!cell.reason.empty()) html += fmt::format("<small>{}</small>", html_text(cell.reason));
    if (!cell.figure.empty()) html += fmt::format("<small>{}</small>", html_text(cell.figure));
    return html + "</td>";
}

std::string verdict_table(const ComparedRuns& compared) {
    std::string html = fmt::format("<section><table>\n<thead><tr><th>Metric</th><th>{}</th>",
                                   html_text(report_title(compared.baseline)));
    for (const RunRecord& run : compared.runs)
        html += fmt::format("<th>{}</th>", html_text(report_title(run)));
    html += "</tr></thead>\n<tbody>\n";
    for (const ReportRow& row : report_rows(compared)) {
        html += fmt::format("<tr><th>{}</th><td>{}</td>", html_text(std::string(row.metric->title)),
                            html_text(row.baseline));
        for (const ReportCell& cell : row.cells) html += cell_html(cell);
        html += "</tr>\n";
    }
    return html + "</tbody></table></section>\n";
}

std::string notes(const ComparedRuns& compared) {
    std::string items;
    for (const std::string& line : warning_lines(compared.comparisons))
        items += fmt::format("<li>{}</li>\n", html_text(line));
    const auto add = [&items](const RunRecord& run) {
        for (const std::string& note : run.notes_from_run)
            items += fmt::format("<li>run {}: {}</li>\n", run.id, html_text(note));
        if (!run.note.empty())
            items += fmt::format("<li>note on run {}: {}</li>\n", run.id, html_text(run.note));
    };
    add(compared.baseline);
    for (const RunRecord& run : compared.runs) add(run);
    return items.empty() ? "" : "<h2>To be kept in mind</h2>\n<ul>\n" + items + "</ul>\n";
}

std::string pictures(const ComparedRuns& compared) {
    std::string html;
    if (const std::string ratios = ratios_picture(compared); !ratios.empty())
        html += "<h2>Against the baseline</h2>\n<figure>" + ratios + "</figure>\n";
    std::string bars;
    for (const MetricDefinition& metric : metric_definitions()) {
        if (!metric.run_list) continue;
        if (const std::string picture = bars_picture(compared, metric); !picture.empty())
            bars += fmt::format("<h3>{}</h3>\n<figure>{}</figure>\n",
                                html_text(std::string(metric.title)), picture);
    }
    return bars.empty() ? html : html + "<h2>Figures</h2>\n" + bars;
}

std::string runs_table(const ComparedRuns& compared) {
    std::string html =
        "<h2>The runs</h2>\n<section><table>\n<thead><tr><th>Run</th><th>Recipe</th><th>Model</th>"
        "<th>Checkpoint</th><th>Status</th><th>When (UTC)</th></tr></thead>\n<tbody>\n";
    const auto add = [&html](const RunRecord& run, std::string_view side) {
        html += fmt::format(
            "<tr><td>{}<small>{}</small></td><td>{}<small>{}</small></td><td>{}</td><td>{}</td>"
            "<td>{}</td><td>{}</td></tr>\n",
            run.id, side, html_text(run.what.recipe_label), html_text(json_text(run.what.recipe)),
            html_text(run.what.model_name), html_text(run.what.model_source),
            html_text(run.reason.empty() ? run.status : run.status + ": " + run.reason),
            html_text(run.created));
    };
    add(compared.baseline, "baseline");
    for (const RunRecord& run : compared.runs) add(run, "compared");
    return html + "</tbody></table></section>\n";
}

}  // namespace

std::string comparison_html(const ComparedRuns& compared) {
    const std::string title = fmt::format("Runs compared with run {}", compared.baseline.id);
    std::string html(kHead);
    html += html_text(title);
    html += kStyle;
    html += fmt::format("<h1>{}</h1>\n<p>{}</p>\n", html_text(title),
                        html_text(compared.baseline.what.model_name));
    html += verdict_table(compared);
    html +=
        "<p>With each verdict stands the 99 % interval that decides it, in the verdict's "
        "direction. Figures in brackets are 95 % intervals. Each interval is of its own "
        "comparison: the more runs are compared, the likelier one verdict is chance.</p>\n";
    return html + notes(compared) + pictures(compared) + runs_table(compared) +
           "<p>Made by Hone.</p>\n</body>\n</html>\n";
}

}  // namespace hone::profiler
