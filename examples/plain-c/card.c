/* A Sound Blaster 16 at ports and an interrupt of one's choice: what its mixer shows, and a note through its MIDI plug
 * and back over a cable. */
#include <openportcls/openportcls.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(opc_status status, const char* what) {
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", what, opc_last_error());
        exit(1);
    }
}

static void print_lines(const opc_mixer_line* lines, size_t count) {
    for (size_t line = 0; line < count; ++line) {
        printf("%s (%s)\n", lines[line].name, lines[line].component);
        for (size_t i = 0; i < lines[line].control_count; ++i) {
            const opc_mixer_control* control = &lines[line].controls[i];
            printf("  %-10s %s\n", opc_mixer_control_name(control->type), control->name);
        }
    }
}

static void note_over_the_cable(opc_machine* machine) {
    static const uint8_t note[] = {0x90, 60, 100};
    opc_filter* uart;
    opc_midi_output* output;
    opc_midi_input* input;
    const opc_midi_message* heard;
    check(opc_machine_loop_midi(machine, "sb16"), "cable");
    check(opc_filter_open(machine, "Uart", &uart), "UART");
    check(opc_midi_input_open(uart, NULL, &input), "MIDI input");
    check(opc_midi_output_open(uart, NULL, &output), "MIDI output");
    check(opc_midi_input_start(input), "start");
    check(opc_midi_output_send_now(output, note, sizeof note), "send");
    check(opc_midi_input_receive(input, 1000000000, &heard), "receive");
    if (heard == NULL || heard->count != sizeof note || memcmp(heard->bytes, note, sizeof note) != 0) {
        fprintf(stderr, "the note did not come back\n");
        exit(1);
    }
    printf("the note came back after %.2f ms\n", (double)heard->time / 1e6);
    opc_midi_output_close(output);
    opc_midi_input_close(input);
    opc_filter_close(uart);
}

int main(void) {
    const char* card = "sb16:io=240,irq=7";
    opc_machine_options options;
    opc_machine* machine;
    opc_driver* driver;
    const opc_mixer* mixers;
    size_t count;
    opc_machine_options_init(&options);
    options.hardware = &card;
    options.hardware_count = 1;
    check(opc_machine_create(&options, &machine), "machine");
    check(opc_driver_load(machine, "sb16", NULL, &driver), "driver");

    check(opc_machine_mixers(machine, &mixers, &count), "mixer lines");
    for (size_t i = 0; i < count; ++i) {
        print_lines(mixers[i].destinations, mixers[i].destination_count);
    }
    note_over_the_cable(machine);

    const opc_leak* leaks;
    size_t leak_count;
    check(opc_driver_unload(driver, &leaks, &leak_count), "unload");
    opc_driver_release(driver);
    opc_machine_destroy(machine);
    return leak_count == 0 ? 0 : 1;
}
