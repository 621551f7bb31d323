// What cannot work: each case says in one line what is wrong with what, and loses nothing.
#include <csignal>
#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <sndfile.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class BadInput : public Command {
protected:
    std::string good() const {
        WaveFormat format;
        return write("good.wav", format, noise(format, 9600));
    }

    // The driver that came with this tree with bytes of its file changed.
    std::string changed_cable(const std::string& name, std::size_t at, std::string_view bytes) const {
        std::string module = text_of(OPENPORTCLS_CABLE);
        module.replace(at, bytes.size(), bytes);
        return write_text(name, module);
    }

    // A sound file that opens and then ends early: compressed, so nothing but reading tells.
    std::string torn_flac() const {
        SF_INFO info{};
        info.samplerate = 48000;
        info.channels = 2;
        info.format = SF_FORMAT_FLAC | SF_FORMAT_PCM_16;
        WaveFormat format;
        const auto bytes = noise(format, 48000);
        SNDFILE* file = sf_open(path("torn.flac").c_str(), SFM_WRITE, &info);
        EXPECT_NE(file, nullptr);
        sf_writef_short(file, reinterpret_cast<const short*>(bytes.data()), 48000);
        sf_close(file);
        std::filesystem::resize_file(path("torn.flac"), std::filesystem::file_size(path("torn.flac")) / 2);
        return path("torn.flac");
    }
};

// ---- sound files ---------------------------------------------------------------------------------------------------

TEST_F(BadInput, SoundThatEndsEarlyIsAnErrorAndSaysWhere) {
    expect_failure(portcls({"play", torn_flac()}), 1, "torn.flac: cut off or damaged: ");
}

TEST_F(BadInput, FormatsNoWaveStreamHasAreNamed) {
    WaveFormat format;
    std::string bytes = text_of(write("odd.wav", format, noise(format, 100)));
    bytes[20] = 0x55; // the format tag of MP3, with a PCM header
    expect_failure(portcls({"play", write_text("odd.wav", bytes)}), 1, "odd.wav: not a sound file");
}

TEST_F(BadInput, AHeaderWithoutSoundPlaysNothing) {
    WaveFormat format;
    const Ran ran = portcls({"play", write("bare.wav", format, {}), "--out", "wav:" + path("out.wav"), "--verify"});
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("0 frames"));
    EXPECT_TRUE(read(path("out.wav")).bytes.empty());
}

TEST_F(BadInput, EveryCutOfAWavIsRefusedOrPlayed) {
    WaveFormat format;
    const std::string whole = text_of(write("whole.wav", format, noise(format, 50)));
    for (std::size_t bytes = 0; bytes < whole.size(); bytes += bytes < 48 ? 5 : 37) {
        expect_failure(portcls({"play", write_text("cut.wav", whole.substr(0, bytes))}), 1, "cut.wav: ");
    }
}

// ---- outputs -------------------------------------------------------------------------------------------------------

TEST_F(BadInput, AFailedRunLeavesTheOldOutputAlone) {
    const std::string torn = torn_flac();
    const std::string old = write_text("out.wav", "what was here before");
    EXPECT_EQ(portcls({"play", torn, "--out", "wav:" + old}).status, 1);
    EXPECT_EQ(text_of(old), "what was here before");
    EXPECT_EQ(portcls({"play", good(), "--out", "wav:" + old, "--out", "alsa:no_such_device"}).status, 1);
    EXPECT_EQ(text_of(old), "what was here before");
    EXPECT_EQ(portcls({"play", good(), "--out", "wav:" + old, "--pin", "99"}).status, 1);
    EXPECT_EQ(portcls({"record", old, "--filter", "Gramophone"}).status, 1);
    EXPECT_EQ(text_of(old), "what was here before");
    EXPECT_THAT(files(), testing::ElementsAre("good.wav", "out.wav", "torn.flac")) << "no scraps";
    ASSERT_EQ(portcls({"play", good(), "--out", "wav:" + old}).status, 0);
    EXPECT_EQ(read(old).bytes.size(), 4U * 9600);
}

TEST_F(BadInput, WhatWasHeardBeforeAFailureIsKeptWhereNothingWas) {
    const std::string torn = torn_flac();
    ASSERT_EQ(portcls({"play", torn, "--out", "wav:" + path("new.wav")}).status, 1);
    EXPECT_GT(read(path("new.wav")).bytes.size(), 4096U);
}

