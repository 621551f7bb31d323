# Joins declarations (first file: "name<TAB>header") with the symbols that the library's objects define (second file:
# `nm -P` output) and with releases.tsv (third file) into C++: every declared name, with its address if it is defined
# and its first release if that matters.
# Usage: sort -u declarations | awk -f make_table.awk - symbols releases.tsv
BEGIN {
    versions["XP"] = "5, 1, 2600"
    versions["Vista"] = "6, 0, 6000"
    versions["Vista SP1"] = "6, 0, 6001"
    versions["7"] = "6, 1, 7600"
    versions["8"] = "6, 2, 9200"
    versions["8.1"] = "6, 3, 9600"
    versions["10"] = "10, 0, 10240"
    versions["10 1511"] = "10, 0, 10586"
    versions["10 1803"] = "10, 0, 17134"
    versions["10 2004"] = "10, 0, 19041"
    versions["11"] = "10, 0, 22000"
}
FNR == 1 { ++file }

file == 1 {
    if (!($1 in header)) {
        names[++count] = $1
        header[$1] = $2
    }
    next
}
file == 2 {
    if ($2 ~ /^[TDBRVWiu]$/)
        defined[$1] = 1
    next
}
!/^#/ {
    split($0, row, "\t")
    if (!(row[1] in header) || !(row[2] in versions)) {
        print FILENAME ":" FNR ": no such function or release: " $0 >"/dev/stderr"
        exit failed = 1
    }
    release[row[1]] = sprintf("{\"%s\", {%s}, \"%s\"}", row[2], versions[row[2]], row[3])
}
END {
    if (failed)
        exit 1
    print "// Made from the declarations of include/wdk and the symbols of the library's objects."
    print "#include \"pnp/exports/table.h\"\n"
    print "namespace openportcls::pnp {\n\nnamespace {\n"
    for (i = 1; i <= count; ++i)
        if (names[i] in defined)
            printf "extern \"C\" [[gnu::visibility(\"default\")]] char opc_export_%s __asm__(\"%s\");\n", names[i], names[i]
    print ""
    for (i = 1; i <= count; ++i)
        if (names[i] in release)
            printf "constexpr ExportRelease release_of_%s = %s;\n", names[i], release[names[i]]
    print "\nconst Export table[] = {"
    for (i = 1; i <= count; ++i) {
        name = names[i]
        address = (name in defined) ? "&opc_export_" name : "nullptr"
        since = (name in release) ? "&release_of_" name : "nullptr"
        printf "    {\"%s\", %s, \"%s\", %s},\n", name, address, header[name], since
    }
    print "};\n\n} // namespace\n"
    print "std::span<const Export> export_table() { return table; }\n\n} // namespace openportcls::pnp"
}
