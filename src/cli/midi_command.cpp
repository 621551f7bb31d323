#include <chrono>
#include <cmath>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/midi_player.h"
#include "cli/option_checks.h"
#include "cli/outputs.h"
#include "cli/pace.h"
#include "cli/session.h"
#include "client/state.h"
#include "endpoints/fluidsynth.h"

namespace openportcls::cli {

namespace {

using std::chrono::nanoseconds;

struct MidiArguments : SessionArguments {
    MidiArguments() { driver = "sb16"; }
    std::string file;
    MidiOrder order;
    bool verify = false;
    bool windows_is_for_fm = false; // nobody has asked for it
};

struct MidiOutcome {
    MidiRun run;
    double file_seconds = 0;
    std::uint64_t file_events = 0;
    double host_seconds = 0;
    client::Pace pace;
};

// Of the releases that --os takes: PortCls has FM synthesizer miniports before Vista only ("FmSynth miniport" of the
// tables).
constexpr std::string_view last_windows_with_fm = "xp";

constexpr nanoseconds tolerance = std::chrono::milliseconds(1);

double milliseconds_of(nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

std::string_view name_of(MidiSynth synth) {
    return synth == MidiSynth::fm ? "fm" : "fluidsynth";
}

std::string_view name_of(MidiPinKind kind) {
    return kind == MidiPinKind::direct_music ? "DirectMusic" : "MIDI";
}

nlohmann::ordered_json facts_of(const MidiComparison& comparison) {
    nlohmann::ordered_json facts = {
        {"events", comparison.arrived},
        {"in_order", comparison.is_in_order()},
        {"lateness_mean_ms", milliseconds_of(comparison.mean_delay)},
        {"lateness_most_ms", milliseconds_of(comparison.longest_delay)},
        {"off_cable_most_ms", milliseconds_of(comparison.farthest_off)},
        {"first_difference", nullptr},
    };
    if (comparison.first_difference) {
        facts["first_difference"] = *comparison.first_difference;
    }
    return facts;
}

void print_json(const MidiArguments& arguments, const MidiOutcome& outcome) {
    const MidiRun& run = outcome.run;
    nlohmann::ordered_json facts = {
        {"file", arguments.file},
        {"driver", arguments.driver},
        {"os", arguments.windows},
        {"filter", run.filter},
        {"pin", run.pin},
        {"pin_kind", name_of(run.kind)},
        {"synth", name_of(arguments.order.synth)},
        {"heard_at", run.where},
        {"events", run.events},
        {"file_seconds", outcome.file_seconds},
        {"rate", run.format.rate},
        {"frames", run.frames},
        {"seconds", run.seconds()},
        {"host_seconds", outcome.host_seconds},
        {"peak", run.peak},
        {"interrupted", run.is_interrupted},
        {"cable", nullptr},
        {"loopback", nullptr},
    };
    if (run.cable) {
        facts["cable"] = facts_of(*run.cable);
    }
    if (run.loopback) {
        facts["loopback"] = facts_of(*run.loopback);
    }
    if (arguments.paced) {
        facts["pace"] = pace_facts(outcome.pace);
    }
    answer("midi", std::move(facts));
}

void print_comparison(std::string_view what, const MidiComparison& comparison) {
    if (!comparison.is_in_order()) {
        fmt::print("{}: {} of {} events came as they were sent\n", what, comparison.arrived, comparison.sent);
        return;
    }
    fmt::print("{}: every event in order, {:.2f} ms late on average and {:.2f} ms at most; {:.2f} ms at most off what "
               "the cable allows\n",
               what, milliseconds_of(comparison.mean_delay), milliseconds_of(comparison.longest_delay),
               milliseconds_of(comparison.farthest_off));
}

void print_summary(const MidiArguments& arguments, const MidiOutcome& outcome) {
    const MidiRun& run = outcome.run;
    fmt::print("{} events, {:.2f} s of music through pin {} of {} ({}) in {:.3f} s\n", run.events, outcome.file_seconds,
               run.pin, run.filter, name_of(run.kind), outcome.host_seconds);
    if (arguments.windows_is_for_fm) {
        fmt::print("as Windows XP, the last with FM synthesizer miniports of its own (--os chooses another)\n");
    }
    if (run.cable) {
        print_comparison("MIDI OUT", *run.cable);
    }
    if (run.loopback) {
        print_comparison("MIDI IN", *run.loopback);
    }
    if (arguments.paced) {
        fmt::print("{}\n", describe(outcome.pace));
    }
    if (run.is_interrupted) {
        fmt::print("interrupted: that is not the whole file\n");
    }
    fmt::print("heard at {}: {}\n", run.where,
               run.peak > 0 ? fmt::format("peak level {:.1f} dB", 20 * std::log10(run.peak)) : std::string("silence"));
    for (const std::string& out : arguments.order.out) {
        if (out.starts_with("wav:")) {
            fmt::print("wrote {}\n", out.substr(4));
        }
    }
}

std::vector<NamedFile> files_of(const MidiArguments& arguments) {
    std::vector<NamedFile> files = named_files(arguments);
    for (NamedFile& file : files_of_outputs(arguments.order.out)) {
        files.push_back(std::move(file));
    }
    files.push_back({arguments.file, arguments.file, false});
    if (!arguments.order.sound_font.empty()) {
        files.push_back({"--sound-font " + arguments.order.sound_font.string(), arguments.order.sound_font, false});
    }
    return files;
}

// Why a driver whose FM miniport is the system's has none.
Error explained(Error error, const MidiArguments& arguments) {
    if (error.status == status_no_match && arguments.order.synth == MidiSynth::fm &&
        arguments.windows != last_windows_with_fm) {
        error.message += fmt::format(": PortCls has FM synthesizer miniports before Windows Vista only (--os {})",
                                     last_windows_with_fm);
    }
    return error;
}

// Before everything else: it is what the driver's INF is read for.
void choose_windows(MidiArguments& arguments, bool is_chosen) {
    arguments.windows_is_for_fm = arguments.order.synth == MidiSynth::fm && !is_chosen;
    if (arguments.windows_is_for_fm) {
        arguments.windows = last_windows_with_fm;
    }
}

Result<MidiOutcome> run_session(const MidiArguments& arguments, const MidiFile& file, Session& session) {
    MidiOutcome outcome;
    outcome.file_seconds = std::chrono::duration<double>(file.length).count();
    outcome.file_events = file.messages.size();
    const auto begin = std::chrono::steady_clock::now();
    auto run = play_midi(session.machine(), file, arguments.order);
    if (!run) {
        return explained(run.error(), arguments);
    }
    outcome.run = std::move(*run);
    outcome.host_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    outcome.pace = session.pace();
    return outcome;
}

Result<void> verify(const MidiComparison& comparison, std::string_view did) {
    if (!comparison.is_in_order()) {
        return Error{status_data_error, fmt::format("--verify: {} of {} events {} as they were sent",
                                                    comparison.arrived, comparison.sent, did)};
    }
    if (comparison.farthest_off > tolerance) {
        return Error{status_data_error, fmt::format("--verify: an event {} {:.2f} ms off its time", did,
                                                    milliseconds_of(comparison.farthest_off))};
    }
    return {};
}

// The plug as well: what comes back of a divided system exclusive message tells the time of its beginning only.
Result<void> verify(const MidiRun& run) {
    if (run.is_interrupted || !run.loopback || !run.cable) {
        return Error{status_data_error, "--verify: interrupted, that is not the whole file"};
    }
    auto left = verify(*run.cable, "left MIDI OUT");
    return left ? verify(*run.loopback, "came back") : left;
}

int run_midi(MidiArguments& arguments) {
    for (const std::string& out : arguments.order.out) {
        if (auto possible = endpoints::check_sink(out); !possible) {
            return misuse(possible.error().message);
        }
    }
    if (arguments.verify && arguments.order.synth == MidiSynth::fm) {
        return misuse("--verify: nothing comes back from an FM synthesizer; it needs --synth fluidsynth");
    }
    if (auto distinct = check_distinct(files_of(arguments)); !distinct) {
        return fail(distinct.error());
    }
    const auto file = read_midi_file(arguments.file); // before a machine is built for it
    if (!file) {
        return fail(file.error());
    }
    arguments.order.loops_back = arguments.verify;
    if (arguments.order.sound_font.empty()) {
        arguments.order.sound_font = endpoints::default_sound_font();
    }
    auto session = Session::open(arguments);
    if (!session) {
        Error error = session.error();
        error.message += arguments.windows_is_for_fm ? " (--synth fm runs as Windows XP unless --os is given)" : "";
        return fail(error);
    }
    auto outcome = run_session(arguments, *file, **session);
    auto closed = (*session)->close();
    if (!outcome) {
        return fail(outcome.error());
    }
    arguments.json ? print_json(arguments, *outcome) : print_summary(arguments, *outcome);
    if (!closed) {
        return fail(closed.error());
    }
    if (arguments.verify) {
        if (auto verified = verify(outcome->run); !verified) {
            return fail(verified.error());
        }
    }
    return exit_done;
}

} // namespace

void add_midi_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("midi", "play a MIDI file through a driver");
    auto arguments = std::make_shared<MidiArguments>();
    command->add_option("file", arguments->file, "a standard MIDI file of format 0 or 1")->required();
    command
        ->add_option("--out", arguments->order.out,
                     "where it is heard: wav:FILE, alsa[:DEVICE], default or null (repeatable)")
        ->allow_extra_args(false);
    command
        ->add_option_function<std::string>(
            "--synth",
            [arguments](const std::string& name) {
                arguments->order.synth = name == name_of(MidiSynth::fm) ? MidiSynth::fm : MidiSynth::fluidsynth;
            },
            "what plays it: FluidSynth at the card's MIDI plug, or the card's own FM synthesizer (without --os as "
            "Windows XP, the last with miniports for it)")
        ->check(CLI::IsMember({"fluidsynth", "fm"}))
        ->default_str(std::string(name_of(arguments->order.synth)));
    command->add_option("--sound-font", arguments->order.sound_font, "FluidSynth's instruments (SF2 or SF3)");
    command->add_option("--rate", arguments->order.rate, "frames per second of what is heard")
        ->transform(whole_number_between(8000, 96000))
        ->capture_default_str();
    command->add_option("--filter", arguments->order.filter, "the filter to play through");
    command->add_flag("--verify", arguments->verify,
                      "wire MIDI OUT to MIDI IN; fail unless every event comes back in order, within 1 ms of its time");
    command->add_flag("--json", arguments->json, "what happened as JSON");
    add_session_options(*command, *arguments);
    const CLI::Option* const windows = command->get_option("--os");
    command->callback([&run, arguments, windows] {
        choose_windows(*arguments, windows->count() != 0);
        run = [arguments] { return run_midi(*arguments); };
    });
}

} // namespace openportcls::cli
