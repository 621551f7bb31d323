#include <chrono>
#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/option_checks.h"
#include "cli/outputs.h"
#include "cli/pace.h"
#include "cli/session.h"
#include "cli/sockets.h"
#include "cli/stream_choice.h"
#include "client/state.h"
#include "endpoints/conversion.h"
#include "endpoints/sample_code.h"

namespace openportcls::cli {

namespace {

struct RecordArguments : SessionArguments {
    std::string file;
    std::vector<std::string> out;
    std::string in;
    std::string socket = "line in";
    double seconds = 5;
    bool is_as_long_as_input = false; // --in without --seconds
    WaveFormat format;
    double period_in_milliseconds = 10;
    std::uint32_t pin = UINT32_MAX;
    std::string filter;
    PacketMode packets = PacketMode::where_available;
    std::string mode;
};

struct RecordOutcome {
    WaveFormat format;
    std::string filter;
    std::uint32_t pin = 0;
    std::uint64_t frames = 0;
    std::uint64_t glitches = 0;
    std::uint64_t reported_glitches = 0; // what the driver told of, by its own measure
    double peak = 0;
    double host_seconds = 0;
    client::Pace pace;
    bool is_interrupted = false;

    double seconds() const { return static_cast<double>(frames) / format.rate; }
    double peak_in_decibels() const { return 20 * std::log10(peak); }
};

double peak_of(std::span<const std::byte> frames, const WaveFormat& format) {
    double peak = 0;
    for (std::size_t at = 0; at < frames.size(); at += format.bits / 8U) {
        peak = std::max(peak, std::abs(endpoints::decode_sample(frames.data() + at, format)));
    }
    return peak;
}

// Reads from the pin, converts where the driver gave another format than was asked for, hands on.
Result<void> record(CaptureStream& stream, std::uint64_t frames_wanted, std::optional<endpoints::Converter>& converter,
                    Outputs& outputs, RecordOutcome& outcome) {
    const WaveFormat& given = stream.format();
    constexpr std::uint64_t frames_per_read = 4096;
    Progress progress(static_cast<double>(frames_wanted) / given.rate);
    std::vector<std::byte> frames;
    std::vector<std::byte> converted;
    for (std::uint64_t done = 0; done < frames_wanted && !outcome.is_interrupted;) {
        frames.resize(std::min(frames_per_read, frames_wanted - done) * given.bytes_per_frame());
        if (auto read = stream.read(frames); !read) {
            return read;
        }
        done += frames.size() / given.bytes_per_frame();
        outcome.is_interrupted = Interruption::is_asked_for();
        converted.clear();
        if (converter) {
            auto made = converter->convert(frames, converted);
            if (made && (done == frames_wanted || outcome.is_interrupted)) {
                made = converter->finish(converted);
            }
            if (!made) {
                return made;
            }
        }
        const std::span<const std::byte> result = converter ? std::span<const std::byte>(converted) : frames;
        outcome.peak = std::max(outcome.peak, peak_of(result, outcome.format));
        outcome.frames += result.size() / outcome.format.bytes_per_frame();
        if (auto written = outputs.write(result); !written) {
            return written;
        }
        progress.at(static_cast<double>(done) / given.rate);
    }
    outcome.glitches = stream.glitches();
    return stream.stop();
}

Result<RecordOutcome> record(const RecordArguments& arguments, Session& session) {
    double seconds = arguments.seconds;
    if (!arguments.in.empty()) {
        const auto fed = feed_file(session.machine(), arguments.socket, arguments.in);
        if (!fed) {
            return fed.error();
        }
        seconds = arguments.is_as_long_as_input ? *fed : seconds;
    }
    StreamWish wish;
    wish.format = arguments.format;
    wish.pin = arguments.pin;
    wish.filter = arguments.filter;
    wish.options.period = std::chrono::microseconds(std::llround(arguments.period_in_milliseconds * 1000));
    wish.options.packets = arguments.packets;
    wish.options.mode = mode_of(arguments.mode);
    auto capture = open_capture(session.machine(), wish);
    if (!capture) {
        return capture.error();
    }
    RecordOutcome outcome;
    outcome.format = arguments.format;
    outcome.filter = capture->filter.name();
    outcome.pin = capture->stream.pin();
    const WaveFormat given = capture->stream.format();
    std::optional<endpoints::Converter> converter;
    if (const std::string notice = conversion_notice(arguments.format, given, capture->ranges, false);
        !notice.empty()) {
        remark(notice);
        auto made = endpoints::Converter::create(given, arguments.format);
        if (!made) {
            return made.error();
        }
        converter.emplace(std::move(*made));
    }
    const Interruption interruption; // from the moment on when there is something to be left behind
    auto outputs =
        Outputs::open(arguments.out, arguments.format,
                      static_cast<std::uint64_t>(std::ceil(seconds * arguments.format.rate)) + arguments.format.rate);
    if (!outputs) {
        return outputs.error();
    }
    const auto begin = std::chrono::steady_clock::now();
    auto recorded = record(capture->stream, static_cast<std::uint64_t>(std::llround(seconds * given.rate)), converter,
                           *outputs, outcome);
    if (!recorded) {
        outputs->give_up();
        return recorded.error();
    }
    if (auto finished = outputs->finish(); !finished) {
        return finished.error();
    }
    outcome.host_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    outcome.reported_glitches = session.machine().reported_glitches();
    outcome.pace = session.pace();
    return outcome;
}

void print(const RecordArguments& arguments, const RecordOutcome& outcome) {
    const bool is_silent = outcome.peak == 0;
    if (arguments.json) {
        nlohmann::ordered_json facts = {
            {"driver", arguments.driver},
            {"filter", outcome.filter},
            {"pin", outcome.pin},
            {"rate", outcome.format.rate},
            {"channels", outcome.format.channels},
            {"bits", outcome.format.bits},
            {"float", outcome.format.is_float},
            {"frames", outcome.frames},
            {"seconds", outcome.seconds()},
            {"host_seconds", outcome.host_seconds},
            {"glitches", outcome.glitches},
            {"reported_glitches", outcome.reported_glitches},
            {"peak", outcome.peak},
            {"interrupted", outcome.is_interrupted},
        };
        if (arguments.paced) {
            facts["pace"] = pace_facts(outcome.pace);
        }
        answer("record", std::move(facts));
        return;
    }
    fmt::print("{} frames, {:.2f} s of audio ({}) from pin {} of {} in {:.3f} s, {}\n", outcome.frames,
               outcome.seconds(), to_string(outcome.format), outcome.pin, outcome.filter, outcome.host_seconds,
               glitches_text(outcome.glitches, outcome.reported_glitches));
    if (arguments.paced) {
        fmt::print("{}\n", describe(outcome.pace));
    }
    if (outcome.is_interrupted) {
        fmt::print("interrupted: shorter than was asked for\n");
    }
    fmt::print("{}\n", !is_silent ? fmt::format("peak level: {:.1f} dB", outcome.peak_in_decibels())
                       : arguments.driver == "cable"
                           ? std::string("peak level: silence, as nothing plays into the cable meanwhile "
                                         "(`portcls play FILE --out wav:F` records what it plays)")
                           : std::string("peak level: silence"));
    for (const std::string& out : arguments.out) {
        if (out.starts_with("wav:")) {
            fmt::print("wrote {}\n", out.substr(4));
        }
    }
}

int run_record(RecordArguments& arguments, bool bits_are_given) {
    if (!arguments.file.empty()) {
        arguments.out.push_back("wav:" + arguments.file);
    }
    if (arguments.out.empty()) {
        return misuse("nowhere to record to: FILE or --out wav:FILE");
    }
    for (const std::string& out : arguments.out) {
        if (auto possible = endpoints::check_sink(out); !possible) {
            return misuse(possible.error().message);
        }
    }
    std::vector<NamedFile> files = named_files(arguments);
    for (NamedFile& file : files_of_outputs(arguments.out)) {
        files.push_back(std::move(file));
    }
    if (arguments.in == endpoints::standard_input) {
        return misuse("--in takes a file, not standard input");
    }
    if (!arguments.in.empty()) {
        if (auto source = endpoints::open_source(arguments.in, WaveFormat{}); !source) {
            return fail(source.error());
        }
        if (const std::filesystem::path fed = endpoints::file_of_source(arguments.in); !fed.empty()) {
            files.push_back({"--in " + arguments.in, fed, false});
        }
    }
    if (auto distinct = check_distinct(files); !distinct) {
        return fail(distinct.error());
    }
    if (arguments.format.is_float) {
        if (bits_are_given && arguments.format.bits != 32) {
            return misuse("--float has 32 bits");
        }
        arguments.format.bits = 32;
    }
    auto session = Session::open(arguments);
    if (!session) {
        return fail(session.error());
    }
    auto outcome = record(arguments, **session);
    auto closed = (*session)->close();
    if (!outcome) {
        return fail(outcome.error());
    }
    print(arguments, *outcome);
    return closed ? exit_done : fail(closed.error());
}

} // namespace

void add_record_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("record", "record through a driver");
    auto arguments = std::make_shared<RecordArguments>();
    command->add_option("file", arguments->file,
                        "WAV file to write, - for standard output; the same as --out wav:FILE");
    command->add_option("--out", arguments->out, "where it goes: wav:FILE, alsa[:DEVICE], default or null (repeatable)")
        ->allow_extra_args(false);
    command->add_option("--in", arguments->in, "sound file that is played into the card meanwhile");
    command->add_option("--socket", arguments->socket, "where it goes into the card")->capture_default_str();
    CLI::Option* seconds =
        command->add_option("--seconds", arguments->seconds, "how long; with --in as long as the file unless given")
            ->check(number_between(0.001, 1e6))
            ->capture_default_str();
    command->add_option("--rate", arguments->format.rate, "frames per second")
        ->transform(whole_number_between(1, 1536000))
        ->capture_default_str();
    command->add_option("--channels", arguments->format.channels, "samples per frame")
        ->transform(whole_number_between(1, 64))
        ->capture_default_str();
    CLI::Option* bits = command->add_option("--bits", arguments->format.bits, "of a sample")
                            ->check(one_of({8, 16, 24, 32}))
                            ->capture_default_str();
    command->add_flag("--float", arguments->format.is_float, "32-bit float samples");
    command->add_option("--period", arguments->period_in_milliseconds, "milliseconds between two notifications")
        ->check(number_between(0.1, 10000))
        ->capture_default_str();
    command->add_option("--pin", arguments->pin, "the pin to record from; without it the first that gives the format")
        ->transform(pin_number());
    command->add_option("--filter", arguments->filter, "the filter that has it");
    add_packet_options(*command, arguments->packets);
    command->add_option("--mode", arguments->mode, "signal-processing mode: raw or default")
        ->check(CLI::IsMember({"raw", "default"}));
    command->add_flag("--json", arguments->json, "what happened as JSON");
    add_session_options(*command, *arguments);
    command->callback([&run, arguments, bits, seconds] {
        arguments->is_as_long_as_input = seconds->count() == 0;
        run = [arguments, given = bits->count() > 0] { return run_record(*arguments, given); };
    });
}

} // namespace openportcls::cli
