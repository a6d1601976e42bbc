# SPDX-License-Identifier: Apache-2.0
"""What is compared with what."""

import os
import shlex
import shutil
import time

from harness.measuring import Case, can_drop_caches, progress, remove_output
from workloads import packages, synthetic

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")
MAX_LAYERS = 100
# What stratapack calls a compression, what people do, and the program that does the same to a
# stream: its name, and its arguments for so many threads.
COMPRESSIONS = {
    "none": ("uncompressed", None, None),
    "gzip:6": ("gzip -6", "pigz", "-6 -p {}"),
    "zstd:3": ("zstd -3", "zstd", "-q -3 -T{}"),
}
PACKAGES = ["python3", "git", "nginx", "postgresql", "default-jdk-headless", "nodejs", "gcc", "g++"]
INSTALLED = ["python3", "git", "perl", "gcc"]
GIB = 1 << 30


class Bench:
    """One run of the benchmark: what it works with, and the sections that were measured."""

    def __init__(self, options, runner, program):
        self.options, self.runner, self.program = options, runner, program
        self.directory, self.out = options.directory, options.output
        self.threads = len(os.sched_getaffinity(0))
        self.quick = options.quick
        # Fewer than there are items: what cannot have a layer of its own is the strategy's matter.
        self.max_layers = 40 if options.quick else MAX_LAYERS
        self.sections = []  # of Section
        self.cases = {}     # (section, key) -> Case
        self.notes = []     # what the reader must know
        self.end = 0        # when what is being measured should be done, in monotonic time
        self.same_bytes = None  # of gzip, whatever the number of threads; None: not tried

    # --- workloads ------------------------------------------------------------------------------

    def workload(self, name):
        place = os.path.join(self.directory, "workloads", name)
        progress(f"workload {name}")
        if name == "packages":
            workload = packages.make(place, PACKAGES, os.path.join(self.directory, "downloads"))
        elif name == "installed":
            workload = packages.make(place, INSTALLED)
        elif name == "small-files":
            workload = synthetic.make(place, "small-files", 50, 1000)
        elif name == "one-item":
            workload = synthetic.make(place, "one-item", 4 * GIB)
        elif name.startswith("tiny-"):
            workload = synthetic.make(place, "tiny-items", int(name[len("tiny-"):]))
        elif name.startswith("files-"):
            workload = synthetic.make(place, "small-files", 1, int(name[len("files-"):]))
        else:
            raise ValueError(name)
        workload.plan = os.path.join(place, "plan.json")
        plan = Case("plan", f"plan of {name}", self.stratapack("plan", workload, "-o",
                                                               workload.plan))
        if not self.runner.run_once(plan):
            raise SystemExit(f"bench: cannot plan {name}: {plan.failure}")
        return workload

    def warm(self, workload):
        """Bring all of a workload into the page cache."""
        self.runner.run_once(Case("warm", "warm", tar(workload) + " | cat"))

    # --- commands -------------------------------------------------------------------------------

    def stratapack(self, command, workload, *more):
        return [self.program, command, "--graph", workload.graph, "--root", workload.root,
                "--max-layers", str(self.max_layers), *more]

    def build(self, workload, compression, *more):
        return self.stratapack("build", workload, "--quiet", "--compression", compression, *more)

    def place(self, name):
        return os.path.join(self.out, name)

    def oci_case(self, workload, compression, key="oci", cache=True, keep=False):
        """A first build to an OCI layout, with an empty cache or none."""
        output, cache_directory = self.place("oci"), self.place("cache")
        command = self.build(workload, compression, "-o", f"oci:{output}:image",
                             *(["--cache", cache_directory] if cache else ["--no-cache"]))
        return Case(key, "stratapack to oci:, " + ("cache empty" if cache else "without cache"),
                    command, output=output, before=lambda: remove_output(cache_directory))

    # --- results --------------------------------------------------------------------------------

    def allot(self, deadline, parts):
        """Let what is measured next take one of PARTS of the time up to the deadline."""
        now = time.monotonic()
        self.end = now + max(0, deadline - now) / parts

    def section(self, key, heading, workload, text, cases, base, parts=1, **how):
        """Measure a section. The cases are compared with the one whose key is BASE. What fails is
        reported as failed, and the rest goes on. It may take one of PARTS of the time that is left
        to what was asked for, see allot()."""
        cases = [case for case in cases if case]
        done = self.runner.run(cases, (self.end - time.monotonic()) / parts, **how)
        for case in cases:
            self.cases[key, case.key] = case
            if case.failure:
                progress(f"{case.name}: {case.failure}")
        self.sections.append(Section(heading, workload, text, cases, done[base]))
        remove_output(self.place("cache"))

    def seconds(self, section, key):
        case = self.cases.get((section, key))
        return case.seconds if case else None

    def needs(self, program):
        if shutil.which(program):
            return True
        self.notes.append(f"`{program}` is not on this machine: it was not compared.")
        return False


