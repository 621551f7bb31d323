#include <chrono>
#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/loopback.h"
#include "cli/option_checks.h"
#include "cli/outputs.h"
#include "cli/pace.h"
#include "cli/session.h"
#include "cli/sockets.h"
#include "cli/stream_choice.h"
#include "client/state.h"
#include "endpoints/conversion.h"

namespace openportcls::cli {

namespace {

struct PlayArguments : SessionArguments {
    std::string file;
    std::vector<std::string> out;
    bool verify = false;
    double period_in_milliseconds = 10;
    std::uint32_t pin = UINT32_MAX;
    std::string filter;
    PacketMode packets = PacketMode::where_available;
    std::string mode;
    std::string loopback; // a pin, "none", or empty: where the driver is known to loop
};

struct PlayOutcome {
    WaveFormat format;
    std::uint64_t frames = 0;
    std::uint64_t glitches = 0;
    std::uint64_t reported_glitches = 0; // what the driver told of, by its own measure
    std::uint32_t pin = 0;
    std::uint32_t period_frames = 0;
    double host_seconds = 0;
    std::optional<std::uint32_t> heard_at; // the capture pin, when there is one
    std::string socket;                    // or the socket of the card
    std::uint64_t different_frames = 0;
    std::optional<std::uint64_t> first_difference;
    bool heard_anything = true;
    std::string filter;
    std::uint64_t underruns = 0; // of the sound devices it was heard through
    client::Pace pace;
    bool is_converted = false; // before it was played
    bool is_interrupted = false;

    double seconds() const { return static_cast<double>(frames) / format.rate; }
    bool is_heard() const { return heard_at.has_value() || !socket.empty(); }
    bool is_bit_exact() const { return is_heard() && different_frames == 0; }
};

constexpr std::size_t frames_per_read = 4096;

// Plays through one pin while recording what a second one hears, or what leaves a socket of the card.
class Playing {
public:
    Playing(Machine& machine, RenderStream& render, std::optional<CaptureStream>& capture, std::string socket,
            Outputs& outputs)
        : machine_(machine), render_(render), capture_(capture), socket_(std::move(socket)), outputs_(outputs),
          loopback_(render.format()) {}
    ~Playing() {
        if (!socket_.empty()) {
            (void)machine_.listen(socket_, {});
        }
    }
    Playing(const Playing&) = delete;
    Playing& operator=(const Playing&) = delete;

    Result<void> play(endpoints::Source& source, PlayOutcome& outcome) {
        if (capture_) {
            auto listening = capture_->on_period([this](std::span<const std::byte> period) {
                captured_.insert(captured_.end(), period.begin(), period.end());
                return true;
            });
            if (!listening) {
                return listening;
            }
        }
        if (!socket_.empty()) {
            auto listening = machine_.listen(socket_, [this](double rate, std::span<const SoundFrame> frames) {
                if (rate != 0) { // a level that was set by hand
                    append_frames(frames, render_.format(), captured_);
                }
            });
            if (!listening) {
                return listening;
            }
        }
        const std::uint64_t expected = source.frames().value_or(0);
        Progress progress(static_cast<double>(expected) / source.format().rate);
        std::vector<std::byte> frames(frames_per_read * source.format().bytes_per_frame());
        for (bool ended = false; !ended;) {
            outcome.is_interrupted = Interruption::is_asked_for();
            if (outcome.is_interrupted) {
                break;
            }
            const auto got = source.read(frames);
            if (!got) {
                return got.error();
            }
            ended = *got < frames.size();
            if (auto moved = move(std::span(frames).first(*got)); !moved) {
                return moved;
            }
            outcome.frames += *got / source.format().bytes_per_frame();
            // A pipe ends where it is then.
            outcome.is_interrupted =
                ended && Interruption::is_asked_for() && outcome.frames < source.frames().value_or(UINT64_MAX);
            progress.at(static_cast<double>(outcome.frames) / source.format().rate);
        }
        if (auto drained = render_.drain(); !drained) {
            return drained;
        }
        return hear_the_rest(outcome);
    }

private:
    bool hears() const { return capture_.has_value() || !socket_.empty(); }

