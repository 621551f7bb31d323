#include "executive/etw/debug_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <ntddk.h>

namespace openportcls::executive {
namespace {

bool same_guid(const GUID& left, const GUID& right) {
    return std::memcmp(&left, &right, sizeof(GUID)) == 0;
}

// A level below 32 is a bit number, anything else a mask, as DbgPrintEx documents it.
std::uint32_t level_mask(std::uint32_t level) {
    return level < 32 ? 1u << level : level;
}

constexpr std::uint32_t unknown_component = 0xFFFFFFFF;
constexpr std::size_t longest_line = 4096; // of a driver that never ends one

} // namespace

Etw& Etw::of(machine::Machine& machine) {
    auto* existing = machine.find_subsystem<Etw>();
    return existing != nullptr ? *existing : machine.add_subsystem<Etw>();
}

Etw& Etw::current() {
    return of(machine::Machine::current());
}

void Etw::log(LogSource source, std::uint32_t component, std::uint32_t level, std::string_view text) {
    if (source == LogSource::debug_print) {
        print(component, level, text);
        return;
    }
    flush();
    add_record({machine_.now(), source, component, level, std::string(text)});
}

void Etw::print(std::uint32_t component, std::uint32_t level, std::string_view text) {
    if (component != line_.component || level != line_.level || line_.text.size() > longest_line) {
        flush();
    }
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        line_.component = component;
        line_.level = level;
        line_.text += text.substr(0, end == std::string_view::npos ? end : end + 1);
        if (end == std::string_view::npos) {
            return;
        }
        flush();
        text.remove_prefix(end + 1);
    }
}

void Etw::flush() {
    if (!line_.text.empty()) {
        line_.time = machine_.now();
        add_record(std::exchange(line_, {}));
    }
}

void Etw::add_record(LogRecord record) {
    if (records_.size() == most_records) {
        records_.pop_front();
    }
    records_.push_back(std::move(record));
    const LogRecord& added = records_.back();
    machine_.trace(machine::EventKind::log, added.component, static_cast<std::int64_t>(added.source), added.text);
    if (listener_) {
        listener_(added);
    }
}

bool Etw::passes_filter(std::uint32_t component, std::uint32_t level) const {
    // Everything passes until someone sets a filter: a debugger is attached, so to speak.
    const auto found = filters_.find(component);
    return found == filters_.end() || (found->second & level_mask(level)) != 0;
}

void Etw::set_filter(std::uint32_t component, std::uint32_t level, bool enabled) {
    auto& mask = filters_.try_emplace(component, component == unknown_component ? 0 : 0xFFFFFFFF).first->second;
    mask = enabled ? mask | level_mask(level) : mask & ~level_mask(level);
}

std::uint64_t Etw::register_provider(const EtwProvider& provider) {
    EtwProvider& added = providers_[++last_handle_] = provider;
    const std::uint64_t handle = last_handle_;
    for (const Enablement& entry : enabled_) {
        if (same_guid(entry.id, provider.id)) {
            added.enabled = true;
            added.level = entry.level;
            added.match_any_keyword = entry.match_any_keyword;
        }
    }
    (void)enable_for_observers(added);
    if (added.enabled) {
        notify(added);
    }
    return handle;
}

bool Etw::unregister_provider(std::uint64_t handle) {
    return providers_.erase(handle) != 0;
}

EtwProvider* Etw::find_provider(std::uint64_t handle) {
    const auto found = providers_.find(handle);
    return found == providers_.end() ? nullptr : &found->second;
}

void Etw::enable_provider(const GUID& id, bool enable, UCHAR level, ULONGLONG match_any_keyword) {
    std::erase_if(enabled_, [&](const Enablement& entry) { return same_guid(entry.id, id); });
    if (enable) {
        enabled_.push_back({id, level, match_any_keyword});
    }
    for (auto& [handle, provider] : providers_) {
        if (same_guid(provider.id, id)) {
            provider.enabled = enable;
            provider.level = enable ? level : UCHAR{0};
            provider.match_any_keyword = enable ? match_any_keyword : 0;
            provider.by_observers = false;
            (void)enable_for_observers(provider);
            notify(provider);
        }
    }
}

bool Etw::enable_for_observers(EtwProvider& provider) const {
    if (provider.enabled || !machine_.is_observed()) {
        return false;
    }
    provider.enabled = true;
    provider.by_observers = true;
    provider.level = 0xFF;
    provider.match_any_keyword = ~0ULL;
    return true;
}

void Etw::follow_observers() {
    // A callback may register and unregister: by handle.
    for (auto next = providers_.begin(); next != providers_.end();) {
        const std::uint64_t handle = next->first;
        EtwProvider& provider = next->second;
        const bool is_left = provider.by_observers && !machine_.is_observed();
        if (is_left) {
            provider.enabled = provider.by_observers = false;
            provider.level = 0;
            provider.match_any_keyword = 0;
        }
        if (enable_for_observers(provider) || is_left) {
            notify(EtwProvider(provider));
        }
        next = providers_.upper_bound(handle);
    }
}

ULONG Etw::allocate_instance_ids(const GUID& id, ULONG count) {
    for (InstanceCounter& counter : instance_counters_) {
        if (same_guid(counter.id, id)) {
            return std::exchange(counter.next, counter.next + count);
        }
    }
    instance_counters_.push_back({id, count});
    return 0;
}

GUID Etw::next_activity_id() {
    GUID id{};
    id.Data1 = ++last_activity_;
    return id;
}

void Etw::notify(const EtwProvider& provider) {
    using Callback = VOID(NTAPI*)(const GUID* source, ULONG control_code, UCHAR level, ULONGLONG match_any_keyword,
                                  ULONGLONG match_all_keyword, PVOID filter_data, PVOID context);
    if (provider.callback != nullptr) {
        const GUID none{};
        reinterpret_cast<Callback>(provider.callback)(&none, provider.enabled ? 1 : 0, provider.level,
                                                      provider.match_any_keyword, provider.match_all_keyword, nullptr,
                                                      provider.callback_context);
    }
}

} // namespace openportcls::executive
