# SPDX-License-Identifier: Apache-2.0
"""A store in a root directory of its own, and the graph of its items.

DIRECTORY/root/gnu/store/HASH-NAME-VERSION     the items
DIRECTORY/graph.json                           items, references, sizes and NAR hashes
DIRECTORY/registration                         the same, as stores register their items
DIRECTORY/workload.json                        written last: what the workload was made from

A workload with the same description is used again, another one is made anew.
"""

import hashlib
import json
import os
import shutil
import stat
import struct
import subprocess

PREFIX = "/gnu/store"
ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz"


def item_path(name, version):
    """The path of an item; the same for the same name and version."""
    digest = hashlib.sha256(f"{name}-{version}".encode()).digest()
    hash_part = "".join(ALPHABET[byte % 32] for byte in digest)
    version = "".join(c if c.isalnum() or c in "+-._" else "-" for c in version)
    return f"{PREFIX}/{hash_part}-{name}-{version}"


class NarHash:
    """The SHA-256 and size of a tree as a NAR, the canonical archive of Nix and Guix stores."""

    def __init__(self, path):
        self.hash = hashlib.sha256()
        self.size = 0
        self._strings(b"nix-archive-1")
        self._node(os.fsencode(path))

    def _write(self, data):
        self.hash.update(data)
        self.size += len(data)

    def _strings(self, *strings):
        for text in strings:
            self._write(struct.pack("<Q", len(text)) + text + bytes(-len(text) % 8))

    def _node(self, path):
        info = os.lstat(path)
        self._strings(b"(", b"type")
        if stat.S_ISLNK(info.st_mode):
            self._strings(b"symlink", b"target", os.readlink(path))
        elif stat.S_ISDIR(info.st_mode):
            self._strings(b"directory")
            for name in sorted(os.listdir(path)):
                self._strings(b"entry", b"(", b"name", name, b"node")
                self._node(path + b"/" + name)
                self._strings(b")")
        else:
            self._strings(b"regular")
            if info.st_mode & stat.S_IXUSR:
                self._strings(b"executable", b"")
            self._strings(b"contents")
            self._write(struct.pack("<Q", info.st_size))
            with open(path, "rb") as file:
                while data := file.read(1 << 20):
                    self._write(data)
            self._write(bytes(-info.st_size % 8))
        self._strings(b")")


def normalise(path):
    """Give a tree the metadata that stores have: modes 555 and 444, time 1, no special bits."""
    for directory, directories, files in os.walk(path, topdown=False):
        for name in files + directories:
            entry = os.path.join(directory, name)
            info = os.lstat(entry)
            if stat.S_ISREG(info.st_mode):
                os.chmod(entry, 0o555 if info.st_mode & stat.S_IXUSR else 0o444)
            elif stat.S_ISLNK(info.st_mode):
                pass
            elif not stat.S_ISDIR(info.st_mode):
                os.unlink(entry)
                continue
            else:
                os.chmod(entry, 0o555)
            os.utime(entry, (1, 1), follow_symlinks=False)
    os.chmod(path, 0o555)
    os.utime(path, (1, 1))


class Workload:
    """One workload: its place, and its graph once it was made or found."""

    def __init__(self, directory, description):
        self.directory = directory
        self.name = os.path.basename(directory)
        self.root = os.path.join(directory, "root")
        self.graph = os.path.join(directory, "graph.json")
        self.registration = os.path.join(directory, "registration")
        self._stamp = os.path.join(directory, "workload.json")
        self._description = description
        self.items = {}
        self.files = self.bytes = 0

    def load(self):
        """Whether the workload is there, made from the same description."""
        try:
            with open(self._stamp, encoding="utf-8") as file:
                stamp = json.load(file)
            if stamp["description"] != self._description:
                return False
            with open(self.graph, encoding="utf-8") as file:
                self.items = {item["id"]: item for item in json.load(file)["items"]}
        except (OSError, ValueError, KeyError):
            return False
        self.files, self.bytes = stamp["files"], stamp["bytes"]
        return True

    def start(self):
        """Remove what is there, to make it anew."""
        remove(self.directory)
        os.makedirs(self.root + PREFIX)
        self.items = {}
        self.files = self.bytes = 0

    def place(self, path):
        """Where an item of the store is on this machine."""
        return self.root + path

    def add(self, path, references, cause=None):
        """Take an item whose files are in place."""
        normalise(self.place(path))
        self.items[path] = {"id": path, "content": "store", "references": sorted(references)}
        if cause:
            self.items[path]["cause"] = cause
        self.identify(path)

    def identify(self, path):
        """Find the hash and size of an item (again)."""
        nar = NarHash(self.place(path))
        self.items[path]["identity"] = "sha256:" + nar.hash.hexdigest()
        self.items[path]["size"] = nar.size

    def save_graph(self):
        with open(self.graph + ".new", "w", encoding="utf-8") as file:
            json.dump({"stratapackGraph": 1, "items": list(self.items.values())}, file, indent=1)
        os.rename(self.graph + ".new", self.graph)
        with open(self.registration, "w", encoding="utf-8") as file:
            for item in self.items.values():
                references = item["references"]
                file.write("\n".join([item["id"], item["identity"].split(":")[1],
                                      str(item["size"]), "", str(len(references)),
                                      *references]) + "\n")

    def finish(self):
        for directory, _, files in os.walk(self.root):
            self.files += len(files)
            self.bytes += sum(os.lstat(os.path.join(directory, name)).st_size for name in files)
        self.save_graph()
        with open(self._stamp, "w", encoding="utf-8") as file:
            json.dump({"description": self._description, "files": self.files,
                       "bytes": self.bytes}, file)


def remove(directory):
    """Remove a tree whose directories may be read-only."""
    if not os.path.lexists(directory):
        return
    if os.geteuid() != 0:
        subprocess.run(["chmod", "-R", "u+w", directory], check=True)
    shutil.rmtree(directory)
