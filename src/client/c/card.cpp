// What is plugged into the cards of a machine.
#include "client/c/handles.h"

using namespace openportcls;

opc_status opc_machine_sockets(opc_machine* machine, const opc_socket** sockets, size_t* count) {
    if (c::lacks({{"machine", machine}, {"sockets", sockets}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    machine->sockets = machine->machine->sockets();
    machine->socket_list.clear();
    for (const SocketInfo& socket : machine->sockets) {
        machine->socket_list.push_back({socket.name.c_str(), socket.is_output});
    }
    *sockets = machine->socket_list.data();
    *count = machine->socket_list.size();
    return 0;
}

opc_status opc_machine_listen(opc_machine* machine, const char* socket, opc_hearing_function hearing, void* context) {
    if (c::lacks({{"machine", machine}, {"socket", socket}})) {
        return STATUS_INVALID_PARAMETER;
    }
    Machine::TimedHearing heard;
    if (hearing != nullptr) {
        heard = [hearing, context](std::chrono::nanoseconds begin, double rate, std::span<const SoundFrame> frames) {
            static_assert(sizeof(SoundFrame) == sizeof(opc_frame));
            hearing(context, static_cast<std::uint64_t>(begin.count()), rate,
                    reinterpret_cast<const opc_frame*>(frames.data()), frames.size());
        };
    }
    return c::status_of(machine->machine->listen_timed(socket, std::move(heard)));
}

opc_status opc_machine_feed(opc_machine* machine, const char* socket, uint32_t rate, const opc_frame* frames,
                            size_t count) {
    if (c::lacks({{"machine", machine}, {"socket", socket}, {"frames", frames, count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (count > c::most_bytes / sizeof *frames) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_machine_feed: no sound is as long as count says");
    }
    std::vector<SoundFrame> sound(count);
    for (size_t i = 0; i < count; ++i) {
        sound[i] = {frames[i].left, frames[i].right};
    }
    return c::status_of(machine->machine->feed(socket, rate, std::move(sound)));
}

opc_status opc_machine_listen_midi(opc_machine* machine, const char* card, opc_midi_hearing_function hearing,
                                   void* context) {
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    Machine::MidiHearing heard;
    if (hearing != nullptr) {
        heard = [hearing, context](std::chrono::nanoseconds time, std::byte byte) {
            hearing(context, static_cast<std::uint64_t>(time.count()), std::to_integer<std::uint8_t>(byte));
        };
    }
    return c::status_of(machine->machine->listen_midi(c::text_or_empty(card), std::move(heard)));
}

opc_status opc_machine_loop_midi(opc_machine* machine, const char* card) {
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(machine->machine->loop_midi(c::text_or_empty(card)));
}
