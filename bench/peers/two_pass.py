#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""two_pass.py ROOT PLAN OUTPUT: stream an image in two passes over the files, as Nixpkgs' image
builder does it. Not that program: an equivalent of ours with the same way of working.

Every layer is archived twice by Python's tarfile, once to find its SHA-256 and size, once through a
pipe into the archive of the image; one layer after the other, without compression. The layers are
those of a plan of stratapack's.
"""

import hashlib
import io
import json
import os
import sys
import tarfile
import threading


class Digest:
    """A file to write to of which only the hash and the size are kept."""

    def __init__(self):
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        return len(data)


def normalise(member):
    member.mtime = 1
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def add_directory(archive, name):
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE
    member.mode = 0o755
    archive.addfile(normalise(member))


def add_tree(archive, root, path):
    """One entry, and all below it in the order of their names."""
    place = root + path
    member = normalise(archive.gettarinfo(place, path))
    if member.isreg() or member.islnk():
        # Hard links are expanded.
        member.type = tarfile.REGTYPE
        member.size = os.stat(place).st_size
        with open(place, "rb") as file:
            archive.addfile(member, file)
        return
    archive.addfile(member)
    if member.isdir():
        for name in sorted(os.listdir(place)):
            add_tree(archive, root, f"{path}/{name}")


def write_layer(output, root, items):
    with tarfile.open(fileobj=output, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        parent = os.path.dirname(items[0])
        for end in [i for i, letter in enumerate(parent) if letter == "/"][1:] + [len(parent)]:
            add_directory(archive, parent[:end])
        for item in items:
            add_tree(archive, root, item)


def add_layer(image, root, items):
    digest = Digest()
    write_layer(digest, root, items)
    reading, writing = os.pipe()

    def produce():
        with os.fdopen(writing, "wb") as output:
            write_layer(output, root, items)

    producer = threading.Thread(target=produce)
    producer.start()
    member = tarfile.TarInfo(digest.hash.hexdigest() + "/layer.tar")
    member.size = digest.size
    with os.fdopen(reading, "rb") as stream:
        image.addfile(normalise(member), stream)
    producer.join()
    return digest.hash.hexdigest()


def add_text(image, name, text):
    member = tarfile.TarInfo(name)
    data = text.encode()
    member.size = len(data)
    image.addfile(normalise(member), io.BytesIO(data))


def main():
    root, plan_file, output = sys.argv[1:]
    with open(plan_file, encoding="utf-8") as file:
        layers = [layer["items"] for layer in json.load(file)["layers"]]
    with open(output, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as image:
        digests = [add_layer(image, root, items) for items in layers]
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
            "type": "layers", "diff_ids": ["sha256:" + digest for digest in digests]}})
        name = hashlib.sha256(config.encode()).hexdigest() + ".json"
        add_text(image, name, config)
        add_text(image, "manifest.json", json.dumps([{"Config": name, "RepoTags": ["image:1"],
                 "Layers": [digest + "/layer.tar" for digest in digests]}]))


main()
