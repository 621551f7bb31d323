# Joins declarations (first file: "name<TAB>header") with the symbols that the library's objects define (second file:
# `nm -P` output) into C++: every declared name, with its address if it is defined.
# Usage: sort -u declarations | awk -f make_table.awk - symbols

FNR == NR {
    if (!($1 in header)) {
        names[++count] = $1
        header[$1] = $2
    }
    next
}
$2 ~ /^[TDBRVWiu]$/ { defined[$1] = 1 }
END {
    print "// Made from the declarations of include/wdk and the symbols of the library's objects."
    print "#include \"pnp/exports/table.h\"\n"
    print "namespace openportcls::pnp {\n\nnamespace {\n"
    for (i = 1; i <= count; ++i)
        if (names[i] in defined)
            printf "extern \"C\" [[gnu::visibility(\"default\")]] char opc_export_%s __asm__(\"%s\");\n", names[i], names[i]
    print "\nconst Export table[] = {"
    for (i = 1; i <= count; ++i) {
        name = names[i]
        address = (name in defined) ? "&opc_export_" name : "nullptr"
        printf "    {\"%s\", %s, \"%s\"},\n", name, address, header[name]
    }
    print "};\n\n} // namespace\n"
    print "std::span<const Export> export_table() { return table; }\n\n} // namespace openportcls::pnp"
}
