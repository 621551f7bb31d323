/* The C API on software and PCI devices: mixer lines, properties, events, formats, the registry, threads and rings. */
#include "c_test.h"

#include <string.h>

static const opc_uuid audio = OPC_SET_AUDIO;
static const opc_uuid control_change = OPC_SET_CONTROL_CHANGE;

static void identifiers_and_formats(void) {
    opc_uuid uuid;
    OK(opc_uuid_parse("{3A5ACC00-C557-11D0-8A2B-00A0C9255AC1}", &uuid));
    CHECK(uuid.data1 == 0x3a5acc00 && uuid.data4[7] == 0xc1);
    CHECK(strcmp(opc_uuid_text(&uuid), "{3a5acc00-c557-11d0-8a2b-00a0c9255ac1}") == 0);
    CHECK(strcmp(opc_uuid_name(&uuid), "KSNODETYPE_VOLUME") == 0);
    CHECK(opc_uuid_parse("3a5acc00", &uuid) == invalid && strstr(opc_last_error(), "3a5acc00") != NULL);
    opc_format format;
    opc_format_init(&format);
    CHECK(strcmp(opc_format_text(&format), "48000 Hz, 2 ch, 16 bit") == 0 && opc_format_frame_bytes(&format) == 4);
    const opc_range range = {8000, 48000, 2, 8, 16, true, false};
    CHECK(opc_range_accepts(&range, &format) && strlen(opc_range_text(&range)) > 0);
    format.rate = 96000;
    CHECK(!opc_range_accepts(&range, &format));
}

/* ---- mixers, values, events ---------------------------------------------------------------------------------------
 */

/* Every volume and mute that the lines show is set through the filter it names, and the change is told. */
static void mixer_lines_are_set(opc_machine* machine) {
    const opc_mixer* mixers;
    size_t count;
    OK(opc_machine_mixers(machine, &mixers, &count));
    CHECK(count == 1 && strcmp(mixers[0].device, "ROOT\\OPENPORTCLSCABLE\\0000") == 0);
    CHECK(mixers[0].destination_count >= 1 && mixers[0].source_count >= 1);
    CHECK(mixers[0].sources[0].destination < mixers[0].destination_count);
    int set = 0;
    for (size_t line = 0; line < mixers[0].destination_count; ++line) {
        const opc_mixer_line* shown = &mixers[0].destinations[line];
        CHECK(strncmp(shown->component, "DST_", 4) == 0 && shown->channels >= 1 && strlen(shown->target) > 0);
        for (size_t i = 0; i < shown->control_count; ++i) {
            const opc_mixer_control* control = &shown->controls[i];
            CHECK(opc_mixer_control_name(control->type) != NULL && strlen(control->name) > 0);
            opc_filter* filter;
            OK(opc_filter_open(machine, control->filter, &filter));
            if (control->type == OPC_MIXER_VOLUME) {
                opc_event* event;
                const opc_target node = {OPC_TARGET_NODE, control->node, 0};
                CHECK(control->tells_changes && control->channels == 8);
                OK(opc_event_enable_at(opc_filter_object(filter), &control_change, OPC_CONTROL_CHANGE, &node, NULL, 0,
                                       false, &event));
                double decibels = 0;
                OK(opc_filter_set_volume(filter, control->node, 1, -12));
                OK(opc_event_wait(event, MILLISECOND));
                OK(opc_filter_get_volume(filter, control->node, 1, &decibels));
                CHECK(decibels == -12 && opc_event_signals(event) == 0);
                opc_event_disable(event);
                ++set;
            } else if (control->type == OPC_MIXER_MUTE) {
                bool mute = false;
                OK(opc_filter_set_mute(filter, control->node, 0, true));
                OK(opc_filter_get_mute(filter, control->node, 0, &mute));
                CHECK(mute);
                ++set;
            }
            opc_filter_close(filter);
        }
    }
    CHECK(set >= 2);
}

static void inputs_of_a_mux(opc_machine* machine) {
    const opc_mixer* mixers;
    size_t count, muxes = 0;
    OK(opc_machine_mixers(machine, &mixers, &count));
    for (size_t line = 0; count == 1 && line < mixers[0].destination_count; ++line) {
        for (size_t i = 0; i < mixers[0].destinations[line].control_count; ++i) {
            const opc_mixer_control* control = &mixers[0].destinations[line].controls[i];
            if (control->type == OPC_MIXER_MUX) {
                CHECK(control->channels == 0 && control->input_count > 1);
                CHECK(control->inputs[0] == OPC_NO_LINE || control->inputs[0] < mixers[0].source_count);
                ++muxes;
            }
        }
    }
    CHECK(muxes == 1);
}

