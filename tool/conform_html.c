/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_html.c - the report on kernels as one page that needs nothing but itself */

#include "tool/conform.h"

#include <inttypes.h>
#include <string.h>

#include "tool/conform_html.h"
#include "tool/html.h"

static const char style[] =
	":root{color-scheme:light dark;--text:#1b1b1b;--page:#fff;--soft:#595959;--line:#c9c9c9;"
	"--good:#0a6b2d;--bad:#b00020;--warn:#7a4b00;--head:#f1f1f1;--link:#0b57d0}\n"
	"@media(prefers-color-scheme:dark){:root{--text:#e6e6e6;--page:#161616;--soft:#ababab;"
	"--line:#4a4a4a;--good:#6fd08c;--bad:#ff8a8a;--warn:#f0b860;--head:#262626;"
	"--link:#9ec1ff}}\n"
	"body{margin:0 auto;max-width:75rem;padding:1rem;color:var(--text);"
	"background:var(--page);font:1rem/1.45 system-ui,sans-serif}\n"
	"a{color:var(--link)}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}"
	"h3{font-size:1rem;margin:1.2rem 0 .3rem;overflow-wrap:anywhere}\n"
	"code,pre,.test{font-family:ui-monospace,monospace;font-size:.9em}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0}\n"
	".scroll{overflow-x:auto}table{border-collapse:collapse}"
	"caption{text-align:left;color:var(--soft);padding:.3rem 0}\n"
	"th,td{border:1px solid var(--line);padding:.2rem .55rem;text-align:left;"
	"vertical-align:top}thead th{background:var(--head);position:sticky;top:0}"
	"th[scope=row]{font-weight:normal}td.n{text-align:right}\n"
	".l{text-align:center;font-family:ui-monospace,monospace;font-weight:bold}"
	".good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}"
	".soft{color:var(--soft)}\n"
	"summary{cursor:pointer;overflow-wrap:anywhere}dl{margin:.3rem 0}"
	"dt{font-weight:bold}dd{margin:0 0 .4rem 1.2rem}\n"
	"article dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}"
	"article dt{font-weight:normal;color:var(--soft)}article dd{margin:0}\n"
	"dl.legend div{display:flex;gap:.8rem}dl.legend dd{margin:0}\n"
	":focus-visible{outline:2px solid var(--link);outline-offset:2px}\n"
	".hidden{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%);white-space:nowrap}\n"
	"@media print{details::details-content{content-visibility:visible}}\n";

const char *conform_html_class(char letter)
{
	if (strchr("C!E", letter))
		return "bad";
	if (strchr("kmft", letter))
		return "warn";
	return letter == '.' ? "good" : "soft";
}

static void begin_section(FILE *out, const char *id, const char *title)
{
	fprintf(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">", id, id);
	html_text(out, title);
	fputs("</h2>\n", out);
}

static void end_section(FILE *out)
{
	fputs("</section>\n", out);
}

static void print_head(const struct conform *conform, FILE *out)
{
	char summary[512];
	bool complete = conform_is_complete(conform);

	conform_summary(conform, summary, sizeof(summary));
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>",
	      out);
	html_printf(out, "cowherd conform: %s", summary);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n", style);
	fputs("<h1>Linux kernels and the model of their era</h1>\n<p>", out);
	html_printf(out, "%s.", summary);
	fputs("</p>\n", out);
	if (!complete)
		fputs("<p class=\"bad\"><strong>This report is incomplete.</strong></p>\n", out);
	fputs("</header>\n<main>\n", out);
}

static void print_number(FILE *out, int nr, const char *class)
{
	if (nr)
		fprintf(out, "<td class=\"n %s\">%d</td>", class, nr);
	else
		fputs("<td class=\"n soft\">0</td>", out);
}

