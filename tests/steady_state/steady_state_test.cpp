// A stream in its steady state costs the host its CPU and nothing else: no allocation, no lock, no system call. Shown
// for every way to stream through the cable driver, sample clock to client and back.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <openportcls/openportcls.hpp>

#include "host_costs.h"

namespace {

using namespace openportcls;
using namespace std::chrono_literals;
using openportcls::steady_state::count_host_costs;
using openportcls::steady_state::HostCosts;
using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int periods = 100;
constexpr std::size_t period_bytes = 480 * 4; // 10 ms

template<class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(result).value();
    }
}

// Lives in the traced child only.
struct Cable {
    explicit Cable(const char* module = "cable", const DriverOptions& options = {})
        : machine(must(Machine::create(options_for(module)))) {
        must(machine.load_driver(module, options));
    }
    static MachineOptions options_for(std::string_view module) {
        MachineOptions options;
        if (module == "sb16") {
            options.hardware = {"sb16"};
        }
        return options;
    }

    Machine machine;
    std::size_t heard = 0; // frames that left the card
    std::optional<Filter> filter;
    std::vector<RenderStream> renders;
    std::vector<CaptureStream> captures;
    std::vector<std::byte> data = std::vector<std::byte>(period_bytes * 10, std::byte{5});

    Filter& wave() {
        if (!filter) {
            filter = must(machine.open_first("Wave"));
        }
        return *filter;
    }
    void add_render(const StreamOptions& options = {}) {
        renders.push_back(must(RenderStream::open(wave(), WaveFormat{}, options)));
    }
    void add_capture(const StreamOptions& options = {}) {
        captures.push_back(must(CaptureStream::open(wave(), WaveFormat{}, options)));
    }
    // In callbacks, with this much done beside the copy.
    void render_in_callbacks(int streams, void (*beside)() = nullptr) {
        for (int i = 0; i < streams; ++i) {
            add_render();
            must(renders.back().on_period([this, beside](std::span<std::byte> period) {
                std::memcpy(period.data(), data.data(), period.size());
                if (beside != nullptr) {
                    beside();
                }
                return true;
            }));
        }
        must(machine.run_for(100ms));
    }
};

// What `prepare` makes stays as it is when the child ends.
template<class Prepare, class Counted>
HostCosts costs_of(Prepare prepare, Counted counted, const char* module = "cable", const DriverOptions& options = {}) {
    Cable* cable = nullptr;
    return count_host_costs(
        [&] {
            cable = new Cable(module, options);
            prepare(*cable);
        },
        [&] { counted(*cable); });
}

void run_periods(Cable& cable) {
    must(cable.machine.run_for(periods * 10ms));
}

#define SKIP_WHERE_FORBIDDEN(costs)                                                                                    \
    if ((costs).is_forbidden) {                                                                                        \
        GTEST_SKIP() << "this host does not permit ptrace";                                                            \
    }

void expect_none(const HostCosts& costs) {
    SKIP_WHERE_FORBIDDEN(costs);
    ASSERT_EQ(costs.failure, "");
    EXPECT_EQ(costs.allocations, 0U);
    EXPECT_EQ(costs.locks, 0U);
    EXPECT_THAT(costs.system_calls, IsEmpty());
}

TEST(SteadyState, RenderCallbacksCostNothing) {
    expect_none(costs_of([](Cable& cable) { cable.render_in_callbacks(1); }, &run_periods));
}

TEST(SteadyState, ManyRenderStreamsCostNothing) {
    expect_none(costs_of([](Cable& cable) { cable.render_in_callbacks(16); }, &run_periods));
}

TEST(SteadyState, CaptureCallbacksCostNothing) {
    expect_none(costs_of(
        [](Cable& cable) {
            cable.add_capture();
            must(cable.captures.back().on_period([&cable](std::span<const std::byte> period) {
                std::memcpy(cable.data.data(), period.data(), period.size());
                return true;
            }));
            cable.render_in_callbacks(1);
        },
        &run_periods));
}

TEST(SteadyState, BlockingWritesCostNothing) {
    const auto write = [](Cable& cable) {
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.renders.back().write(cable.data));
        }
    };
    expect_none(costs_of(
        [&](Cable& cable) {
            cable.add_render();
            write(cable);
        },
        write));
}

TEST(SteadyState, BlockingReadsCostNothing) {
    const auto read = [](Cable& cable) {
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.captures.back().read(cable.data));
        }
    };
    expect_none(costs_of(
        [&](Cable& cable) {
            cable.add_capture();
            read(cable);
        },
        read));
}

// Packet mode sends a property request for every packet.
TEST(SteadyState, PacketModeWritesCostNothing) {
    StreamOptions options;
    options.packets = PacketMode::required;
    const auto write = [](Cable& cable) {
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.renders.back().write(cable.data));
        }
    };
    expect_none(costs_of(
        [&](Cable& cable) {
            cable.add_render(options);
            write(cable);
        },
        write));
}

