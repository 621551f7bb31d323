# ks_properties.tsv as ROW(kind, set, id, get, set, target, descriptor, value, handling, min_os): the header's symbols,
# the table's texts.
BEGIN { FS = "\t" }
NR > 1 {
    gsub(/"/, "'")
    printf "ROW(%s, %s, %s, \"%s\", \"%s\", \"%s\", \"%s\", \"%s\", \"%s\", \"%s\")\n", $1, $2, $4, $5, $6, $8, $9, $10,
        $11, $12
}
