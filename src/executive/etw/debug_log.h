// What drivers say: DbgPrint, ETW events, WMI registrations.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <opc/wpp.h>
#include <wdm.h>

#include "executive/etw/wmi.h"
#include "machine/machine.h"

namespace openportcls::executive {

enum class LogSource : std::uint8_t { debug_print, etw, wpp, wmi, error_log, not_done };

struct LogRecord {
    machine::Nanoseconds time = 0;
    LogSource source = LogSource::debug_print;
    std::uint32_t component = 0; // DPFLTR_xxx_ID
    std::uint32_t level = 0;
    std::string text;
};

struct EtwProvider {
    GUID id{};
    bool enabled = false;
    bool by_observers = false; // enabled because the machine is observed, not by a session
    UCHAR level = 0;
    ULONGLONG match_any_keyword = 0;
    ULONGLONG match_all_keyword = 0;
    std::uint64_t events = 0; // written so far
    // The provider's PETWENABLECALLBACK.
    void* callback = nullptr;
    void* callback_context = nullptr;
};

class Etw : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::etw;
    static constexpr std::size_t most_records = 10'000; // the oldest go first

    explicit Etw(machine::Machine& machine) : machine_(machine) {}

    // The current machine's, made on first use.
    static Etw& current();
    static Etw& of(machine::Machine& machine);

    // What is printed piece by piece becomes a record line by line: of DbgPrint text, when its newline comes.
    void log(LogSource source, std::uint32_t component, std::uint32_t level, std::string_view text);
    // The line that has no newline yet becomes a record, too: nothing follows (a crash, the end), or somebody looks.
    void flush();
    const std::deque<LogRecord>& records() {
        flush();
        return records_;
    }
    // Told of every record at once; for the command's --verbose and for tests.
    void set_listener(std::function<void(const LogRecord&)> listener) { listener_ = std::move(listener); }

    // Debug filter masks by component; a message passes when its level's bit is set here or in the default mask.
    bool passes_filter(std::uint32_t component, std::uint32_t level) const;
    void set_filter(std::uint32_t component, std::uint32_t level, bool enabled);

    // ---- ETW ------------------------------------------------------------------------------------------------
    std::uint64_t register_provider(const EtwProvider& provider);
    bool unregister_provider(std::uint64_t handle);
    EtwProvider* find_provider(std::uint64_t handle);
    // As a trace session does; the provider's callback is called. Future registrations of the id are enabled too.
    void enable_provider(const GUID& id, bool enable, UCHAR level, ULONGLONG match_any_keyword);
    // While the machine is observed, every provider that no session has enabled is, for all levels and keywords, as
    // WPP's messages are; it is disabled when nobody observes any more. To be called when somebody begins to observe,
    // or has stopped; registering looks by itself.
    void follow_observers();
    bool is_enabled(const EtwProvider& provider) const {
        return provider.enabled && (!provider.by_observers || machine_.is_observed());
    }
    std::size_t provider_count() const { return providers_.size(); }

    // ---- WPP ------------------------------------------------------------------------------------------------
    // As starting and stopping a trace session: trace messages of drivers become records meanwhile.
    // They do, too, while the machine is observed.
    void enable_trace_messages(bool enable) { trace_messages_ = enable; }
    opc_wpp_control& trace_control();
    std::size_t trace_providers = 0; // drivers between WPP_INIT_TRACING and WPP_CLEANUP

    std::set<std::string> not_done_reports; // each said once: not_done.h

    GUID activity_id{};      // EtwActivityIdControl
    GUID next_activity_id(); // a counter: the same in every run

    // ---- WMI ------------------------------------------------------------------------------------------------
    Wmi wmi;
    // The first of `count` consecutive numbers that nobody has for this class yet.
    ULONG allocate_instance_ids(const GUID& id, ULONG count);

private:
    void print(std::uint32_t component, std::uint32_t level, std::string_view text);
    void add_record(LogRecord record);
    static void notify(const EtwProvider& provider);
    bool enable_for_observers(EtwProvider& provider) const;

    struct InstanceCounter {
        GUID id;
        ULONG next;
    };
    struct Enablement {
        GUID id;
        UCHAR level;
        ULONGLONG match_any_keyword;
    };

    machine::Machine& machine_;
    bool trace_messages_ = false;
    opc_wpp_control trace_control_{};
    std::deque<LogRecord> records_;
    LogRecord line_; // begun by DbgPrint; its text is empty when there is none
    std::function<void(const LogRecord&)> listener_;
    std::map<std::uint32_t, std::uint32_t> filters_;
    std::map<std::uint64_t, EtwProvider> providers_;
    std::vector<Enablement> enabled_;
    std::vector<InstanceCounter> instance_counters_;
    std::uint64_t last_handle_ = 0;
    std::uint32_t last_activity_ = 0;
};

} // namespace openportcls::executive
