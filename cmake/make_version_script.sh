#!/bin/sh
# make_version_script.sh OUTPUT NM CXXFILT INCLUDE LAYER_OBJECTS COMMAND_OBJECTS: writes the linker's version script of
# the installed library. It exports what drivers call (strong C names), the C API, the C++ API (what the folder INCLUDE
# declares), and, under a version of their own that no one else may use, the internals that the `portcls` command needs.
# LAYER_OBJECTS and COMMAND_OBJECTS list object files, one on each line.
set -eu
export LC_ALL=C
output=$1 nm=$2 cxxfilt=$3 headers=$4/openportcls wdk=$4/wdk layers=$5 command=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Names of namespace openportcls that the public headers declare: classes, structures and functions.
sed -nE 's/^(class|struct) ([A-Z][A-Za-z]*).*/\2/p; s/^[A-Za-z].*[ >]([a-z_]+)\(.*\);.*/\1/p; s/^[A-Za-z].*[ >]([a-z_]+)\([^)]*$/\1/p' \
  "$headers"/*.hpp | sort -u >"$work/names"

xargs "$nm" -P -g --defined-only <"$layers" | grep -v ':$' | cut -d' ' -f1,2 | sort -u >"$work/defined"
# Strong C names that a header for drivers or the C header mentions.
grep -rhoE '\b[A-Za-z_][A-Za-z0-9_]*\b' "$wdk" "$headers"/*.h "$headers"/c | sort -u >"$work/words"
grep -E ' [TDBR]$' "$work/defined" | cut -d' ' -f1 | grep -v '^_Z' | sort -u | comm -12 - "$work/words" >"$work/public"
# What the sanitizers' run-times, and drivers built with them, look up in the process by name.
cut -d' ' -f1 "$work/defined" | grep -E '^__(asan|tsan|ubsan|sanitizer_openportcls)_' >>"$work/public" || true
cut -d' ' -f1 "$work/defined" | grep '^_Z' | sort -u >"$work/mangled"
"$cxxfilt" <"$work/mangled" | paste -d' ' "$work/mangled" - | awk '
  NR == FNR { public[$1] = 1; next }
  $2 ~ /^openportcls::/ {
    name = substr($2, length("openportcls::") + 1)
    sub(/[^A-Za-z_].*/, "", name)
    if (name in public) print $1
  }
  # Return types stand in front only of templates, which every user instantiates.
' "$work/names" - >>"$work/public"
sort -u -o "$work/public" "$work/public"

xargs "$nm" -P -g --undefined-only <"$command" | grep -v ':$' | cut -d' ' -f1 | sort -u |
  comm -12 - "$work/mangled" | comm -23 - "$work/public" >"$work/private"

list() { sed 's/.*/    "&";/' "$1"; }
{
  echo 'OPENPORTCLS_0 {'
  echo '  global:'
  list "$work/public"
  echo '  local: *;'
  echo '};'
  if [ -s "$work/private" ]; then
    echo 'OPENPORTCLS_PRIVATE {'
    echo '  global:'
    list "$work/private"
    echo '} OPENPORTCLS_0;'
  fi
} >"$work/script"
cmp -s "$work/script" "$output" || cp "$work/script" "$output"