class Section:
    def __init__(self, title, workload, text, cases, base):
        self.title, self.text, self.cases, self.base = title, text, cases, base
        self.workload = (f"{workload.name}: {len(workload.items):,} items, {workload.files:,} files, "
                         f"{workload.bytes / 1e6:,.0f} MB") if workload else ""


# --- peers --------------------------------------------------------------------------------------

def tar(workload):
    """GNU tar as people make reproducible archives with it."""
    return ("tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner "
            f"-C {shlex.quote(workload.root)} -cf - gnu")


def tar_to(workload, output):
    return tar(workload).replace("-cf -", f"-cf {shlex.quote(output)}")


def two_pass(workload, output):
    return ["python3", os.path.join(PEERS, "two_pass.py"), workload.root, workload.plan, output]


def compressed(bench, workload, compression):
    """A first build with a compression, and the same files through the usual programs."""
    label, program, arguments = COMPRESSIONS[compression]
    command = f"{program} {arguments.format(bench.threads)}"
    output = bench.place("tree.tar." + program)
    yield bench.oci_case(workload, compression)
    if bench.needs(program):
        yield Case("peer-" + program, f"GNU tar, one archive, piped to `{command}`",
                   f"{tar(workload)} | {command} >{shlex.quote(output)}", output=output)


def guix_case(bench, workload):
    if not bench.options.guix:
        return None
    output = bench.place("guix.tar")
    return Case("peer-guix", f"Guix's build-docker-image, {MAX_LAYERS} layers, to a file",
                [os.path.join(PEERS, "build-docker-image"), os.path.join(bench.directory, "guix"),
                 workload.root, str(MAX_LAYERS), output], output=output)


def umoci_case(bench, workload):
    if bench.quick or not bench.needs("umoci"):
        return None
    output = bench.place("umoci")
    return Case("peer-umoci", "GNU tar and `umoci raw add-layer` for each layer (gzip)",
                [os.path.join(PEERS, "umoci-layers"), workload.root, workload.plan, output],
                output=output)


# --- sections -----------------------------------------------------------------------------------

def title(workload, compression, cache="warm"):
    return f"{workload.name}, {COMPRESSIONS[compression][0]}, {cache} page cache"


def uncompressed(bench, workload):
    archive, tar_file, stream = (bench.place(name) for name in
                                 ("image.tar", "tree.tar", "two-pass.tar"))
    bench.warm(workload)
    bench.section("none", title(workload, "none"), workload,
                  "`tar` finds no digest, and makes no image: it is the bound of what one process "
                  "can copy. Only the two-pass stream, Guix and stratapack make images.", [
        Case("describe", "stratapack --describe: all digests, nothing written",
             bench.build(workload, "none", "--describe", "--no-cache")),
        Case("peer-two-pass-null", "two passes in Python, to /dev/null",
             two_pass(workload, "/dev/null")),
        Case("peer-tar-openssl", "GNU tar, one archive, piped to `openssl sha256`",
             tar(workload) + " | openssl sha256"),
        bench.oci_case(workload, "none"),
        bench.oci_case(workload, "none", "oci-no-cache", cache=False),
        Case("archive", "stratapack to docker-archive:, without cache",
             bench.build(workload, "none", "--no-cache", "-o", f"docker-archive:{archive}:image"),
             output=archive),
        Case("peer-tar", "GNU tar, one archive, to a file", tar_to(workload, tar_file),
             output=tar_file),
        Case("peer-tar-tee", "GNU tar, one archive, to a file and to `openssl sha256`",
             f"{tar(workload)} | tee {shlex.quote(tar_file)} | openssl sha256", output=tar_file),
        Case("peer-two-pass", "two passes in Python, to a file", two_pass(workload, stream),
             output=stream),
        guix_case(bench, workload),
    ], "oci")


