// The command lines that README.md and docs/ print, run as they are printed.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "command.h"
#include "endpoints/wav_file.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;

struct Line {
    std::string text;
    int number = 0;
};

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == std::string::npos ? "" : text.substr(begin);
}

// Lines of code blocks (indented, or between fences) that begin with the command; continued ones in one piece.
std::vector<Line> command_lines(const std::string& document) {
    std::ifstream file(std::string(OPENPORTCLS_SOURCE "/") + document);
    EXPECT_TRUE(file) << document;
    std::vector<Line> found;
    bool is_fenced = false;
    int number = 0;
    for (std::string text; std::getline(file, text);) {
        const int first = ++number;
        if (trimmed(text).starts_with("```")) {
            is_fenced = !is_fenced;
            continue;
        }
        const bool is_code = is_fenced || text.starts_with("    ");
        for (std::string more; is_code && text.ends_with('\\') && std::getline(file, more); ++number) {
            text += "\n" + more;
        }
        const std::string command = trimmed(text);
        if (is_code && (command.starts_with("portcls ") || command.starts_with("build/src/cli/portcls "))) {
            found.push_back({command, first});
        }
    }
    return found;
}

// A place where everything is that the documents speak of, always the same one, so that what was compiled is kept.
class Documentation : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        std::string name = GetParam();
        std::replace(name.begin(), name.end(), '/', '-');
        name += folder_suffix();
        here_ = std::filesystem::path(OPENPORTCLS_DRIVER_CACHE).parent_path() / "documentation" / name;
        std::filesystem::remove_all(here_);
        const std::filesystem::path source = OPENPORTCLS_SOURCE;
        const std::filesystem::path cable = source / "drivers" / "cable";
        for (const char* folder : {"path/to/driver", "driver", "mydriver", "drv"}) {
            copy_driver(cable, here_ / folder);
        }
        std::filesystem::copy_file(cable / "cable.inx", here_ / "driver.inx");
        std::filesystem::copy_file(cable / "cable.inx", here_ / "driver" / "mydriver.inx");
        std::filesystem::copy_file(cable / "cable.inx", here_ / "mydriver" / "mydriver.inx");
        std::filesystem::rename(here_ / "drv" / "cable.vcxproj", here_ / "drv" / "Main.vcxproj");
        copy_driver(source / "examples" / "knob", here_ / "src" / "simpleaudiosample");
        std::filesystem::remove(here_ / "src" / "simpleaudiosample" / "knob_test.cpp");
        copy_driver(source / "examples" / "knob", here_ / "old-driver");
        std::ofstream(here_ / "old-driver" / "sources") << "TARGETNAME=knob\nTARGETTYPE=DRIVER\nSOURCES=knob.cpp\n";
        std::filesystem::create_directory_symlink(source / "drivers", here_ / "drivers");
        std::filesystem::create_directory_symlink(source / "tests", here_ / "tests");
        std::filesystem::create_directories(here_ / "build" / "src" / "cli");
        std::filesystem::create_symlink(OPENPORTCLS_COMMAND, here_ / "build" / "src" / "cli" / "portcls");
        WaveFormat format;
        for (const char* sound : {"song.wav", "test.wav", "some.wav"}) {
            auto written = openportcls::endpoints::create_wav_file(here_ / sound, format);
            ASSERT_TRUE(written && (*written)->write(noise(format, 9600)) && (*written)->finish());
        }
        std::filesystem::copy_file(source / "tests" / "data" / "midi" / "one-minute.mid", here_ / "song.mid");
        std::ofstream(here_ / "asound.conf") << "pcm.default { type null }\n";
    }

    virtual std::string folder_suffix() const { return ""; }

    static void copy_driver(const std::filesystem::path& from, const std::filesystem::path& to) {
        std::filesystem::create_directories(to);
        for (const auto& entry : std::filesystem::directory_iterator(from)) {
            if (entry.is_regular_file() && entry.path().filename() != "CMakeLists.txt") {
                std::filesystem::copy_file(entry.path(), to / entry.path().filename());
            }
        }
    }

    Ran shell(const std::string& command) const {
        return run({"env", "HOME=" + here_.string(), "OPENPORTCLS_CACHE=" OPENPORTCLS_DRIVER_CACHE,
                    "ALSA_CONFIG_PATH=" + (here_ / "asound.conf").string(), "seed=3", "sh", "-c",
                    "cd \"$1\" && PATH=\"$1/build/src/cli:$PATH\" && " + command, "sh", here_.string()});
    }

    std::filesystem::path here_;
};

// The two drivers with faults fail, as the text below them says.
bool is_to_fail(const std::string& command) {
    return command.find("--parameter Fault=") != std::string::npos;
}

