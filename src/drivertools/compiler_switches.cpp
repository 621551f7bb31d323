#include "drivertools/compiler_switches.h"

#include "drivertools/windows_path.h"

#include <algorithm>
#include <optional>

namespace openportcls::drivertools {

namespace {

class WordSplitter {
public:
    explicit WordSplitter(std::string_view line) : line_(line) {}

    std::vector<std::string> run() {
        while (!line_.empty())
            take();
        finish();
        return std::move(words_);
    }

private:
    void take() {
        const auto backslashes = std::min(line_.find_first_not_of('\\'), line_.size());
        const bool before_quote = backslashes < line_.size() && line_[backslashes] == '"';
        if (backslashes != 0) {
            line_.remove_prefix(backslashes);
            // Only before a quote do two of them stand for one, and an odd one for the quote itself.
            append(std::string(before_quote ? backslashes / 2 : backslashes, '\\'));
            if (before_quote && backslashes % 2 == 1)
                append(take_character());
            return;
        }
        auto character = take_character();
        if (character == "\"") {
            quoted_ = !quoted_;
            append("");
        } else if (!quoted_ && character.find_first_of(" \t\r\n") == 0) {
            finish();
        } else {
            append(character);
        }
    }

    std::string take_character() {
        std::string character(line_.substr(0, 1));
        line_.remove_prefix(1);
        return character;
    }

    void append(std::string_view text) { word_ = word_.value_or("") + std::string(text); }

    void finish() {
        if (word_)
            words_.push_back(std::move(*word_));
        word_.reset();
    }

    std::string_view line_;
    std::vector<std::string> words_;
    std::optional<std::string> word_; // `""` is a word too
    bool quoted_ = false;
};

// Switches without a meaning here, from
// https://learn.microsoft.com/cpp/build/reference/compiler-options-listed-by-category and the older kits.
constexpr std::string_view whole_words_passed_over[] = {
    "nologo", "c",    "bigobj",    "hotpatch", "homeparams", "showIncludes", "kernel", "X",    "Wp64",       "sdl",
    "sdl-",   "GR",   "GR-",       "GX-",      "GL",         "GL-",          "Gd",     "Gr",   "Gz",         "EHs-c-",
    "EHsc",   "EHa-", "Za",        "Ze",       "utf-8",      "permissive-",  "GF",     "Gw",   "Gw-",        "Gy",
    "Gy-",    "Gm",   "Gm-",       "GS",       "GS-",        "GT",           "GZ",     "Ge",   "Gh",         "GH",
    "GA",     "GB",   "G3",        "G4",       "G5",         "G6",           "G7",     "MT",   "MTd",        "MD",
    "MDd",    "ML",   "MLd",       "LD",       "LDd",        "Z7",           "Zi",     "ZI",   "Zd",         "Zl",
    "Zo",     "Zo-",  "Zg",        "Zs",       "FC",         "FS",           "JMC",    "JMC-", "permissive", "Y-",
    "Yd",     "Zf",   "Zc:wchar_t"};
constexpr std::string_view beginnings_passed_over[] = {"W",
                                                       "w",
                                                       "O",
                                                       "RTC",
                                                       "Fd",
                                                       "Fo",
                                                       "Fa",
                                                       "Fp",
                                                       "FA",
                                                       "Fe",
                                                       "Fm",
                                                       "FR",
                                                       "Fr",
                                                       "Fi",
                                                       "Zm",
                                                       "MP",
                                                       "Gs",
                                                       "guard:",
                                                       "Q",
                                                       "analyze",
                                                       "fp:",
                                                       "d1",
                                                       "d2",
                                                       "Zc:",
                                                       "diagnostics:",
                                                       "favor:",
                                                       "volatile:",
                                                       "errorReport:",
                                                       "cgthreads",
                                                       "source-charset:",
                                                       "validate-charset",
                                                       "experimental:",
                                                       "external:W",
                                                       "external:anglebrackets",
                                                       "external:templates",
                                                       "Yl",
                                                       "H",
                                                       "V",
                                                       "doc",
                                                       "sourceDependencies",
                                                       "B",
                                                       "Tl"};

bool is_passed_over(std::string_view name) {
    return std::ranges::find(whole_words_passed_over, name) != std::end(whole_words_passed_over) ||
           std::ranges::any_of(beginnings_passed_over,
                               [&](std::string_view beginning) { return name.starts_with(beginning); });
}

struct Standard {
    std::string_view written;
    Language language;
    std::string_view name;
};
constexpr Standard standards[] = {{"c++14", Language::cpp, "c++14"}, {"c++17", Language::cpp, "c++17"},
                                  {"c++20", Language::cpp, "c++20"}, {"c++23preview", Language::cpp, "c++23"},
                                  {"c++23", Language::cpp, "c++23"}, {"c++latest", Language::cpp, "c++23"},
                                  {"c11", Language::c, "c11"},       {"c17", Language::c, "c17"},
                                  {"clatest", Language::c, "c23"}};

class SwitchReader {
public:
    SwitchReader(std::string_view line, const std::filesystem::path& folder, SourceUnit& unit)
        : words_(command_line_words(line)), folder_(folder), unit_(unit) {}

