#!/usr/bin/env bash
# A layer includes downwards only. usage: check_layers.sh SRC_FOLDER
# Each line: a layer, then the layers it may include besides itself.
set -euo pipefail
src=$1
rules='base:
machine: base
hardware: base machine
executive: base machine
pnp: base machine executive drivertools
ks: base machine executive
portcls: base machine executive ks
drivertools: base
verifier: base machine hardware executive pnp ks portcls
client: base machine hardware executive pnp ks portcls drivertools
endpoints: base machine client
cli: base machine hardware client endpoints verifier drivertools pnp'
grep -rnE '#include "[a-z_]+/' "$src" --include='*.h' --include='*.cpp' | awk -v src="$src/" -v rules="$rules" '
  BEGIN {
    count = split(rules, lines, "\n")
    for (i = 1; i <= count; ++i) {
      split(lines[i], parts, ":")
      allowed[parts[1]] = " " parts[1] " " parts[2] " "
    }
  }
  {
    file = $0; sub(/:.*/, "", file)
    if (file ~ /\/tests\//) next
    layer = substr(file, length(src) + 1); sub(/\/.*/, "", layer)
    included = $0; sub(/.*#include "/, "", included); sub(/\/.*/, "", included)
    if ((layer in allowed) && index(allowed[layer], " " included " ") == 0) {
      line = substr($0, length(file) + 2); sub(/:.*/, "", line)
      print file ":" line ": layer \047" layer "\047 may not include \047" included "\047"
      bad = 1
    }
  }
  END { exit bad }'
