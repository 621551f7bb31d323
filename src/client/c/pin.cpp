// Pins with stream requests.
#include "client/c/handles.h"

using namespace openportcls;

namespace {

Result<std::vector<StreamBlock>> blocks_of(const opc_block* blocks, size_t count) {
    std::vector<StreamBlock> result;
    for (size_t i = 0; i < count; ++i) {
        const opc_block& given = blocks[i];
        if (given.data == nullptr && given.bytes != 0) {
            return Error{STATUS_INVALID_PARAMETER, "blocks[" + std::to_string(i) + "].data is NULL"};
        }
        StreamBlock block{c::bytes_of(given.data, given.bytes)};
        block.options = given.options;
        block.presentation_time = given.presentation_time;
        block.numerator = given.numerator != 0 ? given.numerator : 1;
        block.denominator = given.denominator != 0 ? given.denominator : 1;
        block.duration = given.duration;
        result.push_back(block);
    }
    return result;
}

opc_status submit(opc_pin* pin, Result<StreamRequest> (Pin::*submit_blocks)(std::span<const StreamBlock>),
                  const opc_block* blocks, size_t count, opc_request** request) {
    const auto all = blocks_of(blocks, count);
    return all ? c::give_handle((pin->pin.*submit_blocks)(*all), request) : c::fail(all.error());
}

} // namespace

opc_status opc_pin_open(opc_filter* filter, uint32_t pin, const opc_format* format, int mode, opc_pin** opened) {
    c::clear(opened);
    if (c::lacks({{"filter", filter}, {"format", format}, {"opened", opened}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give_handle(Pin::open(filter->filter, pin, c::format_of(*format), c::mode_of(mode)), opened);
}

opc_status opc_pin_open_raw(opc_filter* filter, const void* connect, size_t bytes, opc_pin** opened) {
    c::clear(opened);
    if (c::lacks({{"filter", filter}, {"connect", connect, bytes}, {"opened", opened}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give_handle(Pin::open_raw(filter->filter, c::bytes_of(connect, bytes)), opened);
}

void opc_pin_close(opc_pin* pin) {
    delete pin;
}

opc_status opc_pin_set_state(opc_pin* pin, int state) {
    if (c::lacks({{"pin", pin}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(pin->pin.set_state(static_cast<PinState>(state)));
}

opc_status opc_pin_get_state(opc_pin* pin, int* state) {
    if (c::lacks({{"pin", pin}, {"state", state}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(pin->pin.state(), state);
}

opc_status opc_pin_write(opc_pin* pin, const void* frames, size_t bytes) {
    if (c::lacks({{"pin", pin}, {"frames", frames, bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(pin->pin.write(c::bytes_of(frames, bytes)));
}

opc_status opc_pin_read(opc_pin* pin, void* frames, size_t bytes, size_t* filled) {
    if (c::lacks({{"pin", pin}, {"frames", frames, bytes}, {"filled", filled}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(pin->pin.read(c::bytes_of(frames, bytes)), filled);
}

void opc_pin_connect_init(opc_pin_connect* connect) {
    if (c::lacks({{"connect", connect}})) {
        return;
    }
    const PinConnect usual;
    *connect = {};
    connect->size = sizeof *connect;
    connect->interface_set = c::guid_of(usual.interface_set);
    connect->interface_id = usual.interface_id;
    connect->medium_set = c::guid_of(usual.medium_set);
    connect->medium_id = usual.medium_id;
    connect->priority_class = usual.priority_class;
    connect->priority_sub_class = usual.priority_sub_class;
}

opc_status opc_pin_open_connect(opc_filter* filter, const opc_pin_connect* connect, opc_pin** opened) {
    c::clear(opened);
    if (c::lacks({{"filter", filter}, {"connect", connect}, {"opened", opened}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(connect)) {
        return c::wrong_size();
    }
    const opc_pin_connect given = c::options_of(connect, &opc_pin_connect_init);
    if (c::lacks({{"connect->format", given.format, given.format_bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (given.format_bytes > UINT16_MAX) { // it is a part of a file's name
        return c::fail(STATUS_INVALID_PARAMETER, "opc_pin_open_connect: a connect structure has less than 64 KiB");
    }
    PinConnect result;
    result.pin = given.pin;
    result.interface_set = c::guid_of(given.interface_set);
    result.interface_id = given.interface_id;
    result.medium_set = c::guid_of(given.medium_set);
    result.medium_id = given.medium_id;
    result.priority_class = given.priority_class;
    result.priority_sub_class = given.priority_sub_class;
    const auto format = c::bytes_of(given.format, given.format_bytes);
    result.format.assign(format.begin(), format.end());
    return c::give_handle(Pin::open(filter->filter, result), opened);
}

opc_status opc_data_format(const opc_format* format, int mode, void* bytes, size_t room, size_t* size) {
    if (c::lacks({{"format", format}, {"bytes", bytes, room}, {"size", size}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (mode < OPC_MODE_NONE || mode > OPC_MODE_RAW) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_data_format: the mode is none of OPC_MODE_NONE ...");
    }
    const std::vector<std::byte> made = data_format(c::format_of(*format), c::mode_of(mode));
    *size = made.size();
    if (room < made.size()) {
        return c::fail(STATUS_BUFFER_TOO_SMALL, "opc_data_format: there is not enough room");
    }
    std::copy(made.begin(), made.end(), static_cast<std::byte*>(bytes));
    return 0;
}

opc_status opc_pin_reset(opc_pin* pin, bool begin) {
    return c::lacks({{"pin", pin}}) ? STATUS_INVALID_PARAMETER : c::status_of(pin->pin.reset(begin));
}

// ---- requests ------------------------------------------------------------------------------------------------------

opc_status opc_pin_submit_write(opc_pin* pin, const opc_block* blocks, size_t count, opc_request** request) {
    c::clear(request);
    if (c::lacks({{"pin", pin}, {"blocks", blocks, count}, {"request", request}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return submit(pin, &Pin::submit_write, blocks, count, request);
}

opc_status opc_pin_submit_read(opc_pin* pin, const opc_block* blocks, size_t count, opc_request** request) {
    c::clear(request);
    if (c::lacks({{"pin", pin}, {"blocks", blocks, count}, {"request", request}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return submit(pin, &Pin::submit_read, blocks, count, request);
}

void opc_request_release(opc_request* request) {
    delete request;
}

bool opc_request_is_done(const opc_request* request) {
    return !c::lacks({{"request", request}}) && request->request.is_done();
}

opc_status opc_request_wait(opc_request* request, uint64_t timeout_nanoseconds) {
    return c::lacks({{"request", request}}) ? STATUS_INVALID_PARAMETER
                                            : c::status_of(request->request.wait(c::timeout_of(timeout_nanoseconds)));
}

void opc_request_cancel(opc_request* request) {
    if (!c::lacks({{"request", request}})) {
        request->request.cancel();
    }
}

opc_status opc_request_blocks(opc_request* request, const opc_block** blocks, size_t* count) {
    if (c::lacks({{"request", request}, {"blocks", blocks}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    request->blocks.clear();
    const std::vector<std::uint32_t> used = request->request.used();
    for (const StreamBlock& block : request->request.blocks()) {
        request->blocks.push_back({block.data.data(), block.data.size(), block.options, block.numerator,
                                   block.denominator, used[request->blocks.size()], block.presentation_time,
                                   block.duration});
    }
    *blocks = request->blocks.data();
    *count = request->blocks.size();
    return 0;
}
