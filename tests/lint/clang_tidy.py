#!/usr/bin/env python3
"""clang-tidy over the sources in src, several at a time.

A source that was clean is looked at again only when it, a file of this tree that it includes, how it is compiled,
.clang-tidy or clang-tidy itself has changed. The sources of one target of a unity build are looked at together, in a
file that includes them all: most of the time goes to headers, which are read once then. Where that does not compile
(two sources of it have the same name for something) they are looked at by file of the unity build, which does. Needs a
build folder in which everything is built.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

TIDY = "clang-tidy-19"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def output_of(*command):
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout


def inside(path, base):
    """The path below the root, or None."""
    path = os.path.normpath(os.path.join(base, path))
    return os.path.relpath(path, ROOT) if path.startswith(f"{ROOT}{os.sep}") else None


def sources_of(file):
    """The sources that CMake compiles as this one: itself, or what a file of a unity build includes."""
    path = pathlib.Path(file)
    if path.parent.name != "Unity":
        return [file]
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split('"')[1] for line in lines if line.startswith('#include "')]


def compilations(build):
    """Entries of a compilation database by source, for what is ours to check: everything in src but the tests."""
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        entries = json.load(file)
    found = {}
    for entry in entries:
        unit = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        for path in sources_of(unit):
            source = inside(path, entry["directory"])
            if source and source.startswith("src/") and "/tests/" not in source and source not in found:
                command = entry["command"].replace(entry["file"], path)
                found[source] = {"directory": entry["directory"], "file": path, "command": command, "unit": unit,
                                 "unit_command": entry["command"], "object": object_of(entry["command"])}
    return found


def object_of(command):
    """The file that a compiler is told to write."""
    words = shlex.split(command)
    return words[words.index("-o") + 1]


class Group:
    """Sources that clang-tidy is called with at once: one, those of one file of a unity build, or several such groups."""

    def __init__(self, file, sources, parts=()):
        self.file = file
        self.sources = sources
        self.parts = parts


def by_key(items, key):
    found = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def groups_of_units(due, entries):
    """One group for each source, or for each file of a unity build of which several sources are due."""
    return [Group(unit if len(sources) > 1 else sources[0], sources)
            for unit, sources in by_key(due, lambda source: entries[source]["unit"]).items()]


def together(due, entries, folder):
    """The groups to look at, the largest first, which would hold up the end; a file that includes several units' sources
    is written into the folder."""
    def target(group):
        unit = pathlib.Path(entries[group.sources[0]]["unit"])
        return unit.parent if unit.parent.name == "Unity" else unit

    groups = []
    for place, parts in by_key(groups_of_units(due, entries), target).items():
        if len(parts) == 1:
            groups += parts
            continue
        file = folder / f"{place.parent.stem}.cxx"
        sources = [source for part in parts for source in part.sources]
        file.write_text("".join(f'#include "{ROOT / source}"\n' for source in sources), encoding="utf-8")
        groups.append(Group(str(file), sources, parts))
    return sorted(groups, key=lambda group: -len(group.sources))


def write_database(folder, entries, groups):
    """Of every source, of every file of a unity build, and of the files that include several units' sources."""
    units = [{"directory": entry["directory"], "file": entry["unit"], "command": entry["unit_command"]}
             for entry in entries.values() if entry["unit"] != os.path.normpath(entry["file"])]
    for group in groups:
        if group.parts:
            entry = entries[group.sources[0]]
            units.append({"directory": entry["directory"], "file": group.file,
                          "command": entry["command"].replace(entry["file"], group.file)})
    unique = {unit["file"]: unit for unit in units}
    database = list(entries.values()) + list(unique.values())
    (folder / "compile_commands.json").write_text(json.dumps(database), encoding="utf-8")


def dependencies(build):
    """The files of this tree, and others, by the object that was last compiled from them. What a precompiled header
    brings is among them."""
    found = {}
    for line in output_of("ninja", "-C", str(build), "-t", "deps").splitlines():
        if line.startswith("    "):
            path = os.path.normpath(os.path.join(build, line.strip()))
            current.append(inside(path, build) or path)
        elif line:
            current = found.setdefault(line.partition(": #deps")[0], [])
    return found