TEST_F(BadInput, LinksAndPermissionsOfTheOutputStay) {
    write_text("target.wav", "old");
    std::filesystem::permissions(path("target.wav"), std::filesystem::perms(0640));
    std::filesystem::create_symlink("target.wav", path("link.wav"));
    ASSERT_EQ(portcls({"play", good(), "--out", "wav:" + path("link.wav")}).status, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(path("link.wav")));
    EXPECT_EQ(std::filesystem::status(path("target.wav")).permissions(), std::filesystem::perms(0640));
    EXPECT_EQ(read(path("target.wav")).bytes.size(), 4U * 9600);
}

TEST_F(BadInput, AFullDiskIsReported) {
    const std::string file = good();
    expect_failure(portcls({"play", file, "--out", "wav:/dev/full"}), 1, "/dev/full: cannot");
    expect_failure(portcls({"record", "/dev/full", "--seconds", "0.2"}), 1, "/dev/full: cannot");
    expect_failure(portcls({"graph", "-o", path("no/such/folder.dot")}), 1, "folder.dot: cannot be written");
    expect_failure(portcls({"info", "--trace", "/dev/full"}), 1, "trace");
    expect_failure(portcls({"play", file, "--out", "wav:/dev/full", "--out", "wav:" + path("other.wav")}), 1,
                   "/dev/full: cannot");
}

TEST_F(BadInput, AFullStandardOutputIsReported) {
    const std::vector<std::vector<std::string>> commands = {
        {"drivers"}, {"hardware", "--json"}, {"info"}, {"graph"}, {"mixer", "--json"}, {"play", good()}, {"--help"}};
    for (const auto& words : commands) {
        std::vector<std::string> command = {"sh", "-c", "exec \"$0\" \"$@\" >/dev/full", OPENPORTCLS_COMMAND};
        command.insert(command.end(), words.begin(), words.end());
        expect_failure(run(command), 1, "standard output cannot be written: No space left on device");
    }
}

// A file system of 16 KiB; only where this computer lets people mount one for themselves.
TEST_F(BadInput, ADiskThatFillsUpMeanwhileIsReportedAndKeepsTheOldFile) {
    std::filesystem::create_directories(path("small"));
    const Ran ran = run({"unshare", "--mount", "--map-root-user", "sh", "-c",
                         "mount -t tmpfs -o size=16k small \"$2\" || exit 77; echo before > \"$2/out.wav\"; "
                         "\"$0\" play \"$1\" --out \"wav:$2/out.wav\"; status=$?; "
                         "test \"$(ls -A \"$2\")\" = out.wav && cat \"$2/out.wav\"; exit $status",
                         OPENPORTCLS_COMMAND, good(), path("small")});
    if (ran.status == 77 || ran.error.find("unshare") != std::string::npos) {
        GTEST_SKIP() << "skipped: no file system can be mounted here: " << ran.error;
    }
    expect_failure(ran, 1, "out.wav: cannot ");
    EXPECT_EQ(ran.out, "before\n");
}

TEST_F(BadInput, OutputsThatAreFoldersOrNowhere) {
    const std::string file = good();
    expect_failure(portcls({"play", file, "--out", "wav:" + folder_.string()}), 1, "cannot be written: Is a directory");
    expect_failure(portcls({"record", path("no/such/folder.wav")}), 1,
                   "folder.wav: cannot be written: No such file or directory");
    for (const char* other : {"heard.flac", "heard.OGG", "heard.mp3"}) {
        expect_failure(portcls({"play", file, "--out", "wav:" + path(other)}), 2, "WAV is what is written, not .");
        expect_failure(portcls({"record", path(other)}), 2, "WAV is what is written, not .");
    }
    for (const char* planned : {"jack", "pipewire"}) {
        expect_failure(portcls({"play", file, "--out", planned}), 2, "is not available yet; there is: wav:FILE, alsa");
    }
}

// ---- modules -------------------------------------------------------------------------------------------------------

TEST_F(BadInput, ModulesThatAreNone) {
    const auto refuse = [](const std::string& module, const std::string& message) {
        const Ran ran = portcls({"info", "--driver", module});
        expect_failure(ran, 1, message);
        EXPECT_THAT(ran.error, HasSubstr(std::filesystem::path(module).filename().string()));
    };
    refuse("/lib/x86_64-linux-gnu/libm.so.6", "a shared library, but no driver module");
    refuse(changed_cable("arm.so", 18, "\xB7"), "x86-64");                       // e_machine: AArch64
    refuse(changed_cable("narrow.so", 4, "\x01"), "narrow.so");                  // EI_CLASS: 32 bits
    refuse(changed_cable("sections.so", 40, "\xFF\xFF\xFF\x7F"), "sections.so"); // e_shoff
    refuse(folder_.string(), "a folder, not a driver module");
    const std::string whole = text_of(OPENPORTCLS_CABLE);
    for (const std::size_t bytes : {std::size_t{3}, std::size_t{40}, whole.size() / 2, whole.size() - 64}) {
        refuse(write_text("cut.so", whole.substr(0, bytes)), "cut.so");
    }
}

