#!/bin/sh
# The vtable order under Microsoft's C++ ABI: a pointer to a virtual method is a thunk named ??_9Class@@$B<offset>AA.
#   microsoft_vtables.sh CLANG WDK_FOLDER TEST_FOLDER ROWS_FOLDER
set -eu
clang=$1 wdk=$2 tests=$3 rows=$4

"$clang" -x c++ -std=c++14 -Wno-c++17-extensions --target=x86_64-pc-windows-msvc-elf -nostdinc -fms-extensions \
    -fms-compatibility -fms-compatibility-version=19.29 -fno-exceptions -fno-rtti -isystem "$wdk" -I"$rows" -I"$tests" \
    -S -emit-llvm -o - "$tests/microsoft_vtables.cpp" |
awk -v rows="$(grep -c . "$rows/slot_rows.inc")" '
# 1 to 10 are written as one digit less one, other numbers as hexadecimal digits A to P before an @.
function offset(code,   i, value) {
    if (code ~ /^[0-9]/) return substr(code, 1, 1) + 1
    for (i = 1; substr(code, i, 1) != "@"; i++)
        value = value * 16 + index("ABCDEFGHIJKLMNOP", substr(code, i, 1)) - 1
    return value
}
/^@expect_[0-9]+_/ {
    split($1, name, "_")
    if (!match($0, /\$B[0-9A-P]+@?/)) { print "no thunk: " $1; bad = 1; next }
    found = offset(substr($0, RSTART + 2))
    if (found != 8 * name[2]) { print $1 ": slot at " found; bad = 1 }
    seen++
}
END {
    if (seen != rows) { print "checked " seen " of " rows " methods"; bad = 1 }
    exit bad
}'
