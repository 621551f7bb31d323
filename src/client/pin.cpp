#include <openportcls/pin.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <ks.h>
#include <ksmedia.h>

#include "client/bridge_pin.h"
#include "client/event_state.h"
#include "client/wave_format.h"
#include "executive/io/io_manager.h"

namespace openportcls {

namespace client {

// Stays where it is from submission to completion: the driver has the headers' address.
struct StreamRequestState {
    explicit StreamRequestState(std::shared_ptr<ObjectState> pin) : object(std::move(pin)), done(object->machine) {}
    StreamRequestState(const StreamRequestState&) = delete;
    StreamRequestState& operator=(const StreamRequestState&) = delete;
    ~StreamRequestState() {
        if (!is_done && !object->machine->machine->is_halted()) {
            cancel();
            done.wait(machine::never);
        }
    }

    NTSTATUS start(ULONG code) {
        return object->machine->call([&] {
            const auto bytes = static_cast<ULONG>(headers.size() * sizeof(KSSTREAM_HEADER));
            return executive::start_device_control(object->file, code, nullptr, 0, headers.data(), bytes, &completed,
                                                   this, &irp);
        });
    }
    static void NTAPI completed(void* context, NTSTATUS status, ULONG_PTR) {
        auto& self = *static_cast<StreamRequestState*>(context);
        self.status = status;
        self.is_done = true;
        self.irp = nullptr;
        self.object->machine->machine->set_event(self.done.object());
    }
    void cancel() {
        object->machine->call_even_when_off([&] {
            if (irp != nullptr) {
                executive::cancel_request(irp);
            }
            return STATUS_SUCCESS;
        });
    }