// ---- INF files, registry, parameters -------------------------------------------------------------------------------

TEST_F(BadInput, InfFilesThatDoNotFit) {
    // What was passed over before stands above the error.
    const auto refuse = [&](const std::string& text, const std::string& message) {
        Ran ran = portcls({"info", "--inf", write_text("x.inf", text)});
        for (std::size_t end = ran.error.find('\n'); ran.error.substr(0, end).find(": warning: ") != std::string::npos;
             end = ran.error.find('\n')) {
            ran.error.erase(0, end + 1);
        }
        expect_failure(ran, 1, message);
    };
    refuse("", "x.inf");
    refuse("This is a letter.\nNot an INF file.\n", "x.inf:1: ");
    refuse("[Version]\nSignature=\"$WINDOWS NT$\"\n[Unclosed\n", "x.inf:3: ");
    refuse("[Version]\nSignature=\"$CHICAGO\n", "x.inf");
    refuse("[Version]\nSignature=\"$WINDOWS NT$\"\nClass=MEDIA\n", "x.inf");
    // No model, and models for other architectures only.
    refuse("[Version]\nSignature=\"$WINDOWS NT$\"\nClass=MEDIA\n[Manufacturer]\nMe=Mine,NTamd64\n[Mine.NTamd64]\n",
           "x.inf");
    refuse("[Version]\nSignature=\"$WINDOWS NT$\"\nClass=MEDIA\n[Manufacturer]\nMe=Mine,NTarm64\n[Mine.NTarm64]\n"
           "\"Thing\"=Install,ROOT\\Thing\n",
           "x.inf:5: [Mine] has models for NTarm64 only, and drivers run as NTamd64 here");
    // A network card's.
    refuse("[Version]\nSignature=\"$WINDOWS NT$\"\nClass=Net\nClassGuid={4d36e972-e325-11ce-bfc1-08002be10318}\n"
           "[Manufacturer]\nMe=Mine,NTamd64\n[Mine.NTamd64]\n\"Card\"=Install,PCI\\VEN_8086&DEV_100E\n"
           "[Install.NT]\nAddReg=Registry\n[Registry]\nHKR,Ndi,Service,0,\"card\"\n",
           "x.inf");
    expect_failure(portcls({"info", "--inf", folder_.string()}), 1, folder_.string());
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    for (const std::string& endless : {std::string("/dev/zero"), path("pipe")}) {
        expect_failure(portcls({"info", "--inf", endless}), 1, endless + ": not a regular file");
        expect_failure(portcls({"info", "--registry", endless}), 1, endless + ": cannot be read as a registry file");
    }
}

TEST_F(BadInput, ABuildWritesOverModulesOnly) {
    std::filesystem::copy(OPENPORTCLS_SOURCE "/drivers/cable", path("driver"));
    const std::string source = path("driver/wave.cpp");
    const auto size = std::filesystem::file_size(source);
    const Ran ran = portcls({"build", path("driver"), "-o", source});
    EXPECT_NE(ran.status, 0);
    EXPECT_THAT(ran.error, testing::HasSubstr(source + ": this file is no module"));
    EXPECT_EQ(std::filesystem::file_size(source), size);
    std::filesystem::remove(path("driver/cable.vcxproj"));
    std::filesystem::create_symlink("/dev/zero", path("driver/cable.vcxproj"));
    const Ran endless = portcls({"build", path("driver/cable.vcxproj"), "-o", path("x.so")});
    EXPECT_NE(endless.status, 0);
    EXPECT_THAT(endless.error, testing::HasSubstr("not a regular file"));
}

