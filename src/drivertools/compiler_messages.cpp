#include "drivertools/compiler_messages.h"

#include "drivertools/text.h"

namespace openportcls::drivertools {

namespace {

bool shows_insides(std::string_view line) {
    const auto plain = without_colors(line);
    return plain.find("/seh.h:") != std::string::npos && plain.find(": note: ") != std::string::npos;
}

// "   12 | the source" and the line of marks below it.
bool is_excerpt(std::string_view line) {
    const auto plain = without_colors(line);
    const auto bar = plain.find_first_not_of(" 0123456789");
    return bar != std::string::npos && bar > 0 && plain[bar] == '|';
}

} // namespace

std::string without_colors(std::string_view text) {
    std::string result;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] == '\x1b') {
            while (index < text.size() && text[index] != 'm' && text[index] != 'K')
                ++index;
            continue;
        }
        result += text[index];
    }
    return result;
}

std::string in_words_of_drivers(std::string_view diagnostics) {
    if (diagnostics.find("seh") == std::string_view::npos)
        return std::string(diagnostics);
    std::string result;
    bool passing_over = false;
    for (auto line : lines_of(diagnostics)) {
        passing_over = shows_insides(line) || (passing_over && is_excerpt(line));
        if (!passing_over)
            result += std::string(line) + "\n";
    }
    for (const auto* guess : {"; did you mean 'opc_seh_leave'?", "; did you mean 'opc_seh_frame'?"})
        result = replace_all(std::move(result), guess, "");
    return replace_all(std::move(result), "use of undeclared identifier 'opc_seh_here'",
                       "__leave, exception code or information outside of an exception block");
}

} // namespace openportcls::drivertools