TEST_P(Documentation, CommandLinesRunAsPrinted) {
    if (e2e::command_is_sanitized && std::string_view(GetParam()) == "docs/debugging.md") {
        GTEST_SKIP() << "skipped: the command's own sanitizer would answer instead of the driver's";
    }
    const std::vector<Line> lines = command_lines(GetParam());
    ASSERT_FALSE(lines.empty()) << GetParam() << " shows no command any more: take it off this test's list";
    for (const Line& line : lines) {
        const Ran ran = shell(line.text);
        EXPECT_EQ(ran.status, is_to_fail(line.text) ? 1 : 0)
            << GetParam() << ":" << line.number << ": " << line.text << "\n"
            << ran.out << ran.error;
    }
}

INSTANTIATE_TEST_SUITE_P(Pages, Documentation,
                         testing::Values("README.md", "docs/getting-started.md", "docs/drivers-from-source.md",
                                         "docs/listen.md", "docs/debugging.md", "docs/ci.md", "drivers/cable/README.md",
                                         "drivers/sb16/README.md", "drivers/ac97/README.md"),
                         [](const testing::TestParamInfo<const char*>& info) {
                             std::string name = info.param;
                             std::erase_if(name, [](char letter) { return std::isalnum(letter) == 0; });
                             return name;
                         });

// The script of docs/ci.md for drivers that are not as they should be.
class CiScript : public Documentation {
protected:
    std::string folder_suffix() const override {
        std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
        return "-" + test.substr(0, test.find('/')); // each has a driver of its own
    }

    // Runs what the page shows of the driver without sanitizers, until something fails, as `set -e` does.
    Ran run_page_with(const std::string& mistake) {
        const std::filesystem::path file = here_ / "driver" / "stream.cpp";
        std::filesystem::copy_file(OPENPORTCLS_SOURCE "/drivers/cable/stream.cpp", file,
                                   std::filesystem::copy_options::overwrite_existing);
        std::string text = text_of(file.string());
        const std::size_t place = text.find("if (m_EndOfStream) {\n        return STATUS_INVALID_DEVICE_STATE;");
        EXPECT_NE(place, std::string::npos);
        std::ofstream(file, std::ios::trunc) << text.insert(place, mistake + "\n");
        Ran ran;
        for (const Line& line : command_lines(GetParam())) {
            if (line.text.find("mydriver.so") != std::string::npos) {
                ran = shell(line.text);
            }
            if (ran.status != 0) {
                break;
            }
        }
        return ran;
    }
};

TEST_P(CiScript, FailsWhenABitIsChanged) {
    const Ran ran = run_page_with("if (PacketNumber == 5) Buffer[4] ^= 1;");
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, testing::HasSubstr("--verify: the output is not the input"));
}

TEST_P(CiScript, FailsWhenThereIsAGlitch) {
    const Ran ran = run_page_with("if (PacketNumber == 5) return STATUS_DATA_LATE_ERROR;");
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, testing::HasSubstr("--verify: 1 glitch"));
}

INSTANTIATE_TEST_SUITE_P(Page, CiScript, testing::Values("docs/ci.md"), [](const auto&) { return "docsci"; });

// What a page shows elsewhere must be on the list above.
TEST(DocumentationPages, AreAllOnTheList) {
    for (const auto& entry : std::filesystem::directory_iterator(OPENPORTCLS_SOURCE "/docs")) {
        const std::string page = "docs/" + entry.path().filename().string();
        if (entry.path().extension() == ".md" && !command_lines(page).empty()) {
            EXPECT_THAT((std::vector<std::string>{"docs/getting-started.md", "docs/drivers-from-source.md",
                                                  "docs/listen.md", "docs/debugging.md", "docs/ci.md"}),
                        testing::Contains(page));
        }
    }
}

// Every option that the pages name is one that some command has.
TEST(DocumentationPages, NameNoOptionThatIsNotThere) {
    std::string help;
    for (const char* command :
         {"drivers", "hardware", "build", "play", "record", "midi", "info", "graph", "mixer", "coverage"}) {
        help += portcls({command, "--help"}).out;
    }
    for (const char* page : {"README.md", "docs/getting-started.md", "docs/drivers-from-source.md", "docs/listen.md",
                             "docs/debugging.md", "docs/ci.md", "drivers/cable/README.md"}) {
        for (const Line& line : command_lines(page)) {
            std::istringstream words(line.text.substr(0, line.text.find(" #")));
            for (std::string word; words >> word;) {
                if (word.starts_with("--")) {
                    EXPECT_THAT(help, testing::HasSubstr(word.substr(0, word.find('=')))) << page << ": " << line.text;
                }
            }
        }
    }
}

} // namespace
} // namespace e2e
