#include <algorithm>
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
#include "cli/record_input.h"
#include "cli/session.h"
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
    std::optional<std::uint32_t> in_pin;
    bool verify = false;
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
    std::optional<std::uint32_t> in_pin; // that the input was played into
    bool is_compared = false;            // with the input
    bool input_is_converted = false;     // to the format of the recording, before
    bool heard_anything = true;
    std::uint64_t different_frames = 0;
    std::optional<std::uint64_t> first_difference;

    bool is_bit_exact() const { return is_compared && different_frames == 0; }
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

// Converts what was recorded where the driver gives another format than was asked for, and hands it on.
class Delivery {
public:
    Delivery(Outputs& outputs, RecordOutcome& outcome) : outputs_(outputs), outcome_(outcome) {}

    Result<void> prepare(const WaveFormat& given) {
        auto made = endpoints::Converter::create(given, outcome_.format);
        if (!made) {
            return made.error();
        }
        converter_.emplace(std::move(*made));
        return {};
    }
    Result<void> take(std::span<const std::byte> frames) {
        if (!converter_) {
            return write(frames);
        }
        converted_.clear();
        auto made = converter_->convert(frames, converted_);
        return made ? write(converted_) : made;
    }
    Result<void> finish() {
        converted_.clear();
        auto made = converter_ ? converter_->finish(converted_) : Result<void>();
        return made ? write(converted_) : made;
    }

private:
    Result<void> write(std::span<const std::byte> frames) {
        outcome_.peak = std::max(outcome_.peak, peak_of(frames, outcome_.format));
        outcome_.frames += frames.size() / outcome_.format.bytes_per_frame();
        return outputs_.write(frames);
    }

    Outputs& outputs_;
    RecordOutcome& outcome_;
    std::optional<endpoints::Converter> converter_;
    std::vector<std::byte> converted_;
};

// Reads from the pin until so many frames have been delivered. What is played into a cable arrives a little later.
Result<void> record(CaptureStream& stream, std::uint64_t frames_wanted, RecordInput* input, Delivery& delivery,
                    RecordOutcome& outcome) {
    const WaveFormat& given = stream.format();
    constexpr std::uint64_t frames_per_read = 4096;
    const std::uint64_t most_frames = frames_wanted + (input != nullptr && input->pin() ? given.rate : 0);
    Progress progress(static_cast<double>(frames_wanted) / given.rate);
    std::vector<std::byte> frames;
    std::uint64_t delivered = 0;
    const auto take = [&](std::span<const std::byte> recorded) {
        delivered += recorded.size() / given.bytes_per_frame();
        return delivery.take(recorded);
    };
    for (std::uint64_t done = 0; delivered < frames_wanted && done < most_frames && !outcome.is_interrupted;) {
        frames.resize(std::min(frames_per_read, frames_wanted - delivered) * given.bytes_per_frame());
        if (auto read = stream.read(frames); !read) {
            return read;
        }
        done += frames.size() / given.bytes_per_frame();
        outcome.is_interrupted = Interruption::is_asked_for();
        if (auto taken = input != nullptr ? input->heard(frames, take) : take(frames); !taken) {
            return taken;
        }
        progress.at(static_cast<double>(delivered) / given.rate);
    }
    if (input != nullptr && !outcome.is_interrupted) {
        if (auto finished = input->finish(take); !finished) {
            return finished;
        }
    }
    if (auto finished = delivery.finish(); !finished) {
        return finished;
    }
    outcome.glitches = stream.glitches();
    return stream.stop();
}

// Opens what --in names; nothing without.
Result<std::unique_ptr<RecordInput>> open_input(const RecordArguments& arguments, Session& session,
                                                ChosenStream<CaptureStream>& capture, const StreamOptions& options) {
    if (arguments.in.empty()) {
        return std::unique_ptr<RecordInput>();
    }
    RecordInputWish wish{arguments.in, arguments.socket, arguments.in_pin, arguments.verify, capture.ranges};
    if (!wish.pin && session.driver().name() == "cable") {
        const auto found = capture.filter.find_pin(PinFlow::in, &capture.stream.format());
        if (!found) {
            return found.error();
        }
        wish.pin = found->id;
    }
    const auto sockets = session.machine().sockets();
    if (!wish.pin && std::none_of(sockets.begin(), sockets.end(), [](const auto& each) { return !each.is_output; })) {
        return Error{status_not_supported, "--in: there is no card with an input (--in-pin PIN names the pin that this "
                                           "driver loops back)"};
    }
    return RecordInput::open(session.machine(), capture.filter, wish, capture.stream.format(), options);
}