TEST(SteadyState, PacketModeReadsCostNothing) {
    StreamOptions options;
    options.packets = PacketMode::required;
    const auto read = [](Cable& cable) {
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.captures.back().read(cable.data));
        }
    };
    expect_none(costs_of(
        [&](Cable& cable) {
            cable.add_capture(options);
            read(cable);
        },
        read));
}

TEST(SteadyState, PositionsCostNothing) {
    expect_none(costs_of(
        [](Cable& cable) {
            cable.render_in_callbacks(1);
            must(cable.renders.back().position());
        },
        [](Cable& cable) {
            for (int i = 0; i < periods; ++i) {
                must(cable.renders.back().position());
            }
        }));
}

// ---- stream requests: the port copies between the client's buffers and the card's, or hands them out -------------

struct Card {
    const char* name;
    const char* module;
    const char* inf;
    const char* parameter;
};

class Requests : public testing::TestWithParam<Card> {
protected:
    template<class Prepare, class Counted>
    static HostCosts costs_of_requests(Prepare prepare, Counted counted) {
        DriverOptions options;
        options.inf = GetParam().inf;
        if (GetParam().parameter != nullptr) {
            options.parameters = {GetParam().parameter};
        }
        return costs_of(prepare, counted, GetParam().module, options);
    }
};

TEST_P(Requests, RenderRequestsCostNothing) {
    const auto write = [](Cable& cable) {
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.renders.back().write(cable.data));
        }
    };
    expect_none(costs_of_requests(
        [&](Cable& cable) {
            cable.add_render();
            write(cable);
        },
        write));
}

TEST_P(Requests, CaptureRequestsCostNothing) {
    const auto read = [](Cable& cable) {
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.captures.back().read(cable.data));
        }
    };
    expect_none(costs_of_requests(
        [&](Cable& cable) {
            cable.add_capture();
            read(cable);
        },
        read));
}

INSTANTIATE_TEST_SUITE_P(SteadyState, Requests,
                         testing::Values(Card{"WaveCyclic", CYCLIC_MODULE, CYCLIC_INF, nullptr},
                                         Card{"WavePci", WAVEPCI_MODULE, WAVEPCI_INF, nullptr},
                                         Card{"WavePci32", WAVEPCI_MODULE, WAVEPCI_INF, "Dma32=1"}),
                         [](const auto& info) { return info.param.name; });

// ---- a card: interrupts, DMA and sockets cost as little
// --------------------------------------------------------------

TEST(SteadyState, ASoundCardThatPlaysCostsNothing) {
    const auto write = [](Cable& cable) {
        const std::size_t before = cable.heard;
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.renders.back().write(cable.data));
        }
        if (cable.heard == before) {
            std::abort(); // nothing was played: nothing was counted
        }
    };
    expect_none(costs_of(
        [&](Cable& cable) {
            must(cable.machine.listen(
                "line out", [&cable](double, std::span<const SoundFrame> frames) { cable.heard += frames.size(); }));
            cable.add_render();
            must(cable.renders.back().write(cable.data));
            write(cable);
        },
        write, "sb16"));
}

TEST(SteadyState, ASoundCardThatRecordsCostsNothing) {
    const auto read = [](Cable& cable) {
        for (int i = 0; i < periods / 10; ++i) {
            must(cable.captures.back().read(cable.data));
        }
    };
    expect_none(costs_of(
        [&](Cable& cable) {
            must(cable.machine.feed("line in", 48000, std::vector<SoundFrame>(480000, SoundFrame{0.25F, 0.5F})));
            cable.add_capture();
            read(cable);
        },
        read, "sb16"));
}

// ---- the counting itself: a single one per period is seen
// ------------------------------------------------------------

TEST(Counting, SeesOneAllocationAPeriod) {
    const HostCosts costs =
        costs_of([](Cable& cable) { cable.render_in_callbacks(1, [] { ::operator delete(::operator new(64)); }); },
                 &run_periods);
    SKIP_WHERE_FORBIDDEN(costs);
    ASSERT_EQ(costs.failure, "");
    EXPECT_EQ(costs.allocations, 2U * periods);
}

TEST(Counting, SeesOneLockAPeriod) {
    const HostCosts costs = costs_of(
        [](Cable& cable) {
            cable.render_in_callbacks(1, [] {
                static std::mutex mutex;
                const std::lock_guard guard(mutex);
            });
        },
        &run_periods);
    SKIP_WHERE_FORBIDDEN(costs);
    ASSERT_EQ(costs.failure, "");
    EXPECT_EQ(costs.locks, 2U * periods);
}

TEST(Counting, SeesOneSystemCallAPeriod) {
    const HostCosts costs =
        costs_of([](Cable& cable) { cable.render_in_callbacks(1, [] { syscall(SYS_getppid); }); }, &run_periods);
    SKIP_WHERE_FORBIDDEN(costs);
    ASSERT_EQ(costs.failure, "");
    EXPECT_THAT(costs.system_calls, SizeIs(periods));
    EXPECT_THAT(costs.system_calls, Each(static_cast<std::uint64_t>(SYS_getppid)));
}

} // namespace
