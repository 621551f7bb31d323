#include <openportcls/machine.hpp>

#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include <openportcls/filter.hpp>

#include "base/unicode.h"
#include "client/cards.h"
#include "client/interfaces.h"
#include "client/state.h"
#include "executive/etw/debug_log.h"
#include "executive/files/files.h"
#include "executive/kernel.h"
#include "executive/registry/registry.h"
#include "executive/rtl/system_version.h"
#include "portcls/portcls_system.h"

namespace openportcls {

namespace client {

namespace {

// Hands what drivers print to the application.
class LogObserver final : public machine::Observer {
public:
    explicit LogObserver(MachineState& state) : state_(state) {}
    void on_event(const machine::TraceEvent& event) override {
        if (event.kind == machine::EventKind::log || event.kind == machine::EventKind::glitch) {
            state_.debug_print(event.detail);
        }
    }

private:
    MachineState& state_;
};

machine::PolicyKind policy_of(Scheduling scheduling) {
    switch (scheduling) {
    case Scheduling::random:
        return machine::PolicyKind::random;
    case Scheduling::pct:
        return machine::PolicyKind::pct;
    case Scheduling::first_come:
        break;
    }
    return machine::PolicyKind::first_come;
}

// Event providers of drivers are enabled while somebody listens: to be called when somebody begins or has stopped.
void follow_observers(MachineState& state) {
    if (!state.machine->is_halted()) {
        state.machine->enter([] { executive::Etw::current().follow_observers(); });
    }
}

} // namespace

MachineState::~MachineState() {
    flush_debug_print();
    machine.reset();
}

void MachineState::flush_debug_print() const {
    if (auto* const log = machine == nullptr ? nullptr : machine->find_subsystem<executive::Etw>(); log != nullptr) {
        log->flush();
    }
}

Error MachineState::error(std::int32_t status, std::string_view attempted) const {
    if (const machine::BugcheckReport* report = machine->bugcheck_report()) {
        flush_debug_print(); // before what it led to
        return Error{STATUS_UNSUCCESSFUL, fmt::format("{}: the driver crashed\n{}", attempted, report->to_text())};
    }
    if (status == STATUS_SYSTEM_SHUTDOWN && is_off()) {
        return Error{status, fmt::format("{}: the machine is off (S5); only a new one starts again", attempted)};
    }
    return with_reasons(status_error(status, attempted));
}

Error MachineState::with_reasons(Error error) const {
    const machine::Explanations& explanations = machine->explanations();
    if (const std::string reasons = explanations.refusals_since(explained_before); !reasons.empty()) {
        error.message += ": " + reasons;
    }
    explained_before = explanations.count();
    return error;
}

} // namespace client

using client::MachineState;

Result<Machine> Machine::create(const MachineOptions& options) {
    constexpr unsigned most_processors = 32;
    if (options.processors < 1 || options.processors > most_processors) {
        return Error{STATUS_INVALID_PARAMETER,
                     fmt::format("a machine has 1 to {} processors, not {}", most_processors, options.processors)};
    }
    if (options.scheduling > Scheduling::pct) {
        return Error{STATUS_INVALID_PARAMETER, "there is no such scheduling"};
    }
    auto state = std::make_shared<MachineState>(options);
    machine::MachineConfig config;
    constexpr unsigned deepest = 1000;
    if (options.pct_depth > deepest) {
        return Error{STATUS_INVALID_PARAMETER,
                     fmt::format("a PCT depth is at most {}, not {}", deepest, options.pct_depth)};
    }
    config.processors = options.processors;
    config.policy = client::policy_of(options.scheduling);
    config.seed = options.seed;
    config.pct_depth = options.pct_depth;
    config.paced = options.paced;
    config.watchdog_seconds = options.watchdog_seconds;
    const auto personality = portcls::parse_windows_version(options.windows);
    const auto version = executive::system_version_named(options.windows);
    if (!personality || !version) {
        return Error{STATUS_INVALID_PARAMETER,
                     fmt::format("\"{}\" is no Windows release: xp, vista, 7, 8, 8.1, 10 or 11", options.windows)};
    }
    state->machine = std::make_unique<machine::Machine>(config);
    Result<void> problem;
    state->machine->enter([&] {
        problem =
            client::plug_cards(*state->machine, options.hardware); // hardware goes last: drivers use it to the end
        if (!problem) {
            return;
        }
        executive::install(*state->machine);
        portcls::PortClsSystem::current().set_windows_version(*personality);
        auto& files = executive::Files::of(*state->machine);
        if (options.sandbox.empty()) {
            files.sandbox().set_root_later([&folder = state->private_sandbox] { return folder.create(); });
        } else {
            problem = files.set_sandbox(options.sandbox);
        }
        if (problem && !options.registry.empty()) {
            problem = executive::Registry::of(*state->machine).persist_in(options.registry);
        }
        // After the registry file, which may be from a machine of another release.
        executive::set_system_version(*state->machine, *version);
        state->pnp = &state->machine->add_subsystem<pnp::PnpManager>();
        client::follow_system_power(*state);
    });
    if (!problem) {
        return problem.error();
    }
    return Machine(std::move(state));
}

Machine::Machine(std::shared_ptr<MachineState> state) : state_(std::move(state)) {}
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;
Machine::~Machine() = default;

void Machine::on_debug_print(std::function<void(std::string_view)> print) {
    state_->flush_debug_print();
    // Observing costs a call per event, so only machines that are listened to pay for it.
    if (state_->log_observer != nullptr) {
        state_->machine->remove_observer(*state_->log_observer);
        state_->log_observer.reset();
    }
    state_->debug_print = std::move(print);
    if (state_->debug_print) {
        state_->log_observer = std::make_unique<client::LogObserver>(*state_);
        state_->machine->add_observer(*state_->log_observer);
    }
    client::follow_observers(*state_);
}

std::vector<FilterInfo> Machine::filters() const {
    return client::list_filters(*state_);
}

Result<Filter> Machine::open(const FilterInfo& filter) {
    return open(filter.path);
}

Result<Filter> Machine::open(std::string_view path) {
    const std::size_t last = path.find_last_of('\\');
    const std::string_view name = path.substr(last == std::string_view::npos ? 0 : last + 1);
    auto filter = std::make_shared<client::ObjectState>(state_, std::string(name));
    const NTSTATUS status = filter->open(utf8_to_utf16(path));
    if (!NT_SUCCESS(status)) {
        return state_->error(status, fmt::format("opening {}", path));
    }
    return Filter(std::move(filter));
}

Result<std::vector<InterfaceValue>> Machine::interface_values(const FilterInfo& filter) const {
    return client::interface_values(*state_, filter.path);
}

Result<Filter> Machine::open_first(std::string_view name_or_category) {
    for (const FilterInfo& filter : filters()) {
        if (equal_ignoring_ascii_case(filter.name, name_or_category) || filter.has_category(name_or_category)) {
            return open(filter);
        }
    }
    return Error{STATUS_OBJECT_NAME_NOT_FOUND,
                 fmt::format("no filter named \"{}\", and none of that category", name_or_category)};
}

std::uint64_t Machine::reported_glitches() const {
    const auto* system = state_->machine->find_subsystem<portcls::PortClsSystem>();
    return system != nullptr ? system->reported_glitches() : 0;
}

std::chrono::nanoseconds Machine::now() const {
    return std::chrono::nanoseconds(state_->machine->now());
}

Result<void> Machine::run_for(std::chrono::nanoseconds duration) {
    constexpr auto longest = std::chrono::hours(24) * 365 * 100; // time is counted in 64 bits of nanoseconds
    if (duration < std::chrono::nanoseconds(0) || duration > longest) {
        return Error{STATUS_INVALID_PARAMETER, "time runs forwards, and for a hundred years at most"};
    }
    const NTSTATUS status = state_->call([&] {
        state_->machine->run_for(duration.count());
        return STATUS_SUCCESS;
    });
    return state_->check(status, "running");
}

Result<void> Machine::sleep(unsigned s_state) {
    if (s_state < 1 || s_state > 5) {
        return Error{STATUS_INVALID_PARAMETER, "a machine sleeps in S1 to S4 and is off in S5; wake() leads to S0"};
    }
    if (auto on = state_->check_is_on("going to sleep"); !on) {
        return on;
    }
    return state_->pnp->sleep(static_cast<SYSTEM_POWER_STATE>(PowerSystemWorking + s_state));
}

Result<void> Machine::set_power_source(PowerSource source) {
    const NTSTATUS status = state_->call([&] {
        executive::Kernel::current().power.set_on_battery(source == PowerSource::battery);
        return STATUS_SUCCESS;
    });
    return state_->check(status, "changing the power source");
}

Result<void> Machine::wake() {
    return state_->pnp->wake();
}

std::optional<std::string> Machine::crash_report() const {
    const machine::BugcheckReport* report = state_->machine->bugcheck_report();
    if (report != nullptr) {
        state_->flush_debug_print();
    }
    return report != nullptr ? std::optional<std::string>(report->to_text()) : std::nullopt;
}

Result<void> Machine::start_trace(const std::filesystem::path& file) {
    auto writer = client::TraceWriter::create(file, state_->machine->config().processors);
    if (!writer) {
        return writer.error();
    }
    (void)stop_trace();
    state_->trace = std::move(*writer);
    state_->machine->add_observer(*state_->trace);
    client::follow_observers(*state_);
    return {};
}

Result<void> Machine::save_registry() {
    const auto* const registry = state_->machine->find_subsystem<executive::Registry>();
    return registry != nullptr ? registry->save() : Result<void>();
}

Result<void> Machine::stop_trace() {
    if (state_->trace == nullptr) {
        return {};
    }
    state_->flush_debug_print();
    state_->machine->remove_observer(*state_->trace);
    auto complete = state_->trace->finish();
    state_->trace.reset();
    client::follow_observers(*state_);
    return complete;
}

} // namespace openportcls
