/* The C API on cards: their options, sockets, MIDI, stream requests. */
#include "c_test.h"

#include <math.h>
#include <string.h>

/* ---- what there is ---------------------------------------------------------------------------------------------- */

static void models_of_cards(void) {
    const opc_hardware_model* models;
    const size_t count = opc_hardware_models(&models);
    CHECK(count == 2 && strcmp(models[1].name, "sb16") == 0 && strlen(models[1].description) > 0);
    int has_irq = 0;
    for (size_t i = 0; i < models[1].option_count; ++i) {
        has_irq |=
            strcmp(models[1].options[i].name, "irq") == 0 && strcmp(models[1].options[i].default_value, "5") == 0;
    }
    CHECK(has_irq);
}

static void wrong_options_of_cards(void) {
    opc_machine_options options;
    opc_machine_options_init(&options);
    const char* wrong[] = {"sb16:irq=6", "sb17", "sb16:irq=5,irq=7"};
    options.hardware_count = 1;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        opc_machine* machine = (opc_machine*)1;
        options.hardware = &wrong[i];
        CHECK(opc_machine_create(&options, &machine) == invalid && machine == NULL);
    }
    CHECK(strstr(opc_last_error(), "irq of sb16 is given twice") != NULL);
    const char* nothing = NULL;
    options.hardware = &nothing;
    opc_thread* thread = (opc_thread*)1;
    CHECK(opc_thread_start(&options, 0, &thread) == invalid && thread == NULL);
    CHECK(strcmp(opc_last_error(), "opc_thread_start: hardware[0] is NULL") == 0);
    options.hardware = NULL;
    opc_machine* machine;
    CHECK(opc_machine_create(&options, &machine) == invalid);
}

/* ---- the card's sockets ------------------------------------------------------------------------------------------ */

struct ear {
    size_t count;
    double rate;
    float loudest;
    uint64_t begin;
};

static void hear(void* context, uint64_t begin, double rate, const opc_frame* frames, size_t count) {
    struct ear* ear = context;
    ear->begin = ear->count == 0 ? begin : ear->begin;
    ear->count += count;
    ear->rate = rate;
    for (size_t i = 0; i < count; ++i) {
        ear->loudest = fmaxf(ear->loudest, fabsf(frames[i].left));
    }
}

static void sound_at_the_sockets(opc_machine* machine) {
    const opc_socket* sockets;
    size_t count;
    OK(opc_machine_sockets(machine, &sockets, &count));
    int outputs = 0, inputs = 0;
    for (size_t i = 0; i < count; ++i) {
        outputs += strcmp(sockets[i].name, "sb16/line out") == 0 && sockets[i].is_output;
        inputs += strcmp(sockets[i].name, "sb16/line in") == 0 && !sockets[i].is_output;
    }
    CHECK(outputs == 1 && inputs == 1);
    struct ear ear = {0};
    OK(opc_machine_listen(machine, "line out", hear, &ear));
    CHECK(opc_machine_listen(machine, "line in", hear, &ear) < 0 && strstr(opc_last_error(), "line in") != NULL);

    opc_filter* wave;
    OK(opc_filter_open(machine, "render", &wave));
    opc_format format;
    opc_format_init(&format);
    format.rate = 44100;
    opc_stream* stream;
    OK(opc_render_open(wave, &format, NULL, &stream));
    opc_format opened = {0};
    OK(opc_stream_format(stream, &opened));
    CHECK(opened.rate == 44100 && opened.channels == 2);
    CHECK(opc_stream_uses_events(stream));
    int16_t sound[2 * 8820];
    for (int i = 0; i < 8820; ++i) {
        sound[2 * i] = sound[2 * i + 1] = (int16_t)(i % 100 < 50 ? 16000 : -16000);
    }
    OK(opc_stream_write(stream, sound, sizeof sound));
    OK(opc_stream_drain(stream));
    CHECK(ear.count >= 8820 && fabs(ear.rate - 44100) < 500 && ear.loudest > 0.01f && ear.begin > 0);
    opc_stream_close(stream);
    OK(opc_machine_listen(machine, "line out", NULL, NULL));

    opc_frame* tone = malloc(sizeof *tone * 44100);
    CHECK(tone != NULL);
    for (int i = 0; i < 44100; ++i) {
        tone[i].left = tone[i].right = i % 100 < 50 ? 0.5f : -0.5f;
    }
    CHECK(opc_machine_feed(machine, "line in", 0, tone, 44100) == invalid);
    CHECK(opc_machine_feed(machine, "line in", 44100, tone, SIZE_MAX / 2) == invalid);
    OK(opc_machine_feed(machine, "line in", 44100, tone, 44100));
    free(tone);
    opc_filter_close(wave);
}

