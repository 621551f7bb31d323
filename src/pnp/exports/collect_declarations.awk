# Prints "name<TAB>header" for every function and variable that the driver headers declare as a kernel export:
# a declaration (not a definition, typedef, macro or interface method) with a calling-convention or import macro.
# Usage: awk -v root=include/wdk/ -f collect_declarations.awk include/wdk/*.h

function finish(statement, terminator,    rest, name) {
    gsub(/[ \t\r\n]+/, " ", statement)
    if (terminator != ";" || statement ~ /(^| )(typedef|virtual|static|inline|friend) / ||
        statement ~ /FORCEINLINE/ || statement ~ /= ?0 ?$/ || statement ~ /(^| )STDMETHOD/)
        return
    if (match(statement, /(^| )(NTAPI|FASTCALL|CDECL|DDKAPI|DDKFASTAPI|WINAPI|WINAPIV|CALLBACK|STDMETHODCALLTYPE|OPC_MSABI) [A-Za-z_][A-Za-z0-9_]* ?\(/)) {
        rest = substr(statement, RSTART, RLENGTH)
        sub(/ ?\($/, "", rest)
        sub(/.* /, "", rest)
        print rest "\t" header
    } else if (statement !~ /\(/ && statement ~ /(^| )(NTKERNELAPI|NTSYSAPI|NTHALAPI|KSDDKAPI|PORTCLASSAPI|OPC_EXPORT) /) {
        name = statement
        sub(/(\[[^]]*\])* *$/, "", name)
        sub(/.*[ *]/, "", name)
        print name "\t" header
    }
}

FNR == 1 {
    header = FILENAME
    sub(".*" root, "", header)
    # The parts under opc/ are included through these.
    if (header ~ /^opc\/ks_/) header = "ks.h"
    else if (header ~ /^opc\/portcls/) header = "portcls.h"
    else if (header ~ /^opc\//) header = "wdm.h"
    statement = ""
    in_comment = 0
    in_directive = 0
}
{
    line = $0
    if (in_comment) {
        if (!sub(/^.*\*\//, "", line))
            next
        in_comment = 0
    }
    while (match(line, /\/\*/)) {
        before = substr(line, 1, RSTART - 1)
        after = substr(line, RSTART + 2)
        if (end = index(after, "*/")) {
            line = before " " substr(after, end + 2)
        } else {
            line = before
            in_comment = 1
            break
        }
    }
    sub(/\/\/.*/, "", line)
    if (in_directive || line ~ /^[ \t]*#/) {
        in_directive = (line ~ /\\[ \t\r]*$/)
        next
    }
    while (match(line, /[;{}]/)) {
        place = RSTART # finish() uses match() too
        finish(statement " " substr(line, 1, place - 1), substr(line, place, 1))
        statement = ""
        line = substr(line, place + 1)
    }
    sub(/^[ \t]*(EXTERN_C_START|EXTERN_C_END)[ \t]*$/, "", line)
    statement = statement " " line
}
