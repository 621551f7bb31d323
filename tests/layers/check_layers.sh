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
bad=0
while IFS=: read -r layer allowed; do
  [[ -d $src/$layer ]] || continue
  pattern=" $layer $allowed "
  while IFS=: read -r file line text; do
    [[ -n $file ]] || continue
    included=$(sed -E 's/.*#include "([a-z_]+)\/.*/\1/' <<<"$text")
    case "$file" in */tests/*) continue ;; esac
    if [[ -d $src/$included && $pattern != *" $included "* ]]; then
      echo "$file:$line: layer '$layer' may not include '$included'"
      bad=1
    fi
  done < <(grep -rnE '#include "[a-z_]+/' "$src/$layer" --include='*.h' --include='*.cpp' || true)
done <<<"$rules"
exit $bad
