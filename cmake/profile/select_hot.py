#!/usr/bin/env python3
"""select_hot.py FROM TO: keeps of a profile (llvm-profdata merge --text) the functions that ran often.

The rest is what a program does once: it is compiled as it would be without a profile, and does not make the profile out
of date when it changes.
"""
import sys

# Of the highest count of all: what runs at least that often has part in a period.
PART_OF_HIGHEST = 1 / 2000


def entries(text):
    """Name, counters and text of each function."""
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line]
        if not lines:
            continue
        count = int(lines[lines.index("# Num Counters:") + 1])
        first = lines.index("# Counter Values:") + 1
        yield lines[0], [int(value) for value in lines[first:first + count]], "\n".join(lines)


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        head, text = file.read().split(":ir\n", 1)
    functions = list(entries(text))
    highest = max(max(counters) for _, counters, _ in functions)
    kept = sorted(entry for entry in functions if max(entry[1]) >= highest * PART_OF_HIGHEST)
    with open(target, "w", encoding="utf-8") as file:
        file.write(f"{head}:ir\n" + "\n\n".join(text for _, _, text in kept) + "\n")
    print(f"{len(kept)} of {len(functions)} functions")


if __name__ == "__main__":
    main()