static void values_with_targets(opc_machine* machine) {
    opc_filter* topology;
    OK(opc_filter_open(machine, "Topology", &topology));
    opc_object* object = opc_filter_object(topology);
    const opc_target channel = {OPC_TARGET_CHANNEL, 0, 1};
    int32_t level = -3 * 65536;
    OK(opc_property_set(object, &audio, OPC_AUDIO_VOLUME_LEVEL, &channel, &level, sizeof level));
    level = 0;
    OK(opc_property_get(object, &audio, OPC_AUDIO_VOLUME_LEVEL, &channel, &level, sizeof level));
    CHECK(level == -3 * 65536);
    int64_t large = 7;
    CHECK(opc_property_get(object, &audio, OPC_AUDIO_VOLUME_LEVEL, &channel, &large, sizeof large) ==
          (opc_status)0xC0000004); /* STATUS_INFO_LENGTH_MISMATCH */
    CHECK(large == 7);
    opc_support support;
    OK(opc_property_support(object, &audio, OPC_AUDIO_VOLUME_LEVEL, &channel, &support));
    CHECK(support.can_get && support.can_set && support.value_type == 3 && support.range_count >= 1);
    CHECK(support.ranges[0].minimum < 0 && support.ranges[0].maximum == 0 && support.description_bytes > 0);
    const opc_uuid* sets;
    size_t count;
    OK(opc_property_sets(object, NULL, &sets, &count));
    CHECK(count >= 2);
    const opc_uuid topology_set = OPC_SET_TOPOLOGY;
    const void* value;
    OK(opc_property_bytes(object, &topology_set, 1, NULL, &value, &count)); /* KSPROPERTY_TOPOLOGY_NODES */
    CHECK(count > 8);
    const opc_uuid pin_set = OPC_SET_PIN;
    const opc_target pin = {OPC_TARGET_PIN, 0, 0};
    const char* text;
    OK(opc_property_text(object, &pin_set, 12, &pin, &text)); /* KSPROPERTY_PIN_NAME */
    CHECK(strlen(text) > 0);
    const opc_target node = {OPC_TARGET_NODE, 0, 0};
    const opc_target none = {9, 0, 0};
    CHECK(opc_event_supported(object, &control_change, OPC_CONTROL_CHANGE, &node));
    CHECK(!opc_event_supported(object, &control_change, 9, &node));
    CHECK(opc_property_set(object, &audio, OPC_AUDIO_VOLUME_LEVEL, &none, &level, sizeof level) == invalid);
    opc_filter_close(topology);
}

static void formats_and_connect_structures(opc_machine* machine) {
    opc_filter* wave;
    OK(opc_filter_open(machine, "Wave", &wave));
    const opc_pin_info* pins;
    size_t count;
    OK(opc_filter_pins(wave, &pins, &count));
    CHECK(pins[0].kind == OPC_PIN_SINK);
    const opc_uuid* modes;
    OK(opc_filter_processing_modes(wave, 0, &modes, &count));
    CHECK(count == 2);
    opc_format format;
    OK(opc_filter_preferred_format(wave, 0, OPC_MODE_DEFAULT, &format));
    CHECK(format.rate > 0);
    opc_format_init(&format);
    uint8_t bytes[256];
    size_t size = 0;
    CHECK(opc_data_format(&format, OPC_MODE_RAW, NULL, 0, &size) == (opc_status)0xC0000023 && size <= sizeof bytes);
    OK(opc_data_format(&format, OPC_MODE_RAW, bytes, sizeof bytes, &size));
    opc_pin_connect connect;
    opc_pin_connect_init(&connect);
    connect.format = bytes;
    connect.format_bytes = size;
    opc_pin* pin;
    OK(opc_pin_open_connect(wave, &connect, &pin));
    opc_pin_close(pin);
    connect.pin = 77;
    CHECK(opc_pin_open_connect(wave, &connect, &pin) < 0 && pin == NULL);
    connect.size = 1;
    CHECK(opc_pin_open_connect(wave, &connect, &pin) == (opc_status)0xC0000004);
    opc_filter_close(wave);

    const opc_filter_info* filters;
    OK(opc_machine_filters(machine, &filters, &count));
    const opc_interface_value* values;
    size_t value_count;
    int named = 0;
    OK(opc_machine_interface_values(machine, filters[0].path, &values, &value_count));
    for (size_t i = 0; i < value_count; ++i) {
        named += strcmp(values[i].name, "FriendlyName") == 0 && strncmp(values[i].text, "Cable ", 6) == 0;
    }
    CHECK(named == 1);
    CHECK(opc_machine_reported_glitches(machine) == 0);
}

/* ---- the registry between two machines ----------------------------------------------------------------------------
 */

static int file_contains(const char* file, const char* text) {
    FILE* stream = fopen(file, "rb");
    CHECK(stream != NULL);
    static char content[1 << 20];
    const size_t count = fread(content, 1, sizeof content - 1, stream);
    content[count] = 0;
    fclose(stream);
    return strstr(content, text) != NULL;
}

