#!/bin/sh
# Compiles every header of include/wdk alone, then the layout assertions, in one dialect.
#   compile_headers.sh CLANG MODE WDK_FOLDER TEST_FOLDER ROWS_FOLDER
set -eu
clang=$1 mode=$2 wdk=$3 tests=$4 rows=$5

microsoft="-nostdinc -fms-extensions -fms-compatibility -fms-compatibility-version=19.29"
case $mode in
host-c)      flags="-x c -std=gnu11 -mms-bitfields" unit=$tests/layouts.c ;;
host-c++)    flags="-x c++ -std=gnu++20 -mms-bitfields" unit=$tests/layouts_cxx.cpp ;;
driver-c)    flags="-x c --target=x86_64-pc-windows-msvc-elf $microsoft" unit=$tests/layouts.c ;;
driver-c++)  flags="-x c++ -std=c++14 -Wno-c++17-extensions --target=x86_64-pc-windows-msvc-elf $microsoft -fno-exceptions -fno-rtti"
             unit=$tests/layouts_cxx.cpp ;;
windows-c++) flags="-x c++ -std=c++14 -Wno-c++17-extensions --target=x86_64-pc-windows-msvc $microsoft -fno-exceptions -fno-rtti"
             unit=$tests/layouts_cxx.cpp ;;
*) echo "unknown mode $mode" >&2; exit 2 ;;
esac

# Where there is clang-tidy one process reads them all: to start a compiler for each takes longer than most of them do. One
# check has to be asked for; what matters is what the compiler says.
tidy=$(dirname "$clang")/$(basename "$clang" | sed 's/clang/clang-tidy/')
alone=$(mktemp -d)
trap 'rm -rf "$alone"' EXIT

failed=0
# Those of the files in the folder $alone; the other arguments are the compiler's.
compile_alone() {
    if [ "$clang" != "$tidy" ] && [ -x "$tidy" ]; then
        "$tidy" --quiet --checks='-*,cppcoreguidelines-avoid-goto' "$alone"/* -- $flags -Wall -Wextra "$@" && return
        echo "FAILED alone: what is named above ($mode)"
        failed=1
        return
    fi
    for file in "$alone"/*; do
        if ! "$clang" $flags -fsyntax-only -Wall -Wextra "$@" "$file"; then
            echo "FAILED alone: $(basename "$file") ($mode)"
            failed=1
        fi
    done
}

for header in "$wdk"/*.h; do
    name=$(basename "$header")
    printf '#include <%s>\n' "$name" >"$alone/$name"
done
compile_alone -isystem "$wdk"
# The C runtime's headers: drivers only, they shadow the host's.
case $mode in
driver-*)
    rm "$alone"/*
    for header in "$wdk"/crt/*; do
        name=$(basename "$header")
        case $mode$name in driver-cc[!t]*|driver-cnew) continue ;; esac
        printf '#include <%s>\n' "$name" >"$alone/$name"
    done
    own=$("$clang" -print-resource-dir)/include # of its vector types
    compile_alone -isystem "$wdk" -isystem "$wdk/crt" -isystem "$own" ;;
esac
for source in "$unit" $(case $mode in *-c) echo "$tests/c_vtables.c" ;; esac); do
    "$clang" $flags -fsyntax-only -isystem "$wdk" -I"$rows" -I"$tests" "$source" || failed=1
done
case $mode in
driver-c)   "$clang" $flags -Wall -Wno-missing-braces -Werror -c -o /dev/null -isystem "$wdk" "$tests/driver_unit.c" || failed=1 ;;
driver-c++) "$clang" $flags -DDBG=1 -fcheck-new -fsized-deallocation -Wall -Wno-missing-braces -Werror -c -o /dev/null -isystem "$wdk" \
                "$tests/driver_unit.cpp" || failed=1 ;;
esac
exit $failed
