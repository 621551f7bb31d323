#include "test_sources.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>

namespace coverage {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

namespace {

bool is_word_character(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

// "07" at `at`, and no digit behind it; -1 otherwise.
int two_digits(const std::string& text, std::size_t at) {
    if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1]) ||
        (at + 2 < text.size() && is_digit(text[at + 2]))) {
        return -1;
    }
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

std::string rule_name(const std::string& family, int number) {
    return "R-" + family + (number < 10 ? "-0" : "-") + std::to_string(number);
}

// "R-PNP-03" and "R_PNP_03"; "R_PNP_03_to_05" and "R_PNP_03_and_04" name each of their rules.
void collect_rules(const std::string& text, std::set<std::string>& rules) {
    for (std::size_t at = text.find('R'); at != std::string::npos; at = text.find('R', at + 1)) {
        std::size_t end = at + 2;
        while (end < text.size() && text[end] >= 'A' && text[end] <= 'Z') {
            ++end;
        }
        const char joint = at + 1 < text.size() ? text[at + 1] : ' ';
        int number = two_digits(text, end + 1);
        if ((joint != '-' && joint != '_') || end == at + 2 || text[end] != joint || number < 0) {
            continue;
        }
        const std::string family = text.substr(at + 2, end - at - 2);
        rules.insert(rule_name(family, number));
        end += 3;
        for (const char* word : {"_and_", "_to_"}) {
            const std::size_t length = std::char_traits<char>::length(word);
            const int last = text.compare(end, length, word) == 0 ? two_digits(text, end + length) : -1;
            for (int next = length == 4 ? number + 1 : last; last >= 0 && next <= last; ++next) {
                rules.insert(rule_name(family, next));
            }
        }
    }
}

void collect_words(const std::string& text, std::set<std::string>& words) {
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && is_word_character(text[end])) {
            ++end;
        }
        if (end > at) {
            words.insert(text.substr(at, end - at));
        }
        at = end + 1;
    }
    collect_rules(text, words);
}

// The code without its comments and without what its texts and characters say.
std::string bare_code(const std::string& text) {
    std::string code;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text.compare(at, 2, "//") == 0) {
            at = std::min(text.find('\n', at), text.size());
            code += '\n';
        } else if (text.compare(at, 2, "/*") == 0) {
            at = std::min(text.find("*/", at), text.size() - 2) + 1;
            code += ' ';
        } else if (text[at] == '"' || (text[at] == '\'' && (at == 0 || !is_word_character(text[at - 1])))) {
            const char quote = text[at]; // 1'000 is no character
            for (++at; at < text.size() && text[at] != quote && text[at] != '\n'; ++at) {
                at += text[at] == '\\' ? 1 : 0;
            }
            code += quote;
            code += quote;
        } else {
            code += text[at];
        }
    }
    return code;
}

// Identifiers in front of a parenthesis; and of these, and of all, the ones in a statement that expects something.
void collect_calls(const std::string& code, Test& test) {
    std::size_t statement = 0;
    bool expects = false;
    for (std::size_t at = 0; at < code.size();) {
        if (code[at] == ';' || code[at] == '{' || code[at] == '}') {
            statement = at + 1;
            expects = false;
        }
        std::size_t end = at;
        while (end < code.size() && is_word_character(code[end])) {
            ++end;
        }
        if (end == at) {
            ++at;
            continue;
        }
        const std::string word = code.substr(at, end - at);
        expects = expects || (at >= statement && (word.starts_with("EXPECT_") || word.starts_with("ASSERT_")));
        const bool is_call = end < code.size() && code[end] == '(';
        if (is_call) {
            test.calls.insert(word);
        }
        if (expects) {
            test.checked_words.insert(word);
        }
        if (is_call && expects) {
            test.checked_calls.insert(word);
        }
        at = end;
    }
}

