#!/usr/bin/env bash
# Functions that remember who called them (__builtin_return_address) are not compiled in line: link-time optimisation
# would have them remember their caller's caller. usage: check_callers.sh SRC_FOLDER
# Not looked at are checks whose report is about to end the machine (OPC_REQUIRE_…): whoever they name, a stack follows.
set -euo pipefail
src=$1
find "$src" -name '*.cpp' -not -path '*/tests/*' -print0 | sort -z |
  xargs -0 awk '
    FNR == 1 { protected = 0; marked = 0 }
    /^OPC_BEGIN_REMEMBERING_CALLERS/ { protected = 1 }
    /^OPC_END_REMEMBERING_CALLERS/ { protected = 0 }
    /^}/ { marked = 0 }
    /gnu::noinline/ { marked = 1 }
    /__builtin_return_address|OPC_CALLER|OPC_WDF_CALL/ && !/^#define/ && !protected && !marked {
      print FILENAME ":" FNR ": whoever calls is remembered, but nothing keeps this function from being inlined"
      bad = 1
    }
    END { exit bad }'
