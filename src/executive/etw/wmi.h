// WMI on both sides: drivers register blocks of data and events; kernel code opens a block and asks all that have it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ntddk.h>
#include <wmistr.h>

namespace openportcls::executive {

// Parts of a WNODE begin on 8 bytes.
constexpr ULONG wnode_aligned(ULONG bytes) {
    return (bytes + 7) & ~ULONG{7};
}

struct WmiBlock {
    GUID id{};
    ULONG flags = 0;
    std::vector<std::u16string> names; // of the instances; none: the driver makes them up as it goes
    bool has_static_names() const { return (flags & static_name_flags) != 0; }

    static constexpr ULONG static_name_flags =
        WMIREG_FLAG_INSTANCE_LIST | WMIREG_FLAG_INSTANCE_BASENAME | WMIREG_FLAG_INSTANCE_PDO;
};

struct WmiProvider {
    DEVICE_OBJECT* device = nullptr;
    ULONG id = 0;
    std::vector<WmiBlock> blocks;

    const WmiBlock* find(const GUID& block) const;
};

// What IoWMIOpenBlock gives: plain data in pool.
struct WmiDataBlock {
    GUID id{};
    ACCESS_MASK access = 0;
    WMI_NOTIFICATION_CALLBACK callback = nullptr;
    void* context = nullptr;
};

class Wmi {
public:
    Wmi() = default;
    ~Wmi();
    Wmi(const Wmi&) = delete;
    Wmi& operator=(const Wmi&) = delete;

    // ---- providers ------------------------------------------------------------------------------------------
    // The driver is asked for its blocks by a system thread soon, or by whoever wants to know them earlier.
    void add(DEVICE_OBJECT* device);
    bool remove(DEVICE_OBJECT* device);
    // False: not registered. `update`: what the driver says is added to what is known.
    bool ask_again(DEVICE_OBJECT* device, bool update);
    const WmiProvider* find(const DEVICE_OBJECT* device) const;
    ULONG id_of(const DEVICE_OBJECT* device);

    // ---- consumers ------------------------------------------------------------------------------------------
    // Providers that have the block, in order of registration: their numbers. PASSIVE_LEVEL: asks whom nobody asked.
    std::vector<ULONG> providers_of(const GUID& block);
    const WmiProvider* find(ULONG id) const;
    // IRP_MJ_SYSTEM_CONTROL to the stack of the provider. STATUS_WMI_GUID_NOT_FOUND: it is gone.
    NTSTATUS send(ULONG provider, UCHAR function, const void* path, void* buffer, ULONG bytes,
                  ULONG_PTR* information = nullptr);

    void open(WmiDataBlock& block); // tells the providers when it is the first that wants to be notified, or to read
    void close(WmiDataBlock& block);

    // Up to DISPATCH_LEVEL. Takes the node, which comes from pool: a system thread calls back who waits for its GUID.
    void deliver(WNODE_HEADER* node);

private:
    struct Question {
        DEVICE_OBJECT* device;
        WMIACTIONCODE action;
    };

    static VOID NTAPI work(PVOID context);
    void queue_work();
    void ask_pending();
    void ask(const Question& question);
    void take_answer(WmiProvider& provider, const std::vector<UCHAR>& answer, bool releases_devices);
    void call_back(const WNODE_HEADER& node);
    void control(const GUID& block, UCHAR function);
    std::size_t consumers_of(const GUID& block, ACCESS_MASK access) const;

    std::vector<WmiProvider> providers_;
    std::vector<std::pair<const DEVICE_OBJECT*, ULONG>> ids_; // given out, also for devices that do not provide
    std::vector<Question> questions_;
    std::vector<WmiDataBlock*> open_;
    std::vector<WNODE_HEADER*> events_;
    WORK_QUEUE_ITEM work_item_{};
    bool work_is_queued_ = false;
    ULONG last_id_ = 0;
};

} // namespace openportcls::executive
