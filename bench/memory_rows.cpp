// Resident memory of a machine and of a stream, measured in processes of their own.
#include <cstdio>
#include <list>
#include <memory>

#include <unistd.h>

#include "child.h"
#include "wavert_streams.h"

namespace openportcls::bench {

namespace {

double resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    unsigned long total = 0;
    unsigned long resident = 0;
    if (file != nullptr) {
        if (std::fscanf(file, "%lu %lu", &total, &resident) != 2) {
            resident = 0;
        }
        std::fclose(file);
    }
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Every round makes one more machine; the first of all also pays for the libraries' pages.
Side machine_memory(const std::vector<std::string>&) {
    auto machines = std::make_shared<std::list<CableMachine>>();
    return [machines]() -> Result<double> {
        if (machines->empty()) {
            machines->emplace_back();
        }
        const double before = resident_bytes();
        machines->emplace_back();
        return resident_bytes() - before;
    };
}

// A machine with streams that stays: what a round leaves behind would be what the next one uses.
struct Streaming {
    static constexpr int count = 200;
    CableMachine cable;
    Filter filter = cable.wave();
    WaveRtStreams streams{filter};

    void add(int more) {
        for (int i = 0; i < more; ++i) {
            streams.add();
        }
        must(cable.machine.run_for(std::chrono::milliseconds(100)));
    }
    // Resident, without the WaveRT buffers (whole pages) and the client's sources.
    double bytes() { return resident_bytes() - static_cast<double>(streams.memory_of_its_own()); }
};

Side stream_memory(const std::vector<std::string>&) {
    auto all = std::make_shared<std::list<Streaming>>();
    return [all]() -> Result<double> {
        Streaming& streaming = all->emplace_back();
        streaming.add(1);
        const double before = streaming.bytes();
        streaming.add(Streaming::count);
        return (streaming.bytes() - before) / Streaming::count;
    };
}

} // namespace

void add_memory_rows() {
    add_served_side("machine-memory", &machine_memory);
    add_served_side("stream-memory", &stream_memory);
    add_row({"memory of a machine with a driver",
             "",
             8 << 20,
             8 << 20,
             in_child("machine-memory", {}, {}),
             {},
             Unit::bytes,
             3});
    add_row({"memory of a stream besides its buffers",
             "",
             64 << 10,
             64 << 10,
             in_child("stream-memory", {}, {}),
             {},
             Unit::bytes,
             3});
}

} // namespace openportcls::bench
