/* Plays noise of rising level through a driver and reads its peak meter: the library from C. */
#include <openportcls/openportcls.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(opc_status status, const char* what) {
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", what, opc_last_error());
        exit(1);
    }
}

static uint32_t find_node(opc_filter* filter, const char* type) {
    const opc_node_info* nodes;
    size_t count;
    check(opc_filter_nodes(filter, &nodes, &count), "nodes");
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(nodes[i].type_name, type) == 0) {
            return nodes[i].id;
        }
    }
    fprintf(stderr, "the driver has no %s\n", type);
    exit(1);
}

int main(void) {
    opc_machine* machine;
    opc_driver* driver;
    opc_filter *wave, *topology;
    opc_stream* stream;
    opc_format format;
    check(opc_machine_create(NULL, &machine), "machine");
    check(opc_driver_load(machine, "cable", NULL, &driver), "driver");
    check(opc_filter_open(machine, "render", &wave), "wave filter");
    check(opc_filter_open(machine, "Topology", &topology), "topology filter");
    opc_format_init(&format);
    check(opc_render_open(wave, &format, NULL, &stream), "stream");
    const uint32_t meter = find_node(topology, "KSNODETYPE_PEAKMETER");

    enum { frames = 4800 };
    int16_t sound[frames * 2];
    double peak, last = 0;
    uint32_t noise = 1;
    check(opc_filter_get_peak(topology, meter, 0, &peak), "meter"); /* the meter runs from the first look on */
    for (int step = 1; step <= 4; ++step) {
        for (int i = 0; i < frames * 2; ++i) {
            noise = noise * 1664525u + 1013904223u;
            sound[i] = (int16_t)((int32_t)(noise >> 16 & 0x1FFF) * step - 0x1000 * step);
        }
        check(opc_stream_write(stream, sound, sizeof sound), "write");
        check(opc_filter_get_peak(topology, meter, 0, &peak), "meter");
        printf("%d/4: peak %.2f\n", step, peak);
        if (peak <= last) {
            fprintf(stderr, "the meter does not follow the sound\n");
            return 1;
        }
        last = peak;
    }
    check(opc_stream_drain(stream), "drain");
    opc_stream_close(stream);
    opc_filter_close(topology);
    opc_filter_close(wave);

    const opc_leak* leaks;
    size_t leak_count;
    check(opc_driver_unload(driver, &leaks, &leak_count), "unload");
    opc_driver_release(driver);
    opc_machine_destroy(machine);
    return leak_count == 0 ? 0 : 1;
}