static void print_kernel(const struct conform *conform, FILE *out, int kernel)
{
	const struct target *target = &conform->run.targets.targets[kernel];
	struct conform_counts counts = conform_count(conform, kernel);

	fputs("<tr><th scope=\"row\">", out);
	html_text(out, target->name);
	fputs("</th><td>", out);
	html_text(out, conform->run.targets.targets[kernel].release);
	fputs("</td><td>", out);
	html_text(out, target->model);
	fprintf(out, "</td><td class=\"n\">%d</td><td class=\"n\">%.0f%%</td>", counts.tests,
		conform_percent_run(&counts));
	print_number(out, counts.verdicts[CONFORM_AGREES], "good");
	print_number(out, counts.verdicts[CONFORM_UNSEEN], "");
	print_number(out, counts.unexplained, "bad");
	print_number(out, counts.explained, "warn");
	print_number(out, counts.verdicts[CONFORM_SKIPPED], "");
	print_number(out, counts.verdicts[CONFORM_INCOMPLETE], "bad");
	print_number(out, counts.verdicts[CONFORM_FAILED], "bad");
	fprintf(out, "<td class=\"n\">%.1f</td><td class=\"n\">%.3f</td>", counts.seconds,
		conform_seconds_each(&counts));
	if (conform->kernels[kernel].boot > 0)
		fprintf(out, "<td class=\"n\">%.1f</td></tr>\n", conform->kernels[kernel].boot);
	else
		fputs("<td class=\"n soft\">none</td></tr>\n", out);
}