def gzip(bench, workload):
    bench.warm(workload)
    bench.section("gzip", title(workload, "gzip:6"), workload,
                  "Both work with as many threads. skopeo starts from the finished uncompressed "
                  "image and only compresses it.", [
        *compressed(bench, workload, "gzip:6"),
        skopeo_case(bench, workload, "gzip"),
        umoci_case(bench, workload),
    ], "oci")
    remove_output(bench.place("uncompressed"))


def skopeo_case(bench, workload, codec):
    if bench.quick or not bench.needs("skopeo"):
        return None
    source, copied = bench.place("uncompressed"), bench.place("copied")
    remove_output(source)
    made = Case("source", "uncompressed image for skopeo", bench.build(
        workload, "none", "--no-cache", "-o", f"oci:{source}:image:1"))
    if not bench.runner.run_once(made):
        raise SystemExit(f"bench: {made.name}: {made.failure}")
    return Case("peer-skopeo", f"`skopeo copy` of the finished image, compressing it ({codec})",
                ["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-compress-format", codec,
                 f"oci:{source}:1", f"oci:{copied}:1"], output=copied)


def zstd(bench, workload):
    bench.warm(workload)
    bench.section("zstd", title(workload, "zstd:3"), workload,
                  "stratapack finds two digests of every layer meanwhile. skopeo starts from the "
                  "finished uncompressed image.", [
        *compressed(bench, workload, "zstd:3"),
        skopeo_case(bench, workload, "zstd"),
    ], "oci")
    remove_output(bench.place("uncompressed"))


def rebuild(bench, workload):
    cache, output, archive = bench.place("cache"), bench.place("oci"), bench.place("image.tar")
    version = [int(time.time())]

    def change():
        version[0] += 1
        packages.change_application(workload, version[0])

    def start():
        remove_output(output)
        remove_output(cache)

    compressions = ["none"] if bench.quick else list(COMPRESSIONS)
    for done, compression in enumerate(compressions):
        def build(*more, compression=compression):
            return bench.build(workload, compression, "--cache", cache, *more)

        def layout(key, name, before):
            return Case(key, name, build("-o", f"oci:{output}:image"), output=output, keep=True,
                        before=before)

        bench.warm(workload)
        heading = f"{workload.name}, {COMPRESSIONS[compression][0]}, building again"
        bench.section(f"rebuild-{compression}", heading, workload,
                      "The same command with its cache, one after the other. What changes is one "
                      "item of 200 kB, on top of everything.", [
            layout("first", "stratapack to oci:, cache empty", start),
            layout("unchanged", "the same again, nothing changed", None),
            layout("changed", "the same again, one small item changed", change),
            Case("other", "an oci-archive: of what is in the cache",
                 build("-o", f"oci-archive:{archive}:image"), output=archive),
        ], "first", parts=len(compressions) - done)
        remove_output(output)
    packages.change_application(workload, 0)


def cold(bench, workload):
    if not can_drop_caches():
        bench.notes.append("The page cache can only be dropped by root: nothing was measured cold.")
        return
    output, stream = bench.place("tree.tar"), bench.place("two-pass.tar")
    text = ("Inodes and contents are dropped from the machine's caches before each run; a virtual "
            "disk may still be in its host's.")
    bench.section(f"cold-{workload.name}", title(workload, "none", "cold"), workload, text, [
        Case("describe", "stratapack --describe: all digests, nothing written",
             bench.build(workload, "none", "--describe", "--no-cache")),
        bench.oci_case(workload, "none"),
        Case("peer-tar", "GNU tar, one archive, to a file", tar_to(workload, output),
             output=output),
        Case("peer-two-pass", "two passes in Python, to a file", two_pass(workload, stream),
             output=stream),
    ], "oci", parts=3, cold=True, runs=min(3, bench.runner.runs))
    for parts, compression in ((2, "gzip:6"), (1, "zstd:3")):
        bench.section(f"cold-{workload.name}-{compression}", title(workload, compression, "cold"),
                      workload, text, list(compressed(bench, workload, compression)), "oci",
                      parts=parts, cold=True, runs=min(3, bench.runner.runs))


