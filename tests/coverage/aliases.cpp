#include "aliases.h"
#include "test_sources.h"

#include <regex>

namespace coverage {

namespace fs = std::filesystem;

namespace {

void add_calls(const std::string& name, const std::string& body, Aliases& aliases) {
    static const std::regex word("[A-Za-z_][A-Za-z0-9_]+");
    for (std::sregex_iterator found(body.begin(), body.end(), word), none; found != none; ++found) {
        if (found->str() != name) {
            aliases[found->str()].insert(name);
        }
    }
}

// "#define NAME(...) BODY", with its continuation lines.
void read_macros(const std::string& text, Aliases& aliases) {
    static const std::regex macro("#[ \t]*define[ \t]+([A-Za-z_][A-Za-z0-9_]+)((?:[^\\\\\n]|\\\\\n|\\\\.)*)");
    for (std::sregex_iterator found(text.begin(), text.end(), macro), none; found != none; ++found) {
        add_calls((*found)[1].str(), (*found)[2].str(), aliases);
    }
}

// "FORCEINLINE TYPE NAME(...) { BODY }"
void read_inline_functions(const std::string& text, Aliases& aliases) {
    static const std::regex head("(?:FORCEINLINE|static inline|OPC_INLINE)[^;{}()]*\\b([A-Za-z_][A-Za-z0-9_]+)\\(");
    for (std::sregex_iterator found(text.begin(), text.end(), head), none; found != none; ++found) {
        const auto end = static_cast<std::size_t>(found->position() + found->length());
        const std::size_t open = text.find('{', end);
        const std::size_t close = text.find("\n}", end);
        const bool is_function = open < close && text.find(';', end) > open && text.find('\\', end) > close;
        if (is_function && (*found)[1].str().front() != '_') { // not __attribute__(…), not within a macro
            add_calls((*found)[1].str(), text.substr(open, close - open), aliases);
        }
    }
}

} // namespace

Aliases read_aliases(const fs::path& headers) {
    Aliases aliases;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(headers)) {
        if (entry.path().extension() == ".h") {
            const std::string text = text_of(entry.path());
            read_macros(text, aliases);
            read_inline_functions(text, aliases);
        }
    }
    return aliases;
}

} // namespace coverage