// Passed over, as Windows does, but not in silence: each mistake once, with its line.
TEST_F(BadInput, MistakesInAnInfAreWarnedOf) {
    const std::string text = "[Version]\nSignature=\"$FOO$\"\nClass=MEDIA\n[Manufacturer]\nMe=Mine,NTamd64\n"
                             "[Mine.NTamd64]\n%NOPE%=Install,ROOT\\OpenPortClsCable\n"
                             "[Install.NT]\nAddReg=Values,Nosuch\nNeeds=KS.Registration\n"
                             "[Values]\nHKR,,Number,0x10001,zz\nHKR,,Bytes,1,01,0G,300\nHKQ,,Root,,x\n"
                             "[Strings]\nOpen=\"no end\n";
    const std::string inf = write_text("x.inf", text);
    const Ran ran = portcls({"info", "--inf", inf, "--json"});
    EXPECT_EQ(ran.status, 0) << ran.error;
    const std::vector<std::string> warnings = ran.json()["info"]["warnings"];
    std::string all;
    for (const std::string& warning : warnings) {
        EXPECT_EQ(warning.rfind(inf + ":", 0), 0U) << warning;
        all += warning.substr(inf.size() + 1) + "\n";
    }
    EXPECT_EQ(ran.error_lines(), warnings.size());
    for (const char* expected : {"1: warning: [Version] has no valid Signature", "7: warning: %NOPE% is not defined",
                                 "9: warning: AddReg names [Nosuch]", "12: warning: the data of value 'Number'",
                                 "13: warning: the data of value 'Bytes'", "14: warning: 'HKQ' is no registry root",
                                 "16: warning: the closing quotation mark is missing"}) {
        EXPECT_EQ(all.find(expected), all.rfind(expected)) << expected;
        EXPECT_NE(all.find(expected), std::string::npos) << expected << " is missing in\n" << all;
    }
    EXPECT_EQ(warnings.size(), 7U) << all;
    EXPECT_EQ(portcls({"info"}).error, "") << "our own is right";
}

// A driver that cannot be loaded is no reason to keep them back.
TEST_F(BadInput, MistakesInAnInfAreWarnedOfWhenLoadingFails) {
    const std::string inf = write_text("x.inf", "[Version]\nSignature=\"$WINDOWS NT$\"\nClass=MEDIA\n[Manufacturer]\n"
                                                "Me=Mine,NTamd64\n[Mine.NTamd64]\n\"Card\"=Install,ROOT\\Card\n"
                                                "[Install.NT]\nAddReg=Nosuch\n[Strings]\nOpen=\"no end\n");
    const Ran ran = portcls({"info", "--inf", inf, "--hardware-id", "ROOT\\Other", "--json"});
    EXPECT_EQ(ran.status, 1);
    const auto error = ran.json()["error"];
    ASSERT_TRUE(error.contains("warnings")) << error;
    EXPECT_THAT(error["warnings"][0].get<std::string>(), testing::HasSubstr("the closing quotation mark is missing"));
    EXPECT_THAT(ran.error, testing::HasSubstr(inf + ":11: warning: the closing quotation mark is missing"));
}

TEST_F(BadInput, RegistryFilesThatCannotBeUsed) {
    expect_failure(portcls({"info", "--registry", write_text("letter", "Dear Sir or Madam,")}), 1, "letter: ");
    EXPECT_EQ(text_of(path("letter")), "Dear Sir or Madam,") << "not written over";
    expect_failure(portcls({"info", "--registry", write_text("package.json", R"({"name":"mine"})")}), 1, "\"name\"");
    EXPECT_EQ(text_of(path("package.json")), R"({"name":"mine"})") << "not written over";
    expect_failure(portcls({"info", "--registry", folder_.string()}), 1, "cannot be read");
    expect_failure(portcls({"info", "--registry", path("no/such/file")}), 1, "no/such");
    ASSERT_EQ(portcls({"info", "--registry", path("new")}).status, 0);
    EXPECT_TRUE(std::filesystem::exists(path("new")));
    EXPECT_EQ(portcls({"info", "--registry", path("new")}).status, 0) << "and read back";
}

TEST_F(BadInput, SandboxesThatCannotBeUsed) {
    expect_failure(portcls({"info", "--sandbox", write_text("file", "")}), 1, "file");
}

TEST_F(BadInput, HardwareThatIsNotThereYetIsRefused) {
    for (const char* planned : {"qemu", "vfio:0000:00:1b.0"}) {
        expect_failure(portcls({"info", "--hardware", planned}), 2, "is not available yet; there is: builtin or none");
    }
    expect_failure(portcls({"info", "--hardware", "tape"}), 2, "\"tape\" is no hardware: builtin or none");
    EXPECT_EQ(portcls({"info", "--hardware", "builtin"}).status, 0);
    EXPECT_EQ(portcls({"info", "--hardware", "none"}).status, 0);
}

// ---- building ------------------------------------------------------------------------------------------------------

