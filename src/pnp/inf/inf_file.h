// An INF file as sections of lines of fields.
#pragma once

#include "base/result.h"
#include "base/unicode.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::pnp {

enum class InfSeverity : std::uint8_t {
    warning, // something in the INF is wrong, or not done here: it was left out
    remark,  // it is as good INFs are; what this system did with it
};

// A fault that does not stop the installation.
struct InfWarning {
    int line = 0;
    std::string message;
    InfSeverity severity = InfSeverity::warning;
};

// `key = field, field, …`, or fields alone. String tokens are replaced, quotes removed.
struct InfLine {
    int number = 0;
    std::optional<std::string> key;
    std::vector<std::string> fields;

    // An omitted or missing field is empty.
    std::string_view field(std::size_t index) const {
        return index < fields.size() ? std::string_view(fields[index]) : std::string_view{};
    }
};

struct InfSection {
    std::string name; // as first written
    int line = 0;
    std::vector<InfLine> lines; // of all sections of that name, in file order

    std::optional<std::string_view> first_value(std::string_view key) const;
};

struct InfParseOptions {
    std::uint16_t language = 0x0409; // LANGID: which [Strings.xxxx] are looked through before [Strings]
    // INX variables, as the build's stampinf step replaces them.
    std::map<std::string, std::string> variables = {{"$ARCH$", "amd64"},
                                                    {"$KMDFVERSION$", "1.33"},
                                                    {"$KMDFCOINSTALLERVERSION$", "01033"},
                                                    {"$UMDFVERSION$", "2.33.0"},
                                                    {"$UMDFCOINSTALLERVERSION$", "02033"}};
};

class InfFile {
public:
    // `name` appears in messages only. Errors read "name:line: what is wrong".
    static Result<InfFile> parse(std::span<const std::uint8_t> bytes, std::string name,
                                 const InfParseOptions& options = {});

    const std::string& name() const { return name_; }
    const std::vector<InfWarning>& warnings() const { return warnings_; }
    // A name with blanks around it has to match exactly; one without finds what has them, too.
    const InfSection* section(std::string_view name) const;
    std::vector<std::string> section_names() const;
    std::optional<std::string_view> version_value(std::string_view key) const;
    std::optional<std::string_view> string(std::string_view token) const;

    // "name:line: message" for an error about a line of this file.
    Error error_at(int line, std::string_view message) const;
    // "name:line: warning: message"; a line of 0 is left out.
    std::string text_of(const InfWarning& warning) const;

private:
    friend class InfParser;

    std::string name_;
    std::map<std::string, InfSection, CaseInsensitiveAsciiLess> sections_;
    // Of names with blanks around them in the brackets, what is between the blanks.
    std::map<std::string, std::string, CaseInsensitiveAsciiLess> trimmed_names_;
    std::map<std::string, std::string, CaseInsensitiveAsciiLess> strings_;
    std::vector<InfWarning> warnings_;
};

// Decimal, 0x-hexadecimal or negative decimal; anything after the digits makes it no number.
std::optional<std::uint64_t> parse_inf_number(std::string_view text);

} // namespace openportcls::pnp
