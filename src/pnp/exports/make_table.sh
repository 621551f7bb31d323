#!/bin/sh
# make_table.sh OUTPUT NM HEADER_ROOT OBJECTS_FILE: writes the table of kernel exports as C++.
# OBJECTS_FILE lists the library's object files, one on each line.
set -eu
export LC_ALL=C
output=$1 nm=$2 headers=$3 objects=$4
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find "$headers" -name '*.h' | sort >"$work/headers"
xargs awk -v root="$headers/" -f "$here/collect_declarations.awk" <"$work/headers" | sort -u >"$work/declarations"
xargs "$nm" -P -g --defined-only <"$objects" | cut -d' ' -f1,2 | grep -v ':$' >"$work/symbols" || true
awk -f "$here/make_table.awk" "$work/declarations" "$work/symbols" "$here/releases.tsv" >"$work/table.cpp"
# Unchanged: nothing that depends on it needs to be built again.
cmp -s "$work/table.cpp" "$output" || cp "$work/table.cpp" "$output"
