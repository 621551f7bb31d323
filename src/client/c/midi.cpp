// MIDI pins and files.
#include "client/c/handles.h"

using namespace openportcls;

namespace {

MidiPinKind kind_of(int kind) {
    switch (kind) {
    case OPC_MIDI_ANY:
        return MidiPinKind::any;
    case OPC_MIDI_LEGACY:
        return MidiPinKind::legacy;
    case OPC_MIDI_DIRECT_MUSIC:
        return MidiPinKind::direct_music;
    default:
        return static_cast<MidiPinKind>(0xFF); // refused before it is used
    }
}

unsigned kind_of(MidiPinKind kind) {
    return kind == MidiPinKind::direct_music ? OPC_MIDI_DIRECT_MUSIC : OPC_MIDI_LEGACY;
}

opc_midi_message message_of(const MidiMessage& message) {
    return {static_cast<std::uint64_t>(message.time.count()),
            reinterpret_cast<const std::uint8_t*>(message.bytes.data()),
            message.bytes.size(),
            message.channel_group,
            message.follows_a_loss,
            message.goes_on};
}

// A pin of one direction, by its options.
template<class Pin>
opc_status open(opc_filter* filter, const opc_midi_options* given, auto** place) {
    if (!c::has_known_size(given)) {
        return c::wrong_size();
    }
    const auto options = c::options_of(given, &opc_midi_options_init);
    MidiOptions result;
    result.kind = kind_of(options.kind);
    if (result.kind > MidiPinKind::direct_music) {
        return c::fail(STATUS_INVALID_PARAMETER, "the kind of a MIDI pin is one of OPC_MIDI_ANY ...");
    }
    result.pin = options.pin;
    result.buffer_bytes = options.buffer_bytes;
    result.buffer_count = options.buffer_count;
    return c::give_handle(Pin::open(filter->filter, result), place);
}

opc_status give_file(Result<MidiFile> read, opc_midi_file** file) {
    if (!read) {
        return c::fail(read.error());
    }
    auto handle = std::make_unique<opc_midi_file>();
    handle->file = std::move(*read);
    for (const MidiMessage& message : handle->file.messages) {
        handle->messages.push_back(message_of(message));
    }
    *file = handle.release();
    return 0;
}

} // namespace