/* ---- MIDI -------------------------------------------------------------------------------------------------------- */

struct wire {
    uint8_t bytes[16];
    size_t count;
    uint64_t last;
};

static void see(void* context, uint64_t time, uint8_t byte) {
    struct wire* wire = context;
    CHECK(wire->count < sizeof wire->bytes && time > wire->last);
    wire->bytes[wire->count++] = byte;
    wire->last = time;
}

static void midi_through_the_card(opc_machine* machine) {
    struct wire wire = {{0}, 0, 0};
    OK(opc_machine_listen_midi(machine, "sb16", see, &wire));
    OK(opc_machine_loop_midi(machine, NULL));
    CHECK(opc_machine_loop_midi(machine, "gus") < 0);
    opc_filter* uart;
    OK(opc_filter_open(machine, "Uart", &uart));
    const opc_midi_pin_info* pins;
    size_t count;
    OK(opc_filter_midi_pins(uart, &pins, &count));
    CHECK(count == 4 && pins[0].flow == OPC_IN && pins[0].kind == OPC_MIDI_LEGACY);

    const int kinds[] = {OPC_MIDI_LEGACY, OPC_MIDI_DIRECT_MUSIC};
    for (int i = 0; i < 2; ++i) {
        opc_midi_options options;
        opc_midi_options_init(&options);
        options.kind = kinds[i];
        opc_midi_output* output;
        opc_midi_input* input;
        OK(opc_midi_input_open(uart, &options, &input));
        OK(opc_midi_output_open(uart, &options, &output));
        CHECK(opc_midi_output_kind(output) == (unsigned)kinds[i] && opc_midi_input_kind(input) == (unsigned)kinds[i]);
        CHECK(opc_midi_output_pin(output) != opc_midi_input_pin(input));
        CHECK(strncmp(opc_object_name(opc_midi_output_object(output)), "Uart pin", 8) == 0);
        CHECK(opc_midi_input_object(input) != NULL);
        OK(opc_midi_input_start(input));
        OK(opc_midi_output_start(output));
        wire.count = 0;
        const uint8_t note[] = {0x90, 60, 100};
        const uint8_t other[] = {0x91, 64, 90};
        const opc_midi_message messages[] = {{5 * MILLISECOND, note, sizeof note, 0, false, false},
                                             {20 * MILLISECOND, other, sizeof other, 1, false, false}};
        OK(opc_midi_output_send(output, messages, 2));
        OK(opc_midi_output_drain(output, UINT64_MAX));
        const opc_midi_message* heard;
        OK(opc_midi_input_receive(input, 100 * MILLISECOND, &heard));
        CHECK(heard != NULL && heard->count == 3 && memcmp(heard->bytes, note, 3) == 0);
        const uint64_t first = heard->time;
        OK(opc_midi_input_receive(input, 100 * MILLISECOND, &heard));
        CHECK(heard != NULL && memcmp(heard->bytes, other, 3) == 0 && !heard->follows_a_loss && !heard->goes_on);
        CHECK(heard->time - first > 12 * MILLISECOND && heard->time - first < 18 * MILLISECOND);
        OK(opc_midi_output_send_now(output, note, sizeof note));
        OK(opc_midi_input_receive(input, 100 * MILLISECOND, &heard));
        CHECK(heard != NULL && heard->count == 3);
        OK(opc_midi_input_receive(input, MILLISECOND, &heard));
        CHECK(heard == NULL);
        CHECK(wire.count == 9 && memcmp(wire.bytes, note, 3) == 0);
        CHECK(opc_midi_output_time(output) > 20 * MILLISECOND && opc_midi_input_time(input) > 0);
        OK(opc_midi_output_pause(output));
        OK(opc_midi_output_stop(output));
        CHECK(opc_midi_output_time(output) == 0);
        const opc_midi_message empty = {0, NULL, 3, 1, false, false};
        CHECK(opc_midi_output_send(output, &empty, 1) == invalid);
        OK(opc_midi_input_stop(input));
        opc_midi_output_close(output);
        opc_midi_input_close(input);
    }
    opc_midi_options options;
    opc_midi_options_init(&options);
    options.kind = 7;
    opc_midi_output* none = (opc_midi_output*)1;
    CHECK(opc_midi_output_open(uart, &options, &none) == invalid && none == NULL);
    OK(opc_machine_listen_midi(machine, "sb16", NULL, NULL));
    opc_filter_close(uart);
}