// Rules, identifiers and methods that a comment begins with, as in "R-MIDI-08, IMiniportMidi::NewStream: ...".
std::set<std::string> leading_names(const std::string& comment) {
    static const std::regex line("\\s*//+ ?(?:Shows (?!no row))?");
    static const std::regex list("^\\s*([A-Za-z0-9_-]+(?:::[A-Za-z0-9_]+)?)(,(?: and)?|\\s+and\\b|[:.]?\\s|[:.]?$)");
    std::string rest = std::regex_replace(comment, line, " ");
    std::set<std::string> names;
    for (std::smatch found; std::regex_search(rest, found, list); rest = found.suffix().str()) {
        names.insert(found[1].str());
        if (found[2].str().find_first_of(",d") == std::string::npos) {
            break;
        }
    }
    return names;
}

// Where the comment directly above a test begins.
std::size_t comment_above(const std::string& text, std::size_t test) {
    std::size_t begin = test;
    while (begin > 0) {
        const std::size_t line = begin >= 2 ? text.rfind('\n', begin - 2) : std::string::npos;
        const std::size_t start = line == std::string::npos ? 0 : line + 1;
        if (text.compare(start, 2, "//") != 0) {
            break;
        }
        begin = start;
    }
    return begin;
}

} // namespace

TestSources::TestSources(const fs::path& root) {
    std::vector<fs::path> sources;
    std::vector<fs::path> lists;
    for (const char* folder : {"src", "tests"}) {
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
            const std::string path = fs::relative(entry.path(), root).string();
            if (entry.path().filename() == "CMakeLists.txt") {
                lists.push_back(entry.path());
            } else if (entry.path().extension() == ".cpp" &&
                       (path.starts_with("tests/") || path.find("/tests/") != std::string::npos)) {
                sources.push_back(entry.path());
            }
        }
    }
    std::sort(sources.begin(), sources.end());
    std::sort(lists.begin(), lists.end());
    for (const fs::path& path : sources) {
        read_source(path, fs::relative(path, root).string().starts_with("tests/wdk/"));
    }
    for (const fs::path& path : lists) {
        read_cmake(path);
    }
}

void TestSources::read_source(const fs::path& path, bool of_headers) {
    const std::string text = text_of(path);
    std::set<std::string>& file_words = file_words_[path.string()];
    collect_words(text, file_words);
    static const std::regex head(
        "(?:^|\n)(?:DRIVER_)?TEST(?:_F|_P)?\\(\\s*([A-Za-z0-9_]+)\\s*,\\s*([A-Za-z0-9_]+)\\s*\\)");
    struct Head {
        std::size_t begin; // of its comment
        std::size_t first_line;
        std::string name;
    };
    std::vector<Head> heads;
    for (std::sregex_iterator found(text.begin(), text.end(), head), none; found != none; ++found) {
        const std::size_t at = static_cast<std::size_t>(found->position()) + (found->str().front() == '\n' ? 1 : 0);
        heads.push_back({comment_above(text, at), at, (*found)[1].str() + "." + (*found)[2].str()});
    }
    for (std::size_t index = 0; index < heads.size(); ++index) {
        const std::size_t begin = heads[index].begin;
        std::size_t end = index + 1 < heads.size() ? heads[index + 1].begin : text.size();
        // A test ends with the brace in the first column; helpers may stand between two tests.
        const std::size_t brace = text.find("\n}", begin);
        end = std::min(end, brace == std::string::npos ? end : brace);
        Test test;
        test.name = heads[index].name;
        test.file_words = &file_words;
        test.of_headers = of_headers;
        test.comment = text.substr(begin, heads[index].first_line - begin);
        collect_rules(test.name, test.name_rules);
        collect_words(test.comment, test.comment_words);
        (test.comment.starts_with("// Shows ") ? test.shows : test.claims) = leading_names(test.comment);
        test.claims_none = test.comment.find("Shows no row") != std::string::npos;
        collect_words(text.substr(begin, end - begin), test.words);
        const std::size_t body = std::min(text.find('{', heads[index].first_line), end);
        collect_calls(bare_code(text.substr(body, end - body)), test);
        names_.insert(test.name);
        tests_.push_back(std::move(test));
    }
}

void TestSources::read_cmake(const fs::path& path) {
    const std::string text = text_of(path);
    static const std::regex head("add_test\\(\\s*NAME\\s+([A-Za-z0-9_.-]+)");
    for (std::sregex_iterator found(text.begin(), text.end(), head), none; found != none; ++found) {
        names_.insert((*found)[1].str());
    }
}

} // namespace coverage