opc_status opc_filter_midi_pins(opc_filter* filter, const opc_midi_pin_info** pins, size_t* count) {
    if (c::lacks({{"filter", filter}, {"pins", pins}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto known = midi_pins(filter->filter);
    if (!known) {
        return c::fail(known.error());
    }
    filter->midi_pins.clear();
    for (const MidiPinInfo& pin : *known) {
        filter->midi_pins.push_back({pin.id, pin.flow == PinFlow::in ? OPC_IN : OPC_OUT,
                                     static_cast<int>(kind_of(pin.kind)), c::guid_of(pin.technology)});
    }
    *pins = filter->midi_pins.data();
    *count = filter->midi_pins.size();
    return 0;
}

void opc_midi_options_init(opc_midi_options* options) {
    if (c::lacks({{"options", options}})) {
        return;
    }
    const MidiOptions usual;
    *options = {sizeof *options, OPC_MIDI_ANY, usual.pin, usual.buffer_bytes, usual.buffer_count};
}

// ---- output --------------------------------------------------------------------------------------------------------

opc_status opc_midi_output_open(opc_filter* filter, const opc_midi_options* options, opc_midi_output** output) {
    c::clear(output);
    if (c::lacks({{"filter", filter}, {"output", output}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return open<MidiOutput>(filter, options, output);
}

void opc_midi_output_close(opc_midi_output* output) {
    delete output;
}

unsigned opc_midi_output_kind(const opc_midi_output* output) {
    return c::lacks({{"output", output}}) ? 0 : kind_of(output->output.kind());
}

uint32_t opc_midi_output_pin(const opc_midi_output* output) {
    return c::lacks({{"output", output}}) ? 0 : output->output.pin();
}

uint64_t opc_midi_output_time(const opc_midi_output* output) {
    return c::lacks({{"output", output}}) ? 0 : static_cast<uint64_t>(output->output.time().count());
}

opc_status opc_midi_output_start(opc_midi_output* output) {
    return c::lacks({{"output", output}}) ? STATUS_INVALID_PARAMETER : c::status_of(output->output.start());
}

opc_status opc_midi_output_pause(opc_midi_output* output) {
    return c::lacks({{"output", output}}) ? STATUS_INVALID_PARAMETER : c::status_of(output->output.pause());
}

opc_status opc_midi_output_stop(opc_midi_output* output) {
    return c::lacks({{"output", output}}) ? STATUS_INVALID_PARAMETER : c::status_of(output->output.stop());
}

opc_status opc_midi_output_send(opc_midi_output* output, const opc_midi_message* messages, size_t count) {
    if (c::lacks({{"output", output}, {"messages", messages, count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    std::vector<MidiMessage> all;
    for (size_t i = 0; i < count; ++i) {
        const opc_midi_message& message = messages[i];
        if (c::lacks({{"messages[].bytes", message.bytes, message.count}})) {
            return STATUS_INVALID_PARAMETER;
        }
        if (message.count > c::most_bytes || message.time > static_cast<uint64_t>(INT64_MAX)) {
            return c::fail(STATUS_INVALID_PARAMETER, "opc_midi_output_send: a message is too long, or too late");
        }
        MidiMessage& copy = all.emplace_back();
        copy.time = std::chrono::nanoseconds(message.time);
        const auto* const bytes = reinterpret_cast<const std::byte*>(message.bytes);
        copy.bytes.assign(bytes, bytes + message.count);
        copy.channel_group = message.channel_group != 0 ? message.channel_group : 1;
    }
    return c::status_of(output->output.send(all));
}

opc_status opc_midi_output_send_now(opc_midi_output* output, const void* bytes, size_t count) {
    if (c::lacks({{"output", output}, {"bytes", bytes, count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (count > c::most_bytes) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_midi_output_send_now: no message is as long as count says");
    }
    return c::status_of(output->output.send_now({static_cast<const std::byte*>(bytes), count}));
}

opc_status opc_midi_output_drain(opc_midi_output* output, uint64_t timeout_nanoseconds) {
    return c::lacks({{"output", output}}) ? STATUS_INVALID_PARAMETER
                                          : c::status_of(output->output.drain(c::timeout_of(timeout_nanoseconds)));
}

// ---- input ---------------------------------------------------------------------------------------------------------

opc_status opc_midi_input_open(opc_filter* filter, const opc_midi_options* options, opc_midi_input** input) {
    c::clear(input);
    if (c::lacks({{"filter", filter}, {"input", input}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return open<MidiInput>(filter, options, input);
}

void opc_midi_input_close(opc_midi_input* input) {
    delete input;
}

unsigned opc_midi_input_kind(const opc_midi_input* input) {
    return c::lacks({{"input", input}}) ? 0 : kind_of(input->input.kind());
}

uint32_t opc_midi_input_pin(const opc_midi_input* input) {
    return c::lacks({{"input", input}}) ? 0 : input->input.pin();
}

uint64_t opc_midi_input_time(const opc_midi_input* input) {
    return c::lacks({{"input", input}}) ? 0 : static_cast<uint64_t>(input->input.time().count());
}

opc_status opc_midi_input_start(opc_midi_input* input) {
    return c::lacks({{"input", input}}) ? STATUS_INVALID_PARAMETER : c::status_of(input->input.start());
}

opc_status opc_midi_input_stop(opc_midi_input* input) {
    return c::lacks({{"input", input}}) ? STATUS_INVALID_PARAMETER : c::status_of(input->input.stop());
}

opc_status opc_midi_input_receive(opc_midi_input* input, uint64_t timeout_nanoseconds,
                                  const opc_midi_message** message) {
    if (c::lacks({{"input", input}, {"message", message}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto received = input->input.receive(c::timeout_of(timeout_nanoseconds));
    if (!received) {
        return c::fail(received.error());
    }
    *message = nullptr;
    if (*received) {
        input->received = std::move(**received);
        input->message = message_of(input->received);
        *message = &input->message;
    }
    return 0;
}

// ---- files ---------------------------------------------------------------------------------------------------------

opc_status opc_midi_file_read(const char* path, opc_midi_file** file) {
    c::clear(file);
    if (c::lacks({{"path", path}, {"file", file}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return give_file(read_midi_file(path), file);
}

opc_status opc_midi_file_parse(const void* bytes, size_t count, const char* name, opc_midi_file** file) {
    c::clear(file);
    if (c::lacks({{"bytes", bytes, count}, {"name", name}, {"file", file}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return give_file(parse_midi_file({static_cast<const std::byte*>(bytes), count}, name), file);
}

void opc_midi_file_close(opc_midi_file* file) {
    delete file;
}

unsigned opc_midi_file_format(const opc_midi_file* file) {
    return c::lacks({{"file", file}}) ? 0 : file->file.format;
}

unsigned opc_midi_file_tracks(const opc_midi_file* file) {
    return c::lacks({{"file", file}}) ? 0 : file->file.tracks;
}

uint64_t opc_midi_file_length(const opc_midi_file* file) {
    return c::lacks({{"file", file}}) ? 0 : static_cast<uint64_t>(file->file.length.count());
}

opc_status opc_midi_file_messages(const opc_midi_file* file, const opc_midi_message** messages, size_t* count) {
    if (c::lacks({{"file", file}, {"messages", messages}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    *messages = file->messages.data();
    *count = file->messages.size();
    return 0;
}
