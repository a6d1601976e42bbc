# SPDX-License-Identifier: Apache-2.0
"""Stores that are made up: many small files, one large item, many tiny items.

Sizes and contents are pseudo-random but the same everywhere. Contents compress about as well as
programs and texts do, to a third.
"""

import os
import random

from .store import Workload, item_path

WORDS = 4096
# Compressors look back a few MB at most: what repeats beyond that is as good as new to them.
SUPPLY = 32 << 20


def supply(generator):
    """Bytes of which contents are cut: text of words, every third kilobyte noise."""
    words = [generator.randbytes(generator.randint(2, 10)).hex()[:-1].encode() + b" "
             for _ in range(WORDS)]
    weights = [1 / (rank + 5) for rank in range(WORDS)]
    pieces, length = [], 0
    while length < SUPPLY:
        piece = b"".join(generator.choices(words, weights, k=400)) + generator.randbytes(900)
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)


def make(directory, kind, *parameters):
    """The workload of a kind, one of MAKERS."""
    workload = Workload(directory, {"kind": kind, "parameters": list(parameters), "version": 2})
    if not workload.load():
        workload.start()
        MAKERS[kind](workload, random.Random(20200326), *parameters)
        workload.finish()
    return workload


def small_files(workload, generator, items, files_per_item):
    """Files of 12 kB in the mean and 3 kB in the median, four in a directory."""
    contents = supply(generator)
    previous = None
    for item in range(items):
        path = item_path(f"files-{item}", "1.0")
        for number in range(files_per_item):
            if number % 4 == 0:
                place = os.path.join(workload.place(path), f"share/{number // 64}/{number // 4}")
                os.makedirs(place)
            size = min(int(generator.lognormvariate(8.03, 1.66)), 256 << 10)
            start = generator.randrange(len(contents) - size)
            with open(os.path.join(place, f"file-{number}.txt"), "wb") as file:
                file.write(contents[start:start + size])
        workload.add(path, [previous] if previous else [])
        previous = path


def one_item(workload, generator, size):
    """One item with one file."""
    contents = supply(generator)
    path = item_path("large", "1.0")
    os.makedirs(workload.place(path))
    with open(os.path.join(workload.place(path), "data"), "wb") as file:
        while size > 0:
            start = generator.randrange(len(contents) // 2)
            size -= file.write(contents[start:start + size])
    workload.add(path, [])


def tiny_items(workload, generator, items):
    """Items of one file of a line, each referring to up to eight earlier ones: mostly to recent
    ones, as a package does to its own kind, and to some of the first, as everything does."""
    paths = []
    for number in range(items):
        path = item_path(f"tiny-{number}", f"{generator.randint(0, 9)}.{number % 10}")
        references = {paths[max(0, number - generator.randint(1, 200))]
                      for _ in range(generator.randint(0, 5)) if paths}
        references.update(paths[int(generator.paretovariate(1)) % min(number, 100)]
                          for _ in range(3) if paths)
        os.makedirs(workload.place(path))
        with open(os.path.join(workload.place(path), "line"), "w", encoding="ascii") as file:
            file.write(f"{path}\n")
        workload.add(path, references)
        paths.append(path)


MAKERS = {"small-files": small_files, "one-item": one_item, "tiny-items": tiny_items}