def other_workload(bench, workload):
    tar_file = bench.place("tree.tar")
    bench.warm(workload)
    bench.section(workload.name, title(workload, "none"), workload, "", [
        Case("describe", "stratapack --describe: all digests, nothing written",
             bench.build(workload, "none", "--describe", "--no-cache")),
        Case("peer-two-pass-null", "two passes in Python, to /dev/null",
             two_pass(workload, "/dev/null")),
        bench.oci_case(workload, "none"),
        Case("peer-tar", "GNU tar, one archive, to a file", tar_to(workload, tar_file),
             output=tar_file),
    ], "oci", parts=3)
    for parts, compression in ((2, "gzip:6"), (1, "zstd:3")):
        if workload.bytes > GIB * 2 and compression == "gzip:6":
            continue  # it alone would take minutes
        bench.section(f"{workload.name}-{compression}", title(workload, compression), workload, "",
                      list(compressed(bench, workload, compression)), "oci", parts=parts)


def bookkeeping(bench, workload):
    """Planning, and a build of which everything is in the cache."""
    cache, output = bench.place("cache"), bench.place("oci")
    remove_output(cache)

    def registered(command, *more):
        return [bench.program, command, "--references-graph", workload.registration, "--root",
                workload.root, "--max-layers", str(MAX_LAYERS), *more]

    fill = Case("fill", "fill the cache", bench.build(
        workload, "none", "--cache", cache, "-o", f"oci:{output}:image"), output=output)
    if not bench.runner.run_once(fill):
        raise SystemExit(f"bench: {fill.name}: {fill.failure}")
    bench.section(f"bookkeeping-{workload.name}", f"{workload.name}, planning and bookkeeping",
                  workload,                   "What is left where no file needs to be read.", [
        Case("plan", f"stratapack plan, {MAX_LAYERS} layers, from a store's registration",
             registered("plan", "-o", "/dev/null")),
        Case("describe", "stratapack --describe, all layers in the cache, from the same",
             registered("build", "--quiet", "--compression", "none", "--cache", cache,
                        "--describe")),
        Case("plan-json", "stratapack plan, from a graph in JSON",
             bench.stratapack("plan", workload, "-o", "/dev/null")),
        Case("describe-json", "stratapack --describe, all layers in the cache, from the same",
             bench.build(workload, "none", "--cache", cache, "--describe")),
    ], "plan", runs=max(3, bench.runner.runs))
    remove_output(output)


SERIES = {"tiny": (1000, 10000, 50000), "files": (1000, 10000, 50000)}


def series(bench):
    """The cost of an item and of a file, as there are more of them."""
    members = [(kind, size) for kind, sizes in SERIES.items() for size in sizes]
    for done, (kind, size) in enumerate(members):
        workload = bench.workload(f"{kind}-{size}")
        bench.warm(workload)
        bench.section(f"series-{kind}-{size}", "Scaling", workload, "", [
            Case("plan", "stratapack plan", bench.stratapack("plan", workload, "-o", "/dev/null")),
            Case("describe", "stratapack --describe, uncompressed",
                 bench.build(workload, "none", "--describe", "--no-cache")),
        ], "describe", parts=len(members) - done, runs=max(3, bench.runner.runs))


def same_bytes(bench, workload):
    """Whether gzip's bytes are the same for several numbers of threads."""
    results = set()
    for threads in (1, 2, 3, 8):
        described = bench.place("described")
        command = bench.build(workload, "gzip:6", "--describe", "--no-cache", "--threads",
                              str(threads))
        case = Case("threads", "gzip with several numbers of threads",
                    f"{shlex.join(command)} >{shlex.quote(described)}")
        progress(f"{case.name} ({threads})")
        if not bench.runner.run_once(case):
            raise SystemExit(f"bench: {case.name}: {case.failure}")
        with open(described, encoding="utf-8") as file:
            results.add(file.read())
        os.unlink(described)
    bench.same_bytes = len(results) == 1