static void the_registry_is_kept(const char* file) {
    remove(file);
    opc_machine* machine = machine_with(NULL, file);
    opc_driver_options options;
    opc_driver_options_init(&options);
    options.service_name = "Kept";
    opc_driver *driver, *other;
    OK(opc_driver_load(machine, "cable", &options, &driver));
    CHECK(strcmp(opc_driver_name(driver), "Kept") == 0);
    CHECK(opc_driver_load(machine, "cable", &options, &other) == (opc_status)0xC0000035); /* _OBJECT_NAME_COLLISION */
    options.service_name = NULL;
    OK(opc_driver_load(machine, "cable", &options, &other));
    const char* values[] = {"MarkOfTheDevice=77"};
    opc_device* device;
    OK(opc_driver_add_device_with_parameters(other, NULL, values, 1, &device));
    CHECK(opc_driver_device_count(other) == 2);
    OK(opc_device_remove(device));
    CHECK(opc_driver_device_count(other) == 1 && strcmp(opc_device_state(device), "removed") == 0);
    opc_device_release(device);
    const char* twice[] = {"Mark=1", "mark=2"};
    CHECK(opc_driver_add_device_with_parameters(other, NULL, twice, 2, &device) == invalid && device == NULL);
    const char* missing[] = {NULL};
    CHECK(opc_driver_add_device_with_parameters(other, NULL, missing, 1, &device) == invalid);
    OK(opc_machine_save_registry(machine));
    CHECK(file_contains(file, "\"Kept\"") && file_contains(file, "MarkOfTheDevice"));
    OK(opc_driver_unload(other, NULL, NULL));
    opc_driver_release(other);
    end(driver, machine);
    machine = machine_with(NULL, file);
    driver = load(machine, "cable");
    OK(opc_machine_save_registry(machine));
    CHECK(file_contains(file, "\"Kept\"") && file_contains(file, "MarkOfTheDevice")); /* read back */
    end(driver, machine);
    FILE* stream = fopen(file, "wb");
    CHECK(stream != NULL && fputs("no registry", stream) > 0);
    fclose(stream);
    opc_machine_options broken;
    opc_machine_options_init(&broken);
    broken.registry = file;
    CHECK(opc_machine_create(&broken, &machine) < 0 && machine == NULL);
    remove(file);
}

/* ---- a machine of its own thread -----------------------------------------------------------------------------------
 */

static void load_cable(opc_machine* machine, void* context) {
    opc_driver* driver;
    OK(opc_driver_load(machine, "cable", NULL, &driver));
    opc_driver_release(driver);
    *(int*)context = 1;
}

static void nothing(opc_machine* machine, void* context) {
    (void)machine;
    (void)context;
}

static void posts_and_rings(void) {
    opc_thread* thread;
    OK(opc_thread_start(NULL, 0, &thread));
    CHECK(!opc_thread_is_realtime(thread));
    int loaded = 0;
    opc_thread_post(thread, load_cable, &loaded);
    opc_thread_run(thread, nothing, NULL); /* after what was posted */
    CHECK(loaded);
    opc_format format, opened = {0};
    opc_format_init(&format);
    opc_live* live;
    OK(opc_live_render(thread, "render", &format, NULL, 0, &live));
    OK(opc_live_format(live, &opened));
    CHECK(opened.rate == 48000 && opc_live_period_frames(live) == 480 && opc_live_frames(live) == 0);
    opc_live_close(live);
    opc_thread_end(thread);

    opc_ring* ring = (opc_ring*)1;
    CHECK(opc_ring_create(10, 4, &ring) == invalid && ring == NULL);
    CHECK(opc_ring_create(8, 0, &ring) == invalid);
    OK(opc_ring_create(8, 4, &ring));
    char bytes[8] = "abcdefg";
    char out[8] = {0};
    CHECK(opc_ring_capacity(ring) == 8 && opc_ring_room(ring) == 8);
    CHECK(opc_ring_write(ring, bytes, 7) == 4 && opc_ring_available(ring) == 4);
    CHECK(opc_ring_read(ring, out, 8) == 4 && memcmp(out, "abcd", 4) == 0);
    opc_ring_destroy(ring);
}

int main(int count, char** arguments) {
    CHECK(count == 2);
    identifiers_and_formats();
    opc_machine* machine = machine_with("ac97", NULL);
    opc_driver* driver = load(machine, "ac97");
    inputs_of_a_mux(machine);
    end(driver, machine);

    machine = machine_with(NULL, NULL);
    driver = load(machine, "cable");
    mixer_lines_are_set(machine);
    values_with_targets(machine);
    formats_and_connect_structures(machine);
    end(driver, machine);

    the_registry_is_kept(arguments[1]);
    posts_and_rings();
    puts("ok");
    return 0;
}