    std::shared_ptr<ObjectState> object;
    ClientEvent done;
    std::vector<KSSTREAM_HEADER> headers;
    IRP* irp = nullptr;
    bool is_done = false;
    NTSTATUS status = STATUS_PENDING;
    const char* attempted = "";
};

namespace {

KSSTREAM_HEADER header_of(const StreamBlock& block, bool is_write) {
    KSSTREAM_HEADER header{};
    header.Size = sizeof header;
    header.PresentationTime = {block.presentation_time, block.numerator, block.denominator};
    header.Duration = block.duration;
    header.FrameExtent = static_cast<ULONG>(block.data.size());
    header.DataUsed = is_write ? header.FrameExtent : 0;
    header.Data = block.data.data();
    header.OptionsFlags = block.options;
    return header;
}

Result<std::unique_ptr<StreamRequestState>> submit(const std::shared_ptr<ObjectState>& pin, ULONG code,
                                                   std::span<const StreamBlock> blocks) {
    auto state = std::make_unique<StreamRequestState>(pin);
    const bool is_write = code == IOCTL_KS_WRITE_STREAM;
    state->attempted = is_write ? "writing" : "reading";
    for (const StreamBlock& block : blocks) {
        if ((block.data.data() == nullptr && !block.data.empty()) || block.data.size() > UINT32_MAX) {
            return pin->error(STATUS_INVALID_PARAMETER, "a block has an address, and less than 4 GiB");
        }
        state->headers.push_back(header_of(block, is_write));
    }
    const NTSTATUS status = state->start(code);
    if (!NT_SUCCESS(status)) {
        return pin->error(status, state->attempted);
    }
    return state;
}

} // namespace

} // namespace client

std::vector<std::byte> data_format(const WaveFormat& format, ProcessingMode mode) {
    return client::make_data_format(format, mode);
}

// ---- requests ------------------------------------------------------------------------------------------------------

StreamRequest::StreamRequest(std::unique_ptr<client::StreamRequestState> state) : state_(std::move(state)) {}
StreamRequest::StreamRequest(StreamRequest&&) noexcept = default;
StreamRequest& StreamRequest::operator=(StreamRequest&&) noexcept = default;
StreamRequest::~StreamRequest() = default;

bool StreamRequest::is_done() const {
    return state_->is_done;
}

Result<void> StreamRequest::wait(std::chrono::nanoseconds timeout) {
    if (timeout < std::chrono::nanoseconds(0)) {
        return Error{STATUS_INVALID_PARAMETER, "nobody waits for less than no time"};
    }
    if (!state_->is_done) {
        if (auto on = state_->object->machine->check_is_on(state_->attempted); !on) {
            return on;
        }
        const NTSTATUS waited = state_->done.wait(timeout.count());
        if (waited != STATUS_SUCCESS) {
            return state_->object->error(waited, state_->attempted);
        }
    }
    return NT_SUCCESS(state_->status) ? Result<void>()
                                      : Result<void>(state_->object->error(state_->status, state_->attempted));
}

void StreamRequest::cancel() {
    state_->cancel();
}

std::vector<std::uint32_t> StreamRequest::used() const {
    std::vector<std::uint32_t> used;
    for (const KSSTREAM_HEADER& header : state_->headers) {
        used.push_back(header.DataUsed);
    }
    return used;
}

std::vector<StreamBlock> StreamRequest::blocks() const {
    std::vector<StreamBlock> blocks;
    for (const KSSTREAM_HEADER& header : state_->headers) {
        StreamBlock block{{static_cast<std::byte*>(header.Data), header.FrameExtent}};
        block.options = header.OptionsFlags;
        block.presentation_time = header.PresentationTime.Time;
        block.numerator = header.PresentationTime.Numerator;
        block.denominator = header.PresentationTime.Denominator;
        block.duration = header.Duration;
        blocks.push_back(block);
    }
    return blocks;
}

// ---- pins ----------------------------------------------------------------------------------------------------------

namespace {

Result<std::shared_ptr<client::ObjectState>> open_pin(Filter& filter, std::span<const std::byte> connect,
                                                      std::string name) {
    auto object = std::make_shared<client::ObjectState>(filter.object()->machine, std::move(name));
    object->parent = filter.object();
    const NTSTATUS status = object->open(client::pin_object_name(connect));
    if (!NT_SUCCESS(status)) {
        return object->error(status, "opening");
    }
    return object;
}

} // namespace

Result<Pin> Pin::open_raw(Filter& filter, std::span<const std::byte> connect) {
    if (connect.size() > UINT16_MAX) { // it is a part of a file's name
        return Error{STATUS_INVALID_PARAMETER, "a connect structure has less than 64 KiB"};
    }
    auto object = open_pin(filter, connect, filter.name() + " pin");
    return object ? Result<Pin>(Pin(std::move(*object))) : Result<Pin>(object.error());
}

Result<Pin> Pin::open(Filter& filter, const PinConnect& connect) {
    auto object =
        open_pin(filter, client::make_pin_connect(connect), fmt::format("{} pin {}", filter.name(), connect.pin));
    if (!object && object.status() == STATUS_INVALID_PARAMETER && client::is_bridge_pin(filter, connect.pin)) {
        return client::bridge_pin_error(filter, connect.pin);
    }
    return object ? Result<Pin>(Pin(std::move(*object))) : Result<Pin>(object.error());
}

Result<Pin> Pin::open(Filter& filter, std::uint32_t pin, const WaveFormat& format, ProcessingMode mode) {
    if (!client::is_processing_mode(mode)) {
        return client::no_processing_mode();
    }
    PinConnect connect;
    connect.pin = pin;
    connect.format = data_format(format, mode);
    return open(filter, connect);
}

Result<void> Pin::set_state(PinState state) {
    return set(property::connection_state, state);
}

Result<PinState> Pin::state() const {
    return get<PinState>(property::connection_state);
}

Result<void> Pin::reset(bool begin) {
    const KSRESET value = begin ? KSRESET_BEGIN : KSRESET_END;
    const ControlResult result = control(IOCTL_KS_RESET_STATE, std::as_bytes(std::span(&value, 1)), {});
    return NT_SUCCESS(result.status) ? Result<void>() : Result<void>(object_->error(result.status, "resetting"));
}

Result<StreamRequest> Pin::submit_write(std::span<const StreamBlock> blocks) {
    auto state = client::submit(object_, IOCTL_KS_WRITE_STREAM, blocks);
    return state ? Result<StreamRequest>(StreamRequest(std::move(*state))) : Result<StreamRequest>(state.error());
}

Result<StreamRequest> Pin::submit_read(std::span<const StreamBlock> blocks) {
    auto state = client::submit(object_, IOCTL_KS_READ_STREAM, blocks);
    return state ? Result<StreamRequest>(StreamRequest(std::move(*state))) : Result<StreamRequest>(state.error());
}

Result<void> Pin::write(std::span<const std::byte> frames) {
    // A write request only reads its data.
    const StreamBlock block{{const_cast<std::byte*>(frames.data()), frames.size()}};
    auto request = submit_write({&block, 1});
    return request ? request->wait() : Result<void>(request.error());
}

Result<std::size_t> Pin::read(std::span<std::byte> frames) {
    const StreamBlock block{frames};
    auto request = submit_read({&block, 1});
    if (!request) {
        return request.error();
    }
    if (auto done = request->wait(); !done) {
        return done.error();
    }
    return std::min<std::size_t>(request->used().front(), frames.size());
}

} // namespace openportcls