    std::vector<std::string> run() {
        for (; index_ < words_.size(); ++index_) {
            const std::string word = words_[index_];
            const bool is_switch = word.size() > 1 && (word[0] == '/' || word[0] == '-');
            const auto name = is_switch ? std::string_view(word).substr(1) : std::string_view();
            if (name.empty() || (!take(name) && !is_passed_over(name)))
                not_understood_.push_back(word);
        }
        // Whichever language the unit has in the end: a project gives both kinds of file the same line.
        const auto& standard = unit_.language == Language::c ? c_standard_ : cpp_standard_;
        if (!standard.empty())
            unit_.standard = standard;
        return std::move(not_understood_);
    }

private:
    bool take(std::string_view name) {
        if (name == "J")
            unit_.unsigned_char = true;
        else if (name == "TP")
            unit_.language = Language::cpp;
        else if (name == "TC")
            unit_.language = Language::c;
        else if (name == "Zc:wchar_t-")
            unit_.wide_character_is_short = true;
        else if (name.starts_with("std:"))
            return take_standard(name.substr(4));
        else if (name.starts_with("Zp"))
            return take_packing(name.substr(2));
        else if (name.starts_with("Yu") || name.starts_with("Yc"))
            take_precompiled_header(name);
        else
            return take_definition_or_file(name);
        return true;
    }

    bool take_definition_or_file(std::string_view name) {
        if (name.starts_with("D"))
            add_define(argument_of(name, 1));
        else if (name.starts_with("U"))
            unit_.undefines.push_back(argument_of(name, 1));
        else if (name.starts_with("FI"))
            take_forced_include(argument_of(name, 2));
        else if (name.starts_with("I"))
            add_folder(argument_of(name, 1));
        else if (name.starts_with("external:I"))
            add_folder(argument_of(name, std::string_view("external:I").size()));
        else
            return false;
        return true;
    }

    // Behind the switch, or the next word.
    std::string argument_of(std::string_view name, std::size_t length) {
        if (name.size() > length)
            return std::string(name.substr(length));
        return index_ + 1 < words_.size() ? words_[++index_] : std::string();
    }

    // "/DNAME#value" is what a command line says that cannot have an equals sign in it.
    void add_define(std::string define) {
        const auto sign = define.find_first_of("=#");
        if (sign != std::string::npos)
            define[sign] = '=';
        if (!define.empty())
            unit_.defines.push_back(std::move(define));
    }

    void add_folder(const std::string& written) {
        if (auto include = find_ignoring_case(folder_, written))
            unit_.include_directories.push_back(*include);
    }

    void take_forced_include(const std::string& written) {
        auto file = find_ignoring_case(folder_, written);
        for (auto folder = unit_.include_directories.begin(); !file && folder != unit_.include_directories.end();
             ++folder)
            file = find_ignoring_case(*folder, written);
        unit_.forced_includes.push_back(file.value_or(with_forward_slashes(written)));
    }

    bool take_standard(std::string_view written) {
        const auto* known = std::ranges::find(standards, written, &Standard::written);
        if (known == std::end(standards))
            return false;
        (known->language == Language::c ? c_standard_ : cpp_standard_) = known->name;
        return true;
    }

    // /Zp alone is /Zp1.
    bool take_packing(std::string_view bytes) {
        constexpr std::string_view known[] = {"", "1", "2", "4", "8", "16"};
        if (std::ranges::find(known, bytes) == std::end(known))
            return false;
        unit_.most_alignment = bytes.empty() ? 1 : static_cast<unsigned>(std::stoul(std::string(bytes)));
        return true;
    }

    void take_precompiled_header(std::string_view name) {
        unit_.precompiled_header = name.size() > 2 ? std::string(name.substr(2)) : std::string();
        unit_.makes_precompiled_header = name.starts_with("Yc");
    }

    std::vector<std::string> words_;
    std::size_t index_ = 0;
    const std::filesystem::path& folder_;
    SourceUnit& unit_;
    std::string c_standard_;
    std::string cpp_standard_;
    std::vector<std::string> not_understood_;
};

} // namespace

std::vector<std::string> command_line_words(std::string_view line) {
    return WordSplitter(line).run();
}

std::vector<std::string> take_compiler_switches(std::string_view line, const std::filesystem::path& folder,
                                                SourceUnit& unit) {
    return SwitchReader(line, folder, unit).run();
}

} // namespace openportcls::drivertools
