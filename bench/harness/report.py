# SPDX-License-Identifier: Apache-2.0
"""Writing about what was measured."""

import statistics
import time

from harness.figures import figures, slopes
from harness.sections import SERIES

WORDS = {True: "yes", False: "**no**", None: "-"}


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def figures_table(bench):
    return table(("what", "target", "measured", "reached"),
                 [(row.what, row.target, row.measured, WORDS[row.reached])
                  for row in figures(bench)])


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def case_row(case, base):
    if case.failure:
        return (case.name, "failed: " + case.failure.replace("|", "/"), "", "", "", "")
    times = [run.seconds for run in case.runs]
    processor = case.median("user") + case.median("system")
    return (case.name,
            f"{seconds(case.seconds)} ({seconds(min(times))} to {seconds(max(times))}, "
            f"{len(times)} runs)" if len(times) > 1 else f"{seconds(case.seconds)} (1 run)",
            "" if case is base or base.failure else f"{case.seconds / base.seconds:.2f}",
            seconds(processor), f"{case.memory / 1024:.0f}",
            f"{case.size / 1e6:,.1f}" if case.size else "")


def section_text(section):
    header = ("what", "seconds, median", "of the first build's" if section.base.key == "first"
              else "of stratapack's", "CPU seconds", "memory, MiB", "size, MB")
    rows = [case_row(case, section.base) for case in section.cases]
    text = f"## {section.title}\n\n{section.workload}\n\n"
    if section.text:
        text += section.text + "\n\n"
    return text + table(header, rows)


def series_text(bench):
    parts = ["## Scaling\n\nMicroseconds of one more item (of one tiny file) and of one more file "
             "(12 kB in the mean): the slope between the sizes."]
    for kind, sizes in SERIES.items():
        rows = [(key, *(f"{value:.1f}" for value in slope)) for key, slope in slopes(bench, kind)]
        if rows:
            header = [f"{sizes[i]:,} to {sizes[i + 1]:,}" for i in range(len(sizes) - 1)]
            parts.append(table(("items" if kind == "tiny" else "files", *header), rows))
    return "\n\n".join(parts)


def foreign_load(bench):
    loads = [run.foreign for case in bench.cases.values() for run in case.runs
             if run.seconds > 0.1]
    return (statistics.median(loads), max(loads)) if loads else (0, 0)


def write(bench, machine, file):
    middle, most = foreign_load(bench)
    quiet = ("The machine was quiet." if middle < 0.05 else
             "**Others used the machine meanwhile: the seconds are rough, those of the processors "
             "say more.**")
    parts = [
        "# stratapack against its peers",
        f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())} by `make bench`; medians of up to "
        f"{bench.runner.runs} runs in turn. While they ran, other processes kept {middle:.2f} "
        f"processors busy in the median run, {most:.2f} in the worst. {quiet}",
        table(("machine", ""), machine),
        "\n".join("- " + note for note in notes(bench)),
        "## Figures to reach\n\n" + figures_table(bench),
    ]
    parts += [section_text(section) for section in bench.sections if section.title != "Scaling"]
    if any(section.title == "Scaling" for section in bench.sections):
        parts.append(series_text(bench))
    file.write("\n\n".join(parts) + "\n")


def notes(bench):
    yield ("GNU tar, openssl, pigz, zstd, umoci and skopeo are the programs themselves. \"Two "
           "passes in Python\" is not Nixpkgs' image builder but an equivalent of ours with its way "
           "of working (`bench/peers/two_pass.py`): every layer is archived twice by `tarfile`, "
           "once for its digest, once into the image, in one process.")
    if bench.options.guix:
        yield ("Guix's `build-docker-image` is its own procedure, from Guix's package, called as a "
               "derivation would, on the same items; its layers are those that it chooses.")
    else:
        yield "Guix was not measured" + bench.options.guix_reason + "."
    yield ("Memory is the peak of the largest process; a pipeline of several has more. Sizes are of "
           "all files of the output.")
    yield from dict.fromkeys(bench.notes)


def print_quick(bench, stream):
    """The figures for a person at a terminal."""
    rows = figures(bench)
    width = max(len(row.what) for row in rows)
    for row in rows:
        word = {True: "reached", False: "MISSED", None: ""}[row.reached]
        print(f"{row.what:{width}}  {row.measured:>14}  {row.target:<25} {word}".rstrip(),
              file=stream)
    middle, most = foreign_load(bench)
    print(f"other processes kept {middle:.2f} processors busy meanwhile, {most:.2f} at worst",
          file=stream)
