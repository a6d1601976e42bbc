#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Find comments that speak of a parameter which the function below them does not have.

A comment names parameters in capitals ("Fill LAYER"). Print FILE:LINE: WORD for every such word that
occurs neither in the declarations below the comment nor as a constant of the file, and that is no
plain word. The parts of a form, such as HOST/NAME[:TAG], are no parameters.

Find also comments that the formatter tore: a line of theirs begins with "*" and no blank."""
import re
import sys

# What is written in capitals anyway: abbreviations, names of systems, errors of the system.
PLAIN = set("""ASCII CRLF ELOOP FROM GNU ID JKS JSON LF NAR NUL NULL OCI OS PATH PAX PEM PEP RFC
SIGHUP SIGINT SIGPIPE SIGTERM SOURCE_DATE_EPOCH SVG TCP TLS TMPDIR URI URL UTC WAL""".split())

COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"


def blocks(text):
    """Yield (line, comment, code): each comment at the beginning of a line, and the lines below it up
    to the next blank line, comment or body."""
    for match in re.finditer(rf"^[ \t]*{COMMENT}[ \t]*\n", text, re.M):
        rest = text[match.end():]
        end = re.search(r"^\s*$|^[ \t]*/\*|^\{", rest, re.M)
        yield text.count("\n", 0, match.start()) + 1, match[0], rest[:end.start() if end else len(rest)]


def names_in(comment):
    """Yield the words in capitals that are not in a form."""
    in_forms, alone = set(), []
    for match in re.finditer(r"(?<!\w)[A-Z][A-Z_]+(?!\w)", comment):
        before, after = comment[match.start() - 1], comment[match.end():]
        if before in "\"'<.%$-/:[{=" or re.match(r"[\">(\[/={-]|[.:][\w{]|: \{|'(?!s\b)", after):
            in_forms.add(match[0])
        else:
            alone.append(match[0])
    return [word for word in alone if word not in in_forms]


def stale_names(text):
    """Yield (line, word)."""
    constants = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", re.sub(COMMENT, "", text)))
    for line, comment, code in blocks(text):
        if not re.search(r"\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*(?:;|$)", code):
            continue
        known = {word.upper() for word in re.findall(r"[A-Za-z_]\w*", code)} | constants | PLAIN
        for word in names_in(comment):
            if word not in known and not word.startswith("STRATA_"):
                yield line, word


def torn_lines(text):
    """Yield (line, word)."""
    for match in re.finditer(COMMENT, text):
        for torn in re.finditer(r"^[ \t]*\*[^\s/*]\S*", match[0], re.M):
            yield text.count("\n", 0, match.start() + torn.start()) + 1, torn[0].strip()


def main():
    found = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
            for line, word in [*stale_names(text), *torn_lines(text)]:
                print(f"{path}:{line}: {word}")
                found = 1
    return found


if __name__ == "__main__":
    sys.exit(main())
