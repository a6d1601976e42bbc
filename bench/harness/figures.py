# SPDX-License-Identifier: Apache-2.0
"""The figures to reach, and whether they were."""

import dataclasses

from harness.sections import SERIES


@dataclasses.dataclass
class Figure:
    what: str
    target: str
    measured: str
    reached: bool


class Figures:
    def __init__(self, bench):
        self.bench = bench
        self.rows = []

    def times_faster(self, what, target, ours, peer):
        ours, peer = self.bench.seconds(*ours), self.bench.seconds(*peer)
        wanted = "not slower" if target == 1 else f"at least {target} times faster"
        if ours and peer:
            self._add(what, wanted, f"{peer / ours:.2f} times", peer / ours >= target)
        else:
            self._missing(what, wanted)

    def at_most(self, what, limit, value, show, target):
        if value is None:
            self._missing(what, target)
        else:
            self._add(what, target, show(value), value <= limit)

    def fraction(self, what, limit, ours, of):
        part, whole = self.bench.seconds(*ours), self.bench.seconds(*of)
        self.at_most(what, limit, part / whole if part and whole else None,
                     lambda value: f"{100 * value:.1f} %", f"under {100 * limit:.0f} %")

    def _add(self, what, target, measured, reached):
        self.rows.append(Figure(what, target, measured, reached))

    def _missing(self, what, target):
        self.rows.append(Figure(what, target, "not measured", None))


def slopes(bench, kind):
    """The microseconds of one more item or file, between the sizes of a series, by command."""
    sizes = SERIES[kind]
    for key in ("plan", "describe"):
        if kind == "files" and key == "plan":
            continue
        seconds = [bench.seconds(f"series-{kind}-{size}", key) for size in sizes]
        if None in seconds:
            continue
        yield key, [1e6 * (seconds[i + 1] - seconds[i]) / (sizes[i + 1] - sizes[i])
                    for i in range(len(sizes) - 1)]


def flatness(bench, kind):
    """How much more an item or file costs in the upper part of a series than in the lower."""
    growth = [slope[-1] / slope[0] for _, slope in slopes(bench, kind) if slope[0] > 0]
    return max(growth, default=None)


def figures(bench):
    f = Figures(bench)
    f.times_faster("describe, uncompressed, against two passes in Python to /dev/null", 7,
                   ("none", "describe"), ("none", "peer-two-pass-null"))
    f.times_faster("`oci:` uncompressed, cache empty, against two passes in Python to a file", 5,
                   ("none", "oci"), ("none", "peer-two-pass"))
    ours, tar = bench.seconds("none", "oci"), bench.seconds("none", "peer-tar")
    f.at_most("the same, against `tar` alone writing the files to a file", 1.3,
              ours / tar if ours and tar else None, lambda value: f"{value:.2f} of its time",
              "within 1.3 of its time")
    if not bench.quick:
        f.times_faster("`docker-archive:` uncompressed, against Guix's `build-docker-image` with "
                       "100 layers, to a file", 6, ("none", "archive"), ("none", "peer-guix"))
    f.times_faster("gzip -6, against `tar` piped to `pigz -6` with as many threads", 1,
                   ("gzip", "oci"), ("gzip", "peer-pigz"))
    cases = bench.cases.get(("gzip", "oci")), bench.cases.get(("gzip", "peer-pigz"))
    f.at_most("the same, size", 1.01,
              cases[0].size / cases[1].size if all(cases) and cases[1].size else None,
              lambda value: f"{100 * (value - 1):+.2f} %", "at most 1 % larger")
    if bench.same_bytes is not None:
        f.at_most("the same, bytes with 1, 2, 3 and 8 threads", 0, int(not bench.same_bytes),
                  lambda value: "different" if value else "the same", "the same")
    f.times_faster("zstd -3, against `tar` piped to `zstd -3` with as many threads", 1,
                   ("zstd", "oci"), ("zstd", "peer-zstd"))
    for compression in ("none",) if bench.quick else ("none", "gzip:6", "zstd:3"):
        section = f"rebuild-{compression}"
        f.fraction(f"unchanged rebuild to an existing `oci:`, {compression}, of the first build",
                   0.05, (section, "unchanged"), (section, "first"))
        f.fraction(f"one small item changed, {compression}, of the first build", 0.10,
                   (section, "changed"), (section, "first"))
    if bench.quick:
        return f.rows
    for key, words in (("plan", "planning"), ("describe", "planning and bookkeeping"),
                       ("plan-json", "planning, from JSON,"),
                       ("describe-json", "planning and bookkeeping, from JSON,")):
        case = bench.cases.get(("bookkeeping-tiny-20000", key))
        f.at_most(f"{words} for 20,000 items", 0.2, case.seconds if case else None,
                  lambda value: f"{value:.3f} s", "under 0.2 s")
        f.at_most(f"{words} for 20,000 items, memory", 64, case.memory / 1024 if case else None,
                  lambda value: f"{value:.0f} MiB", "under 64 MiB")
    for kind, words in (("tiny", "item"), ("files", "file")):
        f.at_most(f"cost per {words}, from 10,000 to 50,000 against from 1,000 to 10,000", 1.25,
                  flatness(bench, kind), lambda value: f"{value:.2f} of it", "flat: within 1.25")
    limit = 100 + 16 * bench.threads
    for section, words in (("one-item", "one item of 4 GiB"), ("tiny-20000", "20,000 items")):
        peaks = [case.memory / 1024 for (where, key), case in bench.cases.items()
                 if where.startswith(section) and not key.startswith("peer")]
        f.at_most(f"peak memory, {words}", limit, max(peaks, default=None),
                  lambda value: f"{value:.0f} MiB", f"under {limit} MiB")
    return f.rows