void note_comparison(const RecordInput& input, RecordOutcome& outcome) {
    outcome.in_pin = input.pin();
    outcome.is_compared = input.is_compared();
    outcome.input_is_converted = input.is_converted();
    if (outcome.is_compared) {
        outcome.different_frames = input.comparison().different_frames();
        outcome.first_difference = input.comparison().first_difference();
        outcome.heard_anything = input.comparison().heard_anything();
    }
}

Result<RecordOutcome> record(const RecordArguments& arguments, Session& session) {
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
    auto input = open_input(arguments, session, *capture, wish.options);
    if (!input) {
        return input.error();
    }
    const double seconds = *input != nullptr && arguments.is_as_long_as_input ? (*input)->seconds() : arguments.seconds;
    const auto frames = static_cast<std::uint64_t>(std::llround(seconds * given.rate));
    const Interruption interruption; // from the moment on when there is something to be left behind
    auto outputs =
        Outputs::open(arguments.out, arguments.format,
                      static_cast<std::uint64_t>(std::ceil(seconds * arguments.format.rate)) + arguments.format.rate);
    if (!outputs) {
        return outputs.error();
    }
    Delivery delivery(*outputs, outcome);
    Result<void> recorded;
    if (const std::string notice = conversion_notice(arguments.format, given, capture->ranges, false);
        !notice.empty()) {
        remark(notice);
        recorded = delivery.prepare(given);
    }
    const auto begin = std::chrono::steady_clock::now();
    if (recorded && *input != nullptr) {
        recorded = (*input)->start(capture->stream, frames);
    }
    if (recorded) {
        recorded = record(capture->stream, frames, input->get(), delivery, outcome);
    }
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
    if (*input != nullptr) {
        note_comparison(**input, outcome);
    }
    return outcome;
}

void print_comparison(const RecordOutcome& outcome) {
    if (!outcome.is_compared) {
        return;
    }
    const char* input = outcome.input_is_converted ? "the converted input" : "the input";
    if (outcome.is_bit_exact()) {
        fmt::print("the recording equals {} bit for bit\n", input);
    } else if (!outcome.heard_anything) {
        fmt::print("the recording is silent, {} is not\n", input);
    } else {
        fmt::print("the recording differs from {} in {} frames, first in frame {}\n", input, outcome.different_frames,
                   outcome.first_difference.value_or(0));
    }
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
        facts["in_pin"] = nullptr;
        if (outcome.in_pin) {
            facts["in_pin"] = *outcome.in_pin;
        }
        facts["bit_exact"] = nullptr;
        if (outcome.is_compared) {
            facts["bit_exact"] = outcome.is_bit_exact();
            facts["different_frames"] = outcome.different_frames;
        }
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
                                         "(--in FILE does)")
                           : std::string("peak level: silence"));
    print_comparison(outcome);
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
    if (arguments.verify && arguments.in.empty()) {
        return misuse("--verify compares with what --in plays");
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
    if (!closed) {
        return fail(closed.error());
    }
    if (arguments.verify && outcome->is_interrupted) {
        return fail(Error{status_data_error, "--verify: interrupted, that is not the whole recording"});
    }
    if (arguments.verify && !outcome->is_bit_exact()) {
        return fail(Error{status_data_error, "--verify: the recording is not the input"});
    }
    return exit_done;
}

} // namespace

void add_record_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("record", "record through a driver");
    auto arguments = std::make_shared<RecordArguments>();
    command->add_option("file", arguments->file,
                        "WAV file to write, - for standard output; the same as --out wav:FILE");
    command->add_option("--out", arguments->out, "where it goes: wav:FILE, alsa[:DEVICE], default or null (repeatable)")
        ->allow_extra_args(false);
    command->add_option("--in", arguments->in, "sound file that is played into the card meanwhile, or into the cable");
    CLI::Option* socket =
        command->add_option("--socket", arguments->socket, "where it goes into the card")->capture_default_str();
    command
        ->add_option("--in-pin", arguments->in_pin,
                     "the pin it is played into instead, of a driver that loops it back; with cable without asking")
        ->transform(pin_number())
        ->excludes(socket);
    command->add_flag("--verify", arguments->verify, "fail unless the recording equals what --in plays");
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
