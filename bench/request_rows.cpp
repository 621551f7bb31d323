// A property request through the whole stack against the cheapest ioctl of the host.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cable_machine.h"
#include "client/state.h"
#include "row.h"

#include <ks.h>
#include <ksmedia.h>

namespace openportcls::bench {

namespace {

void property_get_of_pin_count(benchmark::State& state) {
    CableMachine cable;
    Filter filter = cable.wave();
    KSPROPERTY property{};
    property.Set = KSPROPSETID_Pin;
    property.Id = KSPROPERTY_PIN_CTYPES;
    property.Flags = KSPROPERTY_TYPE_GET;
    ULONG count = 0;
    ULONG_PTR information = 0;
    for (auto _ : state) {
        const NTSTATUS status =
            filter.object()->control(IOCTL_KS_PROPERTY, &property, sizeof property, &count, sizeof count, &information);
        if (status != STATUS_SUCCESS) {
            state.SkipWithError("property request failed");
            break;
        }
    }
}

void node_property_of_driver(benchmark::State& state) {
    CableMachine cable;
    Filter filter = must(cable.machine.open_first("Topology"));
    KSNODEPROPERTY_AUDIO_CHANNEL request{};
    request.NodeProperty.Property.Set = KSPROPSETID_Audio;
    request.NodeProperty.Property.Id = KSPROPERTY_AUDIO_VOLUMELEVEL;
    request.NodeProperty.Property.Flags = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY;
    LONG level = 0;
    ULONG_PTR information = 0;
    for (auto _ : state) {
        const NTSTATUS status =
            filter.object()->control(IOCTL_KS_PROPERTY, &request, sizeof request, &level, sizeof level, &information);
        if (status != STATUS_SUCCESS) {
            state.SkipWithError("property request failed");
            break;
        }
    }
}

void host_ioctl(benchmark::State& state) {
    const int descriptor = open("/dev/null", O_RDWR);
    for (auto _ : state) {
        benchmark::DoNotOptimize(ioctl(descriptor, 0x5401, nullptr));
    }
    close(descriptor);
}

} // namespace

void add_request_rows() {
    add_row({"property get answered by the port", "ioctl(/dev/null)", 0.8, 0.3, cpu_time(&property_get_of_pin_count),
             cpu_time(&host_ioctl)});
    add_row({"property get answered by the driver's handler", "ioctl(/dev/null)", 0.8, 0.3,
             cpu_time(&node_property_of_driver), cpu_time(&host_ioctl)});
}

} // namespace openportcls::bench
