# SPDX-License-Identifier: Apache-2.0
"""Stores made from Debian packages: one item a package, Depends as references.

Cycles of dependencies are broken, since stores have none. Nothing is installed: the packages are
downloaded into a directory of their own, as for a machine that has none yet, and unpacked; or, for
the quick benchmark, the files of packages that are installed here are copied.
"""

import glob
import os
import re
import subprocess

from .store import Workload, item_path

FIELDS = ("Package", "Version", "Source", "Depends", "Pre-Depends", "Provides")

# The item that a person works on: small, above everything, the one that changes.
APPLICATION = item_path("application", "1.0")


class Package:
    def __init__(self, fields, unpack):
        self.name, self.version = fields["Package"], fields["Version"]
        self.source = fields["Source"].split(" ")[0] or self.name
        self.provides = names(fields["Provides"])
        self.depends = [[re.split(r"[ :(]", name)[0] for name in group.split("|")]
                        for field in ("Pre-Depends", "Depends")
                        for group in re.split(r", *", fields[field]) if group]
        self.depends = [[name.strip() for name in group] for group in self.depends]
        self.unpack = unpack
        self.path = item_path(self.name, self.version)
        self.references = []


def names(text):
    return [re.split(r"[ (]", part)[0] for part in re.split(r", *", text) if part]


def resolve(packages):
    """Turn dependencies into references to the packages that are there."""
    providers = {name: package for package in packages for name in package.provides}
    providers.update((package.name, package) for package in packages)
    for package in packages:
        for group in package.depends:
            found = next((providers[name] for name in group if name in providers), None)
            if found and found is not package and found not in package.references:
                package.references.append(found)


def break_cycles(packages):
    """Drop the references that lead back to a package on the way. Returns them in an order in
    which references come first."""
    order, state = [], {}
    for start in packages:
        if start in state:
            continue
        state[start] = "open"
        stack = [(start, iter(list(start.references)))]
        while stack:
            package, rest = stack[-1]
            for reference in rest:
                if state.get(reference) == "open":
                    package.references.remove(reference)
                elif reference not in state:
                    state[reference] = "open"
                    stack.append((reference, iter(list(reference.references))))
                    break
            else:
                state[package] = "done"
                order.append(package)
                stack.pop()
    return order


def download(directory, wanted):
    """The archives of the packages and of all that they need, from where this machine's packages
    come from."""
    for name in ("state/lists/partial", "archives/partial"):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    status = os.path.join(directory, "status")
    with open(status, "w", encoding="utf-8"):
        pass
    apt = ["apt-get", "-qq", "-o", f"Dir::State={directory}/state",
           "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache={directory}",
           "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=true"]
    # A source that cannot be reached may not be needed.
    subprocess.run(apt + ["update"], check=False, stdout=subprocess.DEVNULL)
    subprocess.run(apt + ["install", "--yes", "--download-only", "--no-install-recommends"] +
                   wanted, check=True, stdout=subprocess.DEVNULL)
    return sorted(glob.glob(os.path.join(directory, "archives", "*.deb")))


def from_archive(archive):
    text = subprocess.run(["dpkg-deb", "-f", archive, *FIELDS], check=True,
                          capture_output=True, text=True).stdout
    fields = dict.fromkeys(FIELDS, "")
    fields.update(re.findall(r"^([A-Za-z-]+): *(.*)$", text, re.M))
    return Package(fields, lambda place: subprocess.run(["dpkg-deb", "-x", archive, place],
                                                        check=True))


def installed():
    """The packages that are installed on this machine."""
    text = subprocess.run(
        ["dpkg-query", "-W", "-f",
         "${db:Status-Status}\t${Architecture}\t" +
         "\t".join("${%s}" % field for field in FIELDS) + "\n"],
        check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        status, architecture, *values = line.split("\t")
        if status == "installed":
            fields = dict(zip(FIELDS, values))
            qualified = fields["Package"]
            if not os.path.exists(f"/var/lib/dpkg/info/{qualified}.list"):
                qualified += ":" + architecture
            yield Package(fields, lambda place, package=qualified: copy_installed(package, place))


def copy_installed(package, place):
    with open(f"/var/lib/dpkg/info/{package}.list", encoding="utf-8") as file:
        paths = [line.rstrip("\n")[1:] for line in file if len(line) > 3]
    # Parents are made on the way: /bin is a link here, and a directory in the item.
    paths = [path for path in paths if os.path.lexists("/" + path) and
             not os.path.isdir("/" + path)]
    os.makedirs(place, exist_ok=True)
    reader = subprocess.Popen(["tar", "-C", "/", "--no-recursion", "--null", "-T", "-", "-cf", "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    writer = subprocess.Popen(["tar", "-C", place, "--no-same-owner", "-xf", "-"],
                              stdin=reader.stdout)
    reader.stdout.close()
    reader.stdin.write(b"".join(os.fsencode(path) + b"\0" for path in paths))
    reader.stdin.close()
    if reader.wait() != 0 or writer.wait() != 0:
        raise RuntimeError(f"cannot copy the files of {package}")


def closure(packages, wanted):
    by_name = {package.name: package for package in packages}
    found, waiting = [], [by_name[name] for name in wanted if name in by_name]
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.append(package)
            waiting.extend(package.references)
    return sorted(found, key=lambda package: package.name)


def make(directory, wanted, downloads=None):
    """The store of the packages WANTED: downloaded to DOWNLOADS, or without it, as installed."""
    workload = Workload(directory, {"packages": wanted, "downloaded": downloads is not None,
                                    "version": 2})
    if workload.load():
        return workload
    workload.start()
    if downloads:
        packages = [from_archive(archive) for archive in download(downloads, wanted)]
    else:
        packages = list(installed())
    resolve(packages)
    packages = break_cycles(closure(packages, wanted))
    roots = set(packages)
    for package in packages:
        place = workload.place(package.path)
        os.makedirs(place)
        package.unpack(place)
        workload.add(package.path, [reference.path for reference in package.references],
                     package.source)
        roots.difference_update(package.references)
    add_application(workload, [package.path for package in roots])
    workload.finish()
    return workload


def add_application(workload, references):
    place = workload.place(APPLICATION)
    os.makedirs(place)
    for number in range(20):
        with open(os.path.join(place, f"module-{number}.py"), "w", encoding="ascii") as file:
            file.writelines(f"value_{line} = {line * number}\n" for line in range(500))
    write_version(place, 0)
    workload.add(APPLICATION, references)


def write_version(place, number):
    file_name = os.path.join(place, "version")
    if os.path.exists(file_name):
        os.unlink(file_name)
    with open(file_name, "w", encoding="ascii") as file:
        file.write(f"{number}\n")
    os.chmod(file_name, 0o444)
    os.utime(file_name, (1, 1))


def change_application(workload, number):
    """Let the application, and nothing else, be of another version."""
    place = workload.place(APPLICATION)
    os.chmod(place, 0o755)
    write_version(place, number)
    os.chmod(place, 0o555)
    os.utime(place, (1, 1))
    workload.identify(APPLICATION)
    workload.save_graph()