    Result<void> move(std::span<const std::byte> frames) {
        if (frames.empty()) {
            return {};
        }
        if (hears()) {
            loopback_.played(frames);
        }
        if (auto written = render_.write(frames); !written) {
            return written;
        }
        return hears() ? hear() : outputs_.write(frames);
    }

    Result<void> hear() {
        auto heard =
            loopback_.heard(captured_, [this](std::span<const std::byte> frames) { return outputs_.write(frames); });
        captured_.clear();
        return heard;
    }

    // The last frames are on their way through the cable when the render stream has ended.
    Result<void> hear_the_rest(PlayOutcome& outcome) {
        outcome.glitches = render_.glitches();
        if (!hears()) {
            return {};
        }
        const std::uint32_t period_frames = capture_ ? capture_->period_frames() : render_.period_frames();
        const std::chrono::nanoseconds period(std::int64_t{1'000'000'000} * period_frames / render_.format().rate);
        constexpr std::chrono::milliseconds longest_way(20);
        const auto end = machine_.now() + 3 * period + longest_way;
        while (!loopback_.is_complete() && machine_.now() < end) {
            if (auto ran = machine_.run_for(period); !ran) {
                return ran;
            }
            if (auto heard = hear(); !heard) {
                return heard;
            }
        }
        const auto take = [this](std::span<const std::byte> frames) { return outputs_.write(frames); };
        if (auto finished = loopback_.finish(take); !finished) {
            return finished;
        }
        outcome.different_frames = loopback_.different_frames();
        outcome.first_difference = loopback_.first_difference();
        outcome.heard_anything = loopback_.heard_anything();
        if (!capture_) {
            return {};
        }
        outcome.glitches += capture_->glitches();
        return capture_->stop();
    }

    Machine& machine_;
    RenderStream& render_;
    std::optional<CaptureStream>& capture_;
    std::string socket_;
    Outputs& outputs_;
    Loopback loopback_;
    std::vector<std::byte> captured_;
};

Result<std::optional<CaptureStream>> open_loopback(const PlayArguments& arguments, Session& session,
                                                   ChosenStream<RenderStream>& render, StreamOptions options) {
    const bool is_asked_for = !arguments.loopback.empty();
    if (arguments.loopback == "none" || (!is_asked_for && session.driver().name() != "cable")) {
        return std::optional<CaptureStream>();
    }
    options.pin = is_asked_for ? static_cast<std::uint32_t>(std::stoul(arguments.loopback)) : UINT32_MAX;
    options.packets = PacketMode::never; // what the player hears must not depend on how a recorder fetches it
    auto capture = CaptureStream::open(render.filter, render.stream.format(), options);
    if (!capture) {
        return capture.error();
    }
    return std::optional<CaptureStream>(std::move(*capture));
}

Result<PlayOutcome> stream(const PlayArguments& arguments, Session& session) {
    StreamWish wish;
    auto source = endpoints::open_source(arguments.file, wish.format);
    if (!source) {
        return source.error();
    }
    wish.format = (*source)->format();
    wish.pin = arguments.pin;
    wish.filter = arguments.filter;
    wish.options.period = std::chrono::microseconds(std::llround(arguments.period_in_milliseconds * 1000));
    wish.options.packets = arguments.packets;
    wish.options.mode = mode_of(arguments.mode);
    auto render = open_render(session.machine(), wish);
    if (!render) {
        return render.error();
    }
    PlayOutcome outcome;
    outcome.format = render->stream.format();
    outcome.filter = render->filter.name();
    outcome.pin = render->stream.pin();
    outcome.period_frames = render->stream.period_frames();
    if (const std::string_view reduction = (*source)->reduction(); !reduction.empty()) {
        remark(std::string(reduction));
        outcome.is_converted = true;
    }
    if (const std::string notice = conversion_notice(wish.format, outcome.format, render->ranges, true);
        !notice.empty()) {
        remark(notice);
        auto converted = endpoints::convert_source(std::move(*source), outcome.format);
        if (!converted) {
            return converted.error();
        }
        source = std::move(converted);
        outcome.is_converted = true;
    }
    auto capture = open_loopback(arguments, session, *render, wish.options);
    if (!capture) {
        return capture.error();
    }
    if (*capture) {
        outcome.heard_at = (*capture)->pin();
    } else if (arguments.loopback.empty()) {
        outcome.socket = first_output(session.machine());
    }
    if (arguments.verify && !outcome.is_heard()) {
        return Error{
            status_not_supported,
            "--verify: this driver does not loop what it plays back to a capture pin (--loopback PIN names one)"};
    }
    const Interruption interruption; // from the moment on when there is something to be left behind
    auto outputs = Outputs::open(arguments.out, outcome.format, (*source)->frames());
    if (!outputs) {
        return outputs.error();
    }
    const auto begin = std::chrono::steady_clock::now();
    auto played =
        Playing(session.machine(), render->stream, *capture, outcome.socket, *outputs).play(**source, outcome);
    if (!played) {
        outputs->give_up();
        return played.error();
    }
    if (auto finished = outputs->finish(); !finished) {
        return finished.error();
    }
    outcome.host_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    outcome.reported_glitches = session.machine().reported_glitches();
    outcome.underruns = outputs->underruns();
    outcome.pace = session.pace();
    return outcome;
}

void print_summary(const PlayArguments& arguments, const PlayOutcome& outcome) {
    fmt::print("{}: {} frames, {:.2f} s of audio ({})\n", arguments.file, outcome.frames, outcome.seconds(),
               to_string(outcome.format));
    const std::string how = arguments.paced ? "in real time"
                                            : fmt::format("{:.0f} times faster than real time",
                                                          outcome.seconds() / std::max(outcome.host_seconds, 1e-9));
    fmt::print("played by {} through pin {} of {} in {:.3f} s: {}, {}\n", arguments.driver, outcome.pin, outcome.filter,
               outcome.host_seconds, how, glitches_text(outcome.glitches, outcome.reported_glitches));
    if (arguments.paced) {
        fmt::print("{}\n", describe(outcome.pace));
    }
    if (outcome.underruns > 0) {
        fmt::print("the sound device ran dry {} time{}\n", outcome.underruns, outcome.underruns == 1 ? "" : "s");
    }
    if (outcome.is_interrupted) {
        fmt::print("interrupted: that is not the whole file\n");
    }
    for (const std::string& out : arguments.out) {
        if (out.starts_with("wav:")) {
            fmt::print("wrote {}: {}\n", out.substr(4),
                       outcome.heard_at ? fmt::format("what capture pin {} heard", *outcome.heard_at)
                       : !outcome.socket.empty()
                           ? fmt::format("what came out of {}", outcome.socket)
                           : std::string("a copy of what the driver was given (it does not loop back)"));
        }
    }
    if (!outcome.is_heard()) {
        return;
    }
    const char* input = outcome.is_converted ? "the converted input" : "the input";
    if (outcome.is_bit_exact()) {
        fmt::print("the output equals {} bit for bit\n", input);
    } else if (!outcome.heard_anything) {
        fmt::print("the output is silent, {} is not\n", input);
    } else {
        fmt::print("the output differs from {} in {} of {} frames, first in frame {} ({:.4f} s)\n", input,
                   outcome.different_frames, outcome.frames, *outcome.first_difference,
                   static_cast<double>(*outcome.first_difference) / outcome.format.rate);
    }
}

void print_json(const PlayArguments& arguments, const PlayOutcome& outcome) {
    nlohmann::ordered_json facts = {
        {"file", arguments.file},
        {"driver", arguments.driver},
        {"filter", outcome.filter},
        {"pin", outcome.pin},
        {"rate", outcome.format.rate},
        {"channels", outcome.format.channels},
        {"bits", outcome.format.bits},
        {"float", outcome.format.is_float},
        {"converted", outcome.is_converted},
        {"period_frames", outcome.period_frames},
        {"frames", outcome.frames},
        {"seconds", outcome.seconds()},
        {"host_seconds", outcome.host_seconds},
        {"glitches", outcome.glitches},
        {"reported_glitches", outcome.reported_glitches},
        {"underruns", outcome.underruns},
        {"interrupted", outcome.is_interrupted},
    };
    if (arguments.paced) {
        facts["pace"] = pace_facts(outcome.pace);
    }
    facts["loopback_pin"] = nullptr;
    if (outcome.heard_at) {
        facts["loopback_pin"] = *outcome.heard_at;
    }
    facts["socket"] = nullptr;
    if (!outcome.socket.empty()) {
        facts["socket"] = outcome.socket;
    }
    if (outcome.is_heard()) {
        facts["bit_exact"] = outcome.is_bit_exact();
        facts["different_frames"] = outcome.different_frames;
    } else {
        facts["bit_exact"] = nullptr;
    }
    answer("play", std::move(facts));
}

std::vector<NamedFile> files_of(const PlayArguments& arguments) {
    std::vector<NamedFile> files = named_files(arguments);
    for (NamedFile& file : files_of_outputs(arguments.out)) {
        files.push_back(std::move(file));
    }
    if (const std::filesystem::path played = endpoints::file_of_source(arguments.file); !played.empty()) {
        files.push_back({"the file to play", played, false});
    }
    return files;
}

int play(const PlayArguments& arguments) {
    for (const std::string& out : arguments.out) {
        if (auto possible = endpoints::check_sink(out); !possible) {
            return misuse(possible.error().message);
        }
    }
    if (auto distinct = check_distinct(files_of(arguments)); !distinct) {
        return fail(distinct.error());
    }
    // Before a machine is built for it; standard input can be opened once only.
    if (arguments.file != endpoints::standard_input) {
        if (auto source = endpoints::open_source(arguments.file, WaveFormat{}); !source) {
            return fail(source.error());
        }
    }
    auto session = Session::open(arguments);
    if (!session) {
        return fail(session.error());
    }
    auto outcome = stream(arguments, **session);
    auto closed = (*session)->close();
    if (!outcome) {
        return fail(outcome.error());
    }
    arguments.json ? print_json(arguments, *outcome) : print_summary(arguments, *outcome);
    if (!closed) {
        return fail(closed.error());
    }
    if (arguments.verify && outcome->is_interrupted) {
        return fail(Error{status_data_error, "--verify: interrupted, the output is not the whole input"});
    }
    if (arguments.verify && !outcome->is_bit_exact()) {
        return fail(Error{status_data_error, "--verify: the output is not the input"});
    }
    if (arguments.verify && outcome->glitches != 0) {
        return fail(
            Error{status_data_error, "--verify: " + glitches_text(outcome->glitches, outcome->reported_glitches)});
    }
    return exit_done;
}

} // namespace

void add_play_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("play", "play a sound file through a driver");
    auto arguments = std::make_shared<PlayArguments>();
    command
        ->add_option("file", arguments->file,
                     "any sound file that libsndfile reads, - (standard input), or alsa[:DEVICE]")
        ->required();
    command
        ->add_option(
            "--out", arguments->out,
            "where it is heard: wav:FILE (wav:- is standard output), alsa[:DEVICE], default or null (repeatable)")
        ->allow_extra_args(false);
    command->add_flag("--verify", arguments->verify,
                      "exit status 1 unless the output equals the input bit for bit (or what it was converted to) and "
                      "there was no glitch");
    command->add_option("--period", arguments->period_in_milliseconds, "milliseconds between two notifications")
        ->check(number_between(0.1, 10000))
        ->capture_default_str();
    command->add_option("--pin", arguments->pin, "the pin to play through; without it the first that takes the format")
        ->transform(pin_number());
    command->add_option("--filter", arguments->filter, "the filter that has it");
    add_packet_options(*command, arguments->packets);
    command->add_option("--mode", arguments->mode, "signal-processing mode: raw or default")
        ->check(CLI::IsMember({"raw", "default"}));
    command->add_option("--loopback", arguments->loopback, "the capture pin that hears what is played, or none")
        ->check(pin_number_or_none());
    command->add_flag("--json", arguments->json, "what happened as JSON");
    add_session_options(*command, *arguments);
    command->callback([&run, arguments] { run = [arguments] { return play(*arguments); }; });
}

} // namespace openportcls::cli