static void print_kernels(const struct conform *conform, FILE *out)
{
	static const char *const titles[] = {
		"kernel",
		"release",
		"era",
		"tests",
		"ran",
		"agree",
		"agree, not all seen",
		"diverge, unexplained",
		"diverge, explained",
		"skipped",
		"incomplete",
		"failed",
		"seconds",
		"seconds a test",
		"seconds to boot",
	};

	begin_section(out, "kernels", "Kernels");
	fputs("<div class=\"scroll\" role=\"region\" aria-labelledby=\"kernels\" tabindex=\"0\">"
	      "<table>\n<thead><tr>",
	      out);
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		fprintf(out, "<th scope=\"col\">%s</th>", titles[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (int i = 0; i < conform->run.targets.nr; i++)
		print_kernel(conform, out, i);
	fputs("</tbody>\n</table></div>\n", out);
	end_section(out);
}

static void print_all_divergences(const struct conform *conform, FILE *out, bool explained)
{
	for (int i = 0; i < conform->run.nr_rows; i++) {
		for (int j = 0; j < conform->run.targets.nr && conform->rows[i].cells; j++)
			conform_html_divergences(conform, out, i, j, explained);
	}
}

static void print_divergences(const struct conform *conform, FILE *out)
{
	struct conform_counts counts = conform_count(conform, -1);

	begin_section(out, "divergences", "Divergences");
	if (counts.verdicts[CONFORM_DIVERGES] == 0)
		fputs("<p>None: all that a kernel did, the model of its era allows.</p>\n", out);
	print_all_divergences(conform, out, false);
	if (counts.explained_outcomes) {
		fprintf(out, "<details><summary>%d explained</summary>\n",
			counts.explained_outcomes);
		print_all_divergences(conform, out, true);
		fputs("</details>\n", out);
	}
	end_section(out);
}

static void print_cell(const struct conform_cell *cell, FILE *out)
{
	char letter = conform_letter(cell);

	fprintf(out,
		"<td class=\"l %s\"><span aria-hidden=\"true\">%c</span>"
		"<span class=\"hidden\">%s</span></td>",
		conform_html_class(letter), letter, conform_letter_text(letter));
}

static void print_test(const struct conform *conform, FILE *out, int row)
{
	fputs("<tr><th scope=\"row\"><details><summary class=\"test\">", out);
	html_text(out, conform->run.rows[row].test->name);
	fputs("</summary>\n", out);
	conform_html_row(conform, out, row);
	fputs("</details></th>", out);
	for (int i = 0; i < conform->run.targets.nr; i++)
		print_cell(&conform->rows[row].cells[i], out);
	fputs("</tr>\n", out);
}

static void print_legend(FILE *out)
{
	fputs("<details><summary>What the letters mean</summary>\n<dl class=\"legend\">\n", out);
	for (const char *letter = conform_letters; *letter; letter++)
		fprintf(out, "<div><dt class=\"l %s\">%c</dt><dd>%s</dd></div>\n",
			conform_html_class(*letter), *letter, conform_letter_text(*letter));
	fputs("</dl></details>\n", out);
}

static void print_tests(const struct conform *conform, FILE *out)
{
	begin_section(out, "tests", "Tests");
	print_legend(out);
	fputs("<div role=\"region\" aria-labelledby=\"tests\"><table>\n<thead><tr>"
	      "<th scope=\"col\">test</th>",
	      out);
	for (int i = 0; i < conform->run.targets.nr; i++) {
		fputs("<th scope=\"col\">", out);
		html_text(out, conform->run.targets.targets[i].name);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (int i = 0; i < conform->run.nr_rows; i++) {
		if (conform->rows[i].cells)
			print_test(conform, out, i);
	}
	fputs("</tbody>\n</table></div>\n", out);
	end_section(out);
}

static void print_reasons(const struct conform *conform, FILE *out, int kernel,
			  enum conform_verdict verdict)
{
	const char *reason;
	int row = 0, count;

	while ((reason = conform_next_reason(conform, kernel, verdict, &row, &count))) {
		fputs("<tr><th scope=\"row\">", out);
		html_text(out, conform->run.targets.targets[kernel].name);
		fprintf(out, "</th><td class=\"n\">%d</td><td>%s</td><td>", count,
			conform_verdict_name(verdict));
		html_text(out, reason);
		fputs("</td></tr>\n", out);
	}
}

static void print_undone(const struct conform *conform, FILE *out)
{
	struct conform_counts counts = conform_count(conform, -1);

	if (counts.verdicts[CONFORM_SKIPPED] + counts.verdicts[CONFORM_INCOMPLETE] +
		    counts.verdicts[CONFORM_FAILED] ==
	    0)
		return;
	begin_section(out, "undone", "Not run to the end");
	fputs("<table>\n<thead><tr><th scope=\"col\">kernel</th><th scope=\"col\">tests</th>"
	      "<th scope=\"col\">what</th><th scope=\"col\">why</th></tr></thead>\n<tbody>\n",
	      out);
	for (int i = 0; i < conform->run.targets.nr; i++) {
		print_reasons(conform, out, i, CONFORM_SKIPPED);
		print_reasons(conform, out, i, CONFORM_INCOMPLETE);
		print_reasons(conform, out, i, CONFORM_FAILED);
	}
	fputs("</tbody>\n</table>\n", out);
	end_section(out);
}

static void print_stale(const struct conform *conform, FILE *out)
{
	bool any = false;

	for (int i = 0; i < conform->known->nr; i++) {
		const struct known *known = &conform->known->entries[i];

		if (!conform_is_stale(conform, known))
			continue;
		if (!any) {
			begin_section(out, "stale", "Explained, but not seen");
			fputs("<ul>\n", out);
		}
		any = true;
		fputs("<li><code>", out);
		html_printf(out, "%s:%d: %s | %s | %s", conform->known->path, known->line,
			    known->kernels, known->tests, known->outcome);
		fputs("</code></li>\n", out);
	}
	if (!any)
		return;
	fputs("</ul>\n", out);
	end_section(out);
}

static void print_errors(const struct conform *conform, FILE *out)
{
	if (!conform->run.nr_bad)
		return;
	begin_section(out, "errors", "Not read");
	fprintf(out, "<p>%d in all.</p>\n<ul>\n", conform->run.nr_bad);
	for (int i = 0; i < conform->run.nr_rows; i++) {
		if (!conform->run.rows[i].error[0])
			continue;
		fputs("<li>", out);
		html_text(out, conform->run.rows[i].error);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
	end_section(out);
}

int conform_print_html(const struct conform *conform, FILE *out)
{
	print_head(conform, out);
	print_kernels(conform, out);
	print_divergences(conform, out);
	print_stale(conform, out);
	print_errors(conform, out);
	print_tests(conform, out);
	print_undone(conform, out);
	fputs("</main>\n<footer><p class=\"soft\">", out);
	html_printf(out, "cowherd %s", COWHERD_VERSION);
	fputs("</p></footer>\n</body>\n</html>\n", out);
	return TOOL_OK;
}
