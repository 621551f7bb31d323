#!/usr/bin/env bash
# The installed library shows the public API and what drivers call, nothing else.
# usage: exported_symbols.sh NM LIBRARY INCLUDE_FOLDER
set -euo pipefail
export LC_ALL=C
nm=$1 library=$2 include=$3
symbols=$("$nm" -D --defined-only "$library" | awk '$2 != "A" {print $3}')
bad=0
complain() { echo "$1" >&2; bad=1; }

# C++: declared in include/openportcls. OPENPORTCLS_PRIVATE belongs to the portcls command of the same build.
while read -r name; do
  case "$name" in
  openportcls::machine::* | openportcls::executive::* | openportcls::pnp::* | openportcls::ks::* | \
    openportcls::portcls::* | openportcls::client::* | openportcls::drivertools::* | openportcls::endpoints::* | \
    openportcls::c::* | std::* | fmt::* | boost::*)
    complain "internal: $name" ;;
  openportcls::*) ;;
  *) complain "not ours: $name" ;;
  esac
done < <(grep -E '^_Z' <<<"$symbols" | grep -v '@@OPENPORTCLS_PRIVATE' | sed 's/@.*//' | c++filt)

# C: declared in openportcls.h or c/, or in a header that drivers include, or looked up by the sanitizers' run-times and by
# drivers built with them.
declared=$(grep -rhoE '\b[A-Za-z_][A-Za-z0-9_]*\b' "$include" | sort -u)
unknown=$(grep -vE '^(_Z|__(asan|tsan|ubsan|sanitizer_openportcls)_)' <<<"$symbols" | sed 's/@.*//' | sort -u | comm -23 - <(echo "$declared"))
[[ -z $unknown ]] || complain "no header declares: $unknown"

# What must be there. (No pipes into grep -q: it leaves early, and pipefail makes that a failure.)
demangled=$(c++filt <<<"$symbols")
for wanted in opc_machine_create opc_live_write PcNewPort KeSetEvent IoCreateDevice OpcTraceControl \
  __asan_default_options __tsan_on_report __sanitizer_openportcls_stop; do
  grep -qE "^$wanted(@|$)" <<<"$symbols" || complain "missing: $wanted"
done
for wanted in 'openportcls::Machine::create' 'openportcls::KsObject::support' 'openportcls::LiveRender::write'; do
  grep -qF "$wanted(" <<<"$demangled" || complain "missing: $wanted"
done
# Every function of the C header.
while read -r function; do
  grep -qE "^$function(@|$)" <<<"$symbols" || complain "declared but not there: $function"
done < <(grep -ohE '\bopc_[a-z_]+\(' "$include"/openportcls/{openportcls.h,c/*.h} | tr -d '(' | grep -v '_function$' | sort -u)
exit $bad