static void midi_files(void) {
    static const uint8_t song[] = {'M', 'T', 'h', 'd', 0,  0, 0,    6,  0,   0,  0,    1,  0, 96, 'M',  'T',  'r',
                                   'k', 0,   0,   0,   12, 0, 0x90, 60, 100, 96, 0x80, 60, 0, 0,  0xFF, 0x2F, 0};
    opc_midi_file* file;
    OK(opc_midi_file_parse(song, sizeof song, "song", &file));
    CHECK(opc_midi_file_format(file) == 0 && opc_midi_file_tracks(file) == 1);
    CHECK(opc_midi_file_length(file) == 500 * (uint64_t)MILLISECOND);
    const opc_midi_message* messages;
    size_t count;
    OK(opc_midi_file_messages(file, &messages, &count));
    CHECK(count == 2 && messages[0].bytes[0] == 0x90 && messages[1].time == 500 * (uint64_t)MILLISECOND);
    opc_midi_file_close(file);
    CHECK(opc_midi_file_parse(song, 20, "song", &file) < 0 && file == NULL && strstr(opc_last_error(), "song") != NULL);
    CHECK(opc_midi_file_read("no-such-song.mid", &file) < 0 && strstr(opc_last_error(), "no-such-song") != NULL);
}

/* ---- requests of a port that has them ------------------------------------------------------------------------------
 */

static void stream_requests(opc_machine* machine) {
    opc_filter* wave;
    OK(opc_filter_open(machine, "render", &wave));
    opc_format format;
    opc_format_init(&format);
    format.rate = 44100;
    uint32_t id;
    OK(opc_filter_find_pin(wave, OPC_IN, &format, &id));
    opc_pin* pin;
    OK(opc_pin_open(wave, id, &format, OPC_MODE_NONE, &pin));
    OK(opc_pin_set_state(pin, OPC_RUN));
    static uint8_t sound[2][4410 * 4];
    opc_block block = {sound[0], sizeof sound[0], 0, 0, 0, 0, 0, 0};
    opc_request *first, *second;
    OK(opc_pin_submit_write(pin, &block, 1, &first));
    block.data = sound[1];
    OK(opc_pin_submit_write(pin, &block, 1, &second));
    CHECK(!opc_request_is_done(second));
    CHECK(opc_request_wait(second, MILLISECOND) == 0x102); /* STATUS_TIMEOUT */
    OK(opc_request_wait(first, UINT64_MAX));
    CHECK(opc_request_is_done(first));
    const opc_block* blocks;
    size_t count;
    OK(opc_request_blocks(first, &blocks, &count));
    CHECK(count == 1 && blocks[0].data == sound[0] && blocks[0].used == sizeof sound[0]);
    opc_request_cancel(second);
    CHECK(opc_request_wait(second, UINT64_MAX) == (opc_status)0xC0000120); /* STATUS_CANCELLED */
    OK(opc_pin_reset(pin, true));
    OK(opc_pin_reset(pin, false));
    opc_request_release(first);
    opc_request_release(second);
    opc_pin_close(pin);
    opc_filter_close(wave);
}

int main(void) {
    models_of_cards();
    wrong_options_of_cards();
    midi_files();
    /* At other ports and another interrupt than the usual ones. */
    opc_machine* machine = machine_with("sb16:io=240,irq=7,dma=3", NULL);
    opc_driver* driver = load(machine, "sb16");
    sound_at_the_sockets(machine);
    midi_through_the_card(machine);
    stream_requests(machine);
    end(driver, machine);
    puts("ok");
    return 0;
}