def changed_files():
    """What differs from main, committed or not."""
    for branch in ("main", "origin/main"):
        base = subprocess.run(["git", "merge-base", "HEAD", branch], cwd=ROOT, text=True, capture_output=True)
        if base.returncode == 0:
            break
    else:
        sys.exit("lint: there is no branch main to compare with: use --all")
    changed = output_of("git", "diff", "--name-only", base.stdout.strip()).splitlines()
    return set(changed + output_of("git", "ls-files", "--others", "--exclude-standard").splitlines())


class Keys:
    """What a source's outcome depends on, as one number."""

    def __init__(self):
        configuration = (ROOT / ".clang-tidy").read_text(encoding="utf-8")
        self._common = configuration + output_of(TIDY, "--version")
        self._hashes = {}

    def of(self, command, files):
        key = hashlib.sha256((self._common + command).encode())
        for file in files:
            key.update(self._hash(file))
        return key.hexdigest()

    def _hash(self, file):
        if file not in self._hashes:
            path = ROOT / file
            self._hashes[file] = hashlib.sha256(path.read_bytes() if path.exists() else b"").digest()
        return self._hashes[file]


def check(group, database, configuration):
    """What was looked at: groups, and what was found, nothing where they are clean."""
    ran = subprocess.run([TIDY, "-p", str(database), f"--config-file={configuration}", "--quiet", "--warnings-as-errors=*",
                          group.file], cwd=ROOT, text=True, capture_output=True)
    if ran.returncode == 0:
        return [(group, "")]
    if group.parts and "[clang-diagnostic-error" in ran.stdout:
        return [outcome for part in group.parts for outcome in check(part, database, configuration)]
    return [(group, ran.stdout.strip() or ran.stderr.strip())]


def main():
    parser = argparse.ArgumentParser(prog="./dev lint", description="clang-tidy over the sources in src")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--all", action="store_true", help="every source, not only what differs from main")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="so many at a time")
    parser.add_argument("paths", nargs="*", help="only what lies below these")
    asked = parser.parse_args()
    build = asked.build.resolve()
    known = build / "lint"
    known.mkdir(exist_ok=True)

    entries = compilations(build)
    compiled = dependencies(build)
    files = {source: compiled.get(entry["object"], [source]) for source, entry in entries.items()}
    chosen = sorted(entries)
    if asked.paths:
        folders = [os.path.normpath(path) for path in asked.paths]
        below = {folder: [s for s in chosen if s == folder or s.startswith(folder + "/")] for folder in folders}
        for folder, sources in below.items():
            if not sources:
                parser.error(f"{folder}: no source that is compiled is, or lies below, that")
        chosen = sorted(set().union(*below.values()))
    elif not asked.all:
        changed = changed_files()
        if ".clang-tidy" not in changed:
            chosen = [source for source in chosen if not changed.isdisjoint(files[source])]
    keys = Keys()
    key_of = {source: keys.of(entries[source]["command"], files[source]) for source in chosen}
    due = [source for source in chosen if not (known / key_of[source]).exists()]
    due.sort(key=lambda source: -len(files[source]))

    groups = together(due, entries, known)
    write_database(known, entries, groups)

    began = time.monotonic()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        running = [pool.submit(check, group, known, ROOT / ".clang-tidy") for group in groups]
        for number, done in enumerate(concurrent.futures.as_completed(running), 1):
            for group, text in done.result():
                if text:
                    failed += 1
                    print(text, flush=True)
                    continue
                for source in group.sources:
                    (known / key_of[source]).touch()
            if sys.stderr.isatty():
                print(f"\rclang-tidy: {number} of {len(running)}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty() and due:
        print(file=sys.stderr)
    print(f"clang-tidy: {len(chosen)} of {len(entries)} sources, {len(chosen) - len(due)} known to be clean, "
          f"{len(due)} looked at in {time.monotonic() - began:.0f} s, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
