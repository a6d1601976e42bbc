# SPDX-License-Identifier: Apache-2.0
"""What a report says about the machine."""

import os
import platform
import re
import subprocess


def read(path, pattern):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.M)
    except OSError:
        found = None
    return found[1].strip().strip('"') if found else "unknown"


def first_line(*command):
    """What a program says of its version."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return (done.stdout or done.stderr).strip().splitlines()[0]


def file_system(path):
    done = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() or "unknown"


def describe(program, directory):
    """Pairs of what and its value."""
    memory = int(read("/proc/meminfo", r"^MemTotal: +(\d+)").replace("unknown", "0")) / (1 << 20)
    processor = read("/proc/cpuinfo", r"^model name\s*:(.*)$")
    flags = read("/proc/cpuinfo", r"^flags\s*:(.*)$").split()
    versions = {
        "stratapack": first_line(program, "--version"),
        "tar": first_line("tar", "--version"),
        "openssl": first_line("openssl", "version"),
        "pigz": first_line("pigz", "--version"),
        "zstd": first_line("zstd", "--version"),
        "python3": first_line("python3", "--version"),
        "umoci": first_line("umoci", "--version"),
        "skopeo": first_line("skopeo", "--version"),
    }
    return [
        ("processor", f"{processor}, {len(os.sched_getaffinity(0))} usable; SHA instructions: "
                      f"{'yes' if 'sha_ni' in flags or 'sha2' in flags else 'no'}"),
        ("memory", f"{memory:.1f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("system", read("/etc/os-release", r"^PRETTY_NAME=(.*)$")),
        ("file system", file_system(directory)),
        ("programs", "; ".join(version for version in versions.values() if version)),
    ]
