# SPDX-License-Identifier: Apache-2.0
"""Running programs in turn, and what they took."""

import dataclasses
import os
import statistics
import subprocess
import sys
import time

from workloads.store import remove

TICKS = os.sysconf("SC_CLK_TCK")
DROP_CACHES = "/proc/sys/vm/drop_caches"
AUTOGROUP = "/proc/self/autogroup"


@dataclasses.dataclass
class Run:
    seconds: float
    user: float
    system: float
    memory: int  # KiB, of the largest process
    foreign: float  # processors that others kept busy meanwhile


@dataclasses.dataclass
class Case:
    """A program on a workload. `command` is a list of arguments, or a line for bash."""
    key: str
    name: str
    command: object
    before: object = None  # called before each run, unmeasured
    output: str = None  # file or directory: removed before each run unless kept, its size is noted
    keep: bool = False
    runs: list = dataclasses.field(default_factory=list)
    size: int = 0
    failure: str = None

    def median(self, what):
        return statistics.median(getattr(run, what) for run in self.runs) if self.runs else None

    @property
    def seconds(self):
        return self.median("seconds")

    @property
    def memory(self):
        return max((run.memory for run in self.runs), default=None)


def busy_processors():
    """Seconds that all processors together were busy since the machine started."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    user, nice, system, _idle, _wait, interrupt, soft, steal = fields[:8]
    return (user + nice + system + interrupt + soft + steal) / TICKS


def can_drop_caches():
    return os.access(DROP_CACHES, os.W_OK)


def drop_caches():
    os.sync()
    with open(DROP_CACHES, "w", encoding="ascii") as file:
        file.write("3")


def size_of(path):
    """Bytes of a file, or of all files in a directory, each inode once."""
    if not os.path.isdir(path):
        return os.stat(path).st_size if os.path.exists(path) else 0
    sizes = {}
    for directory, _, files in os.walk(path):
        for name in files:
            info = os.lstat(os.path.join(directory, name))
            sizes[info.st_ino] = info.st_size
    return sum(sizes.values())


def go_first():
    """Let this process and its children have the processors before all others of the machine. With
    automatic groups the kernel shares among sessions first."""
    os.setsid()
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    if os.path.exists(AUTOGROUP):
        with open(AUTOGROUP, "w", encoding="ascii") as file:
            file.write("-20")


class Runner:
    """Runs cases. `runs` bounds how often each is run, `seconds` how long it may take in all.
    `urgent`: others on the machine must wait."""

    def __init__(self, measure, directory, runs, seconds, urgent):
        self.measure = measure
        self.directory = directory
        self.runs, self.seconds, self.urgent = runs, seconds, urgent
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", "STRATAPACK_CACHE": ""}

    def run_once(self, case, cold=False):
        if case.output and not case.keep:
            remove_output(case.output)
        if case.before:
            case.before()
        if cold:
            drop_caches()
        command = case.command
        if isinstance(command, str):
            command = ["bash", "-o", "pipefail", "-c", command]
        result = os.path.join(self.directory, "measured")
        log = os.path.join(self.directory, "log")
        busy, start = busy_processors(), time.monotonic()
        with open(log, "w", encoding="utf-8") as errors:
            status = subprocess.run([self.measure, result, *command], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=errors, check=False,
                                    env=self.environment,
                                    preexec_fn=go_first if self.urgent else None).returncode
        elapsed = time.monotonic() - start
        if status != 0:
            with open(log, encoding="utf-8", errors="replace") as errors:
                lines = errors.read().strip().splitlines() or ["no message"]
            case.failure = f"exit status {status}: {lines[-1]}"
            return None
        with open(result, encoding="ascii") as file:
            seconds, user, system, memory, _ = file.read().split()
        foreign = max(0.0, busy_processors() - busy - float(user) - float(system)) / elapsed
        run = Run(float(seconds), float(user), float(system), int(memory), foreign)
        case.runs.append(run)
        if case.output:
            case.size = size_of(case.output)
        return run

    def run(self, cases, seconds, cold=False, runs=None):
        """Run the cases in turn, so that what the machine does meanwhile meets all of them: each
        once, and again while all of it takes no longer than so many seconds."""
        end = time.monotonic() + seconds
        for turn in range(runs or self.runs):
            for case in cases:
                spent = sum(run.seconds for run in case.runs)
                if case.failure or (turn > 0 and (
                        spent * (turn + 1) / turn > self.seconds or
                        time.monotonic() + spent / turn > end)):
                    continue
                progress(f"{case.name} (run {turn + 1})")
                self.run_once(case, cold)
        for case in cases:
            if case.output and not case.keep:
                remove_output(case.output)
        return {case.key: case for case in cases}


def remove_output(path):
    if os.path.isdir(path) and not os.path.islink(path):
        remove(path)
    elif os.path.lexists(path):
        os.unlink(path)


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