class BadSource : public BadInput {
protected:
    Ran build(const std::string& input, std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments = {"build",        input,     "-o",
                                              path("out.so"), "--cache", OPENPORTCLS_DRIVER_CACHE};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return portcls(arguments);
    }
    static void expect_build_failure(const Ran& ran, int status, const std::string& message) {
        EXPECT_EQ(ran.status, status) << ran.error;
        EXPECT_THAT(ran.error, AllOf(HasSubstr("portcls build: "), HasSubstr(message)));
        EXPECT_EQ(ran.out, "");
    }
};

TEST_F(BadSource, FoldersAndProjectsWithoutADriver) {
    std::filesystem::create_directories(path("empty"));
    expect_build_failure(build(path("empty")), 1, "empty");
    expect_build_failure(build(path("nothing")), 1, "nothing");
    expect_build_failure(build(write_text("letter.txt", "Dear Sir")), 1, "letter.txt");
    expect_build_failure(build(write_text("torn.vcxproj", "<Project><ItemGroup>")), 1, "torn.vcxproj");
    expect_build_failure(build(write_text("empty.vcxproj", "<Project></Project>")), 1, "empty.vcxproj");
    expect_build_failure(build(write_text("empty.sln", "\n")), 1, "empty.sln");
}

TEST_F(BadSource, CompilerErrorsNameTheDriversLineAndKeepTheOldModule) {
    std::filesystem::create_directories(path("driver"));
    write_text("driver/a.cpp", "#include <ntddk.h>\n\nint broken( { return 1; }\n");
    write_text("out.so", "\x7f"
                         "ELF, the module of yesterday");
    const Ran ran = build(path("driver"));
    expect_build_failure(ran, 1, "1 of 1 files did not compile");
    EXPECT_THAT(ran.error, HasSubstr(path("driver/a.cpp") + ":3:15: error: "));
    EXPECT_EQ(text_of(path("out.so")), "\x7f"
                                       "ELF, the module of yesterday");
}

TEST_F(BadSource, WhatADepfileWouldDestroyStays) {
    const std::string text =
        "#include <ntddk.h>\nextern \"C\" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) {\n"
        "    return STATUS_SUCCESS;\n}\n";
    const std::string source = write_text("whole.cpp", text);
    expect_build_failure(build(source, {"--name", "a", "--depfile", source}), 1, "would write over");
    EXPECT_EQ(text_of(source), text);
    expect_build_failure(build(source, {"--name", "a", "--depfile", path("out.so")}), 1, "would write over");
    EXPECT_THAT(text_of(path("out.so")), testing::StartsWith("\x7f"
                                                             "ELF"));
}

TEST_F(BadSource, OptionsAreChecked) {
    const std::string source = write_text("a.cpp", "long DriverEntry(void*, void*) { return 0; }\n");
    expect_build_failure(build(source, {"--frobnicate"}), 2, "--frobnicate: no such option");
    expect_build_failure(build(source, {"--sanitize=heat"}), 2, "heat: not a sanitizer");
    expect_build_failure(build(source, {"--sanitize=address,thread"}), 2, "exclude each other");
    expect_build_failure(portcls({"build", source, "--name", "a", "-o"}), 2, "-o needs a value");
    for (const char* option : {"-o", "--depfile"}) {
        expect_build_failure(run({"sh", "-c", "cd \"$1\" && \"$0\" build a.cpp --name a \"$2\" -", OPENPORTCLS_COMMAND,
                                  folder_.string(), option}),
                             2, std::string(option) + " -: this goes to a file, not to standard output");
    }
    EXPECT_EQ(files(), std::vector<std::string>{"a.cpp"});
    expect_build_failure(portcls({"build", source, "--name", "a", "-o", path("none/out.so")}), 1,
                         path("none") + ": no such folder");
    EXPECT_FALSE(std::filesystem::exists(path("none")));
    expect_build_failure(
        portcls({"build", "--name", "a", source, "-o", source + "/out.so", "--cache", OPENPORTCLS_DRIVER_CACHE}), 1,
        "a.cpp: no such folder");
}

TEST_F(BadSource, AMissingCompilerIsNamedWithItsPackage) {
    write_text("a.cpp", "long DriverEntry(void*, void*) { return 0; }\n");
    const Ran ran = portcls_with({"OPENPORTCLS_LLVM=" + folder_.string()}, {"build", "--name", "a", path("a.cpp")});
    expect_build_failure(ran, 1, "apt install clang-19 lld-19 llvm-19");
    EXPECT_THAT(ran.error, Not(HasSubstr("terminate")));
}

} // namespace
} // namespace e2e
