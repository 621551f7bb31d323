// A driver whose filter descriptor and automation tables are of any shape: strides, counts, arrays that are not there,
// handlers that are none or answer nonsense. What PortCls does not refuse has to be answered to every client.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "executive/io/io_manager.h"
#include "executive/kernel.h"
#include "ioctl/input.h"
#include "ioctl/vocabulary.h"
#include "machine/machine.h"
#include "pnp/pnp_manager.h"
#include "portcls/helpers/com_object.h"

namespace openportcls::fuzz {
namespace {

// ---- the descriptor -------------------------------------------------------------------------------------------------

constexpr ULONG most_tabled = 6; // items of one array that is really there
constexpr ULONG largest_stride = 0x10000;

// Arrays of exactly the bytes that count and stride promise, so that AddressSanitizer sees a step beside them.
class Arena {
public:
    void* bytes(std::size_t count) {
        blocks_.push_back(std::make_unique<char[]>(count));
        std::memset(blocks_.back().get(), 0, count);
        return blocks_.back().get();
    }
    template<class T>
    T* make() {
        return static_cast<T*>(bytes(sizeof(T)));
    }

private:
    std::vector<std::unique_ptr<char[]>> blocks_;
};

std::uint8_t handler_answers = 0;

// Statuses of all kinds, sizes of all kinds; it keeps to the memory that it was given.
NTSTATUS NTAPI property_handler(PCPROPERTY_REQUEST* request) {
    constexpr NTSTATUS statuses[] = {STATUS_SUCCESS,      STATUS_BUFFER_OVERFLOW,   STATUS_BUFFER_TOO_SMALL,
                                     STATUS_NOT_FOUND,    STATUS_INVALID_PARAMETER, STATUS_NOT_IMPLEMENTED,
                                     STATUS_MORE_ENTRIES, STATUS_UNSUCCESSFUL};
    if (request->Value != nullptr && request->ValueSize != 0) {
        std::memset(request->Value, handler_answers, request->ValueSize);
    }
    constexpr ULONG sizes[] = {0, 1, 4, 72, 4096, 0x7FFFFFFF, 0xFFFFFFFF};
    if ((handler_answers & 8) != 0) {
        request->ValueSize = sizes[(handler_answers >> 4) % std::size(sizes)];
    }
    return statuses[handler_answers % std::size(statuses)];
}

NTSTATUS NTAPI event_handler(PCEVENT_REQUEST*) {
    return (handler_answers & 1) != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

struct Shape {
    ULONG count = 0;
    ULONG stride = 0;
    void* array = nullptr;
    bool is_there = false; // items may be written
};

Shape shape(Input& input, Arena& arena, ULONG item_bytes) {
    Shape result;
    const std::uint8_t kind = input.byte();
    result.count = input.byte() % (most_tabled + 1);
    constexpr int strides[] = {0, 8, 16, 4, -4, -8, 1, 64};
    result.stride = item_bytes + static_cast<ULONG>(strides[kind % std::size(strides)]);
    if ((kind & 0x08) != 0) {
        result.stride = input.dword();
    }
    result.is_there = result.count != 0 && result.stride >= item_bytes && result.stride <= largest_stride;
    if (result.is_there) {
        result.array = arena.bytes(std::size_t{result.count} * result.stride);
    } else if ((kind & 0x10) != 0) {
        result.array = arena.bytes(1);
    }
    if ((kind & 0xE0) == 0xE0) { // promises more than there is: only a count that no driver has may be told from it
        result.count = input.dword() | 0x10000;
        result.is_there = false;
    } else if ((kind & 0xE0) == 0xC0) {
        result.array = nullptr;
        result.is_there = false;
    }
    return result;
}

// Strides may leave items where no object of their type can be: their bytes are copied there.
template<class T>
void place(const Shape& shape, ULONG index, const T& item) {
    std::memcpy(static_cast<char*>(shape.array) + std::size_t{index} * shape.stride, &item, sizeof(item));
}

const GUID* any_set(Input& input, bool of_events) {
    const std::uint8_t which = input.byte();
    if (which == 0xFF) {
        return nullptr;
    }
    return of_events ? &event_sets[which % std::size(event_sets)] : &property_sets[which % std::size(property_sets)];
}

PCAUTOMATION_TABLE* automation(Input& input, Arena& arena) {
    const std::uint8_t kind = input.byte();
    if ((kind & 3) == 0) {
        return nullptr;
    }
    auto* const table = arena.make<PCAUTOMATION_TABLE>();
    table->Reserved = kind == 0xFF ? 1 : 0;
    const Shape properties = shape(input, arena, sizeof(PCPROPERTY_ITEM));
    table->PropertyItemSize = properties.stride;
    table->PropertyCount = properties.count;
    table->Properties = static_cast<PCPROPERTY_ITEM*>(properties.array);
    for (ULONG i = 0; properties.is_there && i < properties.count; ++i) {
        PCPROPERTY_ITEM property{};
        property.Set = any_set(input, false);
        property.Id = input.byte() % 64;
        property.Flags = input.word();
        property.Handler = (input.byte() & 1) != 0 ? property_handler : nullptr;
        place(properties, i, property);
    }
    const Shape events = shape(input, arena, sizeof(PCEVENT_ITEM));
    table->EventItemSize = events.stride;
    table->EventCount = events.count;
    table->Events = static_cast<PCEVENT_ITEM*>(events.array);
    for (ULONG i = 0; events.is_there && i < events.count; ++i) {
        PCEVENT_ITEM event{};
        event.Set = any_set(input, true);
        event.Id = input.byte() % 8;
        event.Flags = input.word();
        event.Handler = (input.byte() & 1) != 0 ? event_handler : nullptr;
        place(events, i, event);
    }
    const Shape methods = shape(input, arena, sizeof(PCMETHOD_ITEM));
    table->MethodItemSize = methods.stride;
    table->MethodCount = methods.count;
    table->Methods = static_cast<PCMETHOD_ITEM*>(methods.array);
    for (ULONG i = 0; methods.is_there && i < methods.count; ++i) {
        PCMETHOD_ITEM method{};
        method.Set = any_set(input, false);
        place(methods, i, method);
    }
    return table;
}

const GUID* any_guid(Input& input) {
    static const GUID guids[] = {KSCATEGORY_AUDIO, KSNODETYPE_VOLUME, KSNODETYPE_SUM, KSNODETYPE_MUX, GUID{}};
    const std::uint8_t which = input.byte();
    return which == 0xFF ? nullptr : &guids[which % std::size(guids)];
}

void ranges(Input& input, Arena& arena, KSPIN_DESCRIPTOR& pin) {
    const std::uint8_t kind = input.byte();
    pin.DataRangesCount = kind % 4;
    if ((kind & 0x80) != 0) {
        pin.DataRangesCount = (kind & 0x40) != 0 ? input.dword() | 0x10000 : pin.DataRangesCount;
        return; // without an array
    }
    auto** const array = static_cast<PKSDATARANGE*>(arena.bytes(pin.DataRangesCount * sizeof(PKSDATARANGE)));
    pin.DataRanges = array;
    for (ULONG i = 0; i < pin.DataRangesCount; ++i) {
        const std::uint8_t each = input.byte();
        if (each == 0xFF) {
            continue;
        }
        const ULONG extra = each % 64;
        auto* const range = static_cast<KSDATARANGE*>(arena.bytes(sizeof(KSDATARANGE) + extra));
        range->FormatSize = (each & 0x80) != 0 ? each % 64 : static_cast<ULONG>(sizeof(KSDATARANGE) + extra);
        range->Flags = (each & 0x40) != 0 ? KSDATARANGE_ATTRIBUTES : 0;
        range->MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        range->SubFormat = (each & 1) != 0 ? KSDATAFORMAT_SUBTYPE_PCM : KSDATAFORMAT_SUBTYPE_ANALOG;
        range->Specifier = (each & 1) != 0 ? KSDATAFORMAT_SPECIFIER_WAVEFORMATEX : KSDATAFORMAT_SPECIFIER_NONE;
        array[i] = range;
        if (range->Flags != 0 && i + 1 < pin.DataRangesCount && (input.byte() & 1) != 0) {
            auto* const list = arena.make<KSATTRIBUTE_LIST>();
            list->Count = input.byte() % 3;
            array[++i] = reinterpret_cast<PKSDATARANGE>(list);
        }
    }
}

PCFILTER_DESCRIPTOR* filter_descriptor(Input& input, Arena& arena) {
    auto* const filter = arena.make<PCFILTER_DESCRIPTOR>();
    filter->Version = input.byte() == 0xFF ? 1 : 0;
    filter->AutomationTable = automation(input, arena);
    const Shape pins = shape(input, arena, sizeof(PCPIN_DESCRIPTOR));
    filter->PinSize = pins.stride;
    filter->PinCount = pins.count;
    filter->Pins = static_cast<PCPIN_DESCRIPTOR*>(pins.array);
    for (ULONG i = 0; pins.is_there && i < pins.count; ++i) {
        PCPIN_DESCRIPTOR pin{};
        pin.MaxGlobalInstanceCount = input.byte();
        pin.MaxFilterInstanceCount = input.byte();
        pin.AutomationTable = automation(input, arena);
        ranges(input, arena, pin.KsPinDescriptor);
        pin.KsPinDescriptor.DataFlow = static_cast<KSPIN_DATAFLOW>(input.byte() % 4);
        pin.KsPinDescriptor.Communication = static_cast<KSPIN_COMMUNICATION>(input.byte() % 6);
        pin.KsPinDescriptor.Category = any_guid(input);
        pin.KsPinDescriptor.Name = any_guid(input);
        place(pins, i, pin);
    }
    const Shape nodes = shape(input, arena, sizeof(PCNODE_DESCRIPTOR));
    filter->NodeSize = nodes.stride;
    filter->NodeCount = nodes.count;
    filter->Nodes = static_cast<PCNODE_DESCRIPTOR*>(nodes.array);
    for (ULONG i = 0; nodes.is_there && i < nodes.count; ++i) {
        PCNODE_DESCRIPTOR node{};
        node.Flags = input.byte() == 0xFF ? 1 : 0;
        node.AutomationTable = automation(input, arena);
        node.Type = any_guid(input);
        node.Name = any_guid(input);
        place(nodes, i, node);
    }
    const Shape connections = shape(input, arena, sizeof(PCCONNECTION_DESCRIPTOR));
    filter->ConnectionCount = connections.stride == sizeof(PCCONNECTION_DESCRIPTOR) ? connections.count : 0;
    filter->Connections = static_cast<PCCONNECTION_DESCRIPTOR*>(connections.array);
    for (ULONG i = 0; filter->ConnectionCount != 0 && connections.is_there && i < connections.count; ++i) {
        PCCONNECTION_DESCRIPTOR connection{};
        input.fill(&connection, sizeof(connection));
        place(connections, i, connection);
    }
    filter->ConnectionCount = connections.is_there || connections.array == nullptr || connections.count > 0xFFFF
                                  ? filter->ConnectionCount
                                  : 0;
    static const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_TOPOLOGY};
    filter->CategoryCount = input.byte() % 3;
    filter->Categories = input.byte() == 0xFF ? nullptr : categories;
    return filter;
}

// ---- the driver -----------------------------------------------------------------------------------------------------

PCFILTER_DESCRIPTOR* descriptor_in_force = nullptr;
bool is_wave = false;

template<class Derived, class Interface>
class Miniport : public portcls::ComObject<Derived, Interface> {
public:
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = descriptor_in_force;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
};

class TopologyMiniport final : public Miniport<TopologyMiniport, IMiniportTopology> {
public:
    void* find_interface(const GUID& id) {
        return id == IID_IMiniportTopology ? static_cast<IMiniportTopology*>(this) : nullptr;
    }
    NTSTATUS NTAPI Init(PUNKNOWN, PRESOURCELIST, PPORTTOPOLOGY) override { return STATUS_SUCCESS; }
};

class CyclicMiniport final : public Miniport<CyclicMiniport, IMiniportWaveCyclic> {
public:
    void* find_interface(const GUID& id) {
        return id == IID_IMiniportWaveCyclic ? static_cast<IMiniportWaveCyclic*>(this) : nullptr;
    }
    NTSTATUS NTAPI Init(PUNKNOWN, PRESOURCELIST, PPORTWAVECYCLIC) override { return STATUS_SUCCESS; }
    NTSTATUS NTAPI NewStream(PMINIPORTWAVECYCLICSTREAM*, PUNKNOWN, POOL_TYPE, ULONG, BOOLEAN, PKSDATAFORMAT,
                             PDMACHANNEL*, PSERVICEGROUP*) override {
        return STATUS_NOT_SUPPORTED;
    }
};

NTSTATUS NTAPI start_device(DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
    IPort* port = nullptr;
    NTSTATUS status = PcNewPort(&port, is_wave ? CLSID_PortWaveCyclic : CLSID_PortTopology);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    IUnknown* const miniport = is_wave ? static_cast<IUnknown*>(static_cast<IMiniportWaveCyclic*>(new CyclicMiniport))
                                       : static_cast<IMiniportTopology*>(new TopologyMiniport);
    status = port->Init(device, irp, miniport, nullptr, resources);
    miniport->Release();
    if (NT_SUCCESS(status)) {
        status = PcRegisterSubdevice(device, const_cast<PWSTR>(u"Subject"), port);
    }
    port->Release();
    return status;
}

NTSTATUS NTAPI add_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device) {
    return PcAddAdapterDevice(driver, physical_device, start_device, 1, 0);
}

NTSTATUS NTAPI driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    return PcInitializeAdapterDriver(driver, registry_path, add_device);
}

// ---- the client -----------------------------------------------------------------------------------------------------

struct NodeRequest {
    KSPROPERTY property;
    ULONG node;
    ULONG reserved;
    ULONG channel;
    ULONG more;
};

void ask(FILE_OBJECT* file, Input& input) {
    constexpr ULONG verbs[] = {KSPROPERTY_TYPE_GET, KSPROPERTY_TYPE_SET, KSPROPERTY_TYPE_BASICSUPPORT,
                               KSPROPERTY_TYPE_SETSUPPORT};
    constexpr ULONG room[] = {0, 4, 40, 4096};
    static char value[4096];
    handler_answers = input.byte();
    NodeRequest request{};
    request.property.Set = property_sets[input.byte() % std::size(property_sets)];
    request.property.Id = input.byte() % 64;
    const std::uint8_t how = input.byte();
    request.property.Flags = verbs[how % std::size(verbs)] | ((how & 4) != 0 ? KSPROPERTY_TYPE_TOPOLOGY : 0);
    request.node = input.byte() % (most_tabled + 2); // or pin
    ULONG_PTR information = 0;
    const ULONG value_bytes = room[(how >> 3) % std::size(room)];
    executive::device_control(file, IOCTL_KS_PROPERTY, &request,
                              (how & 0x80) != 0 ? sizeof(KSPROPERTY) : sizeof request, value, value_bytes,
                              &information);
    if (information > value_bytes && value_bytes != 0) {
        std::fprintf(stderr, "%zu bytes are said to be in a buffer of %u\n", static_cast<std::size_t>(information),
                     static_cast<unsigned>(value_bytes));
        std::abort();
    }
}

// Everything by every id: what lists, names and describes.
void look_around(FILE_OBJECT* file) {
    static char value[4096];
    for (const GUID& set : {GUID(KSPROPSETID_Pin), GUID(KSPROPSETID_Topology), GUID(KSPROPSETID_General)}) {
        for (ULONG id = 0; id < 20; ++id) {
            for (ULONG which = 0; which < most_tabled + 1; ++which) {
                for (const ULONG room : {0U, 4096U}) {
                    NodeRequest request{};
                    request.property = {{{set, id, KSPROPERTY_TYPE_GET}}};
                    request.node = which;
                    ULONG_PTR information = 0;
                    executive::device_control(file, IOCTL_KS_PROPERTY, &request, sizeof request, value, room,
                                              &information);
                }
            }
        }
    }
}

void listen(FILE_OBJECT* file, Input& input) {
    struct {
        KSEVENT event;
        ULONG node;
        ULONG reserved;
    } request{};
    handler_answers = input.byte();
    request.event.Set = event_sets[input.byte() % std::size(event_sets)];
    request.event.Id = input.byte() % 8;
    const std::uint8_t how = input.byte();
    constexpr ULONG flags[] = {KSEVENT_TYPE_ENABLE, KSEVENT_TYPE_ONESHOT, KSEVENT_TYPE_BASICSUPPORT,
                               KSEVENT_TYPE_SETSUPPORT};
    request.event.Flags = flags[how % std::size(flags)] | ((how & 4) != 0 ? KSEVENT_TYPE_TOPOLOGY : 0);
    request.node = input.byte() % (most_tabled + 2);
    HANDLE handle = nullptr;
    ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
    KSEVENTDATA data{};
    data.NotificationType = KSEVENTF_EVENT_HANDLE;
    data.EventHandle.Event = handle;
    ULONG_PTR information = 0;
    if (NT_SUCCESS(executive::device_control(file, IOCTL_KS_ENABLE_EVENT, &request, sizeof request, &data, sizeof data,
                                             &information))) {
        executive::device_control(file, IOCTL_KS_DISABLE_EVENT, &data, sizeof data, nullptr, 0, &information);
    }
    ZwClose(handle);
}

void use(Input& input) {
    const auto interfaces = executive::Kernel::current().interfaces.enumerate(nullptr, false);
    FILE_OBJECT* file = nullptr;
    if (interfaces.empty() || !NT_SUCCESS(executive::open_file(interfaces.front()->symbolic_link, nullptr, &file))) {
        return;
    }
    look_around(file);
    for (int i = 0; i < 32 && !input.is_empty(); ++i) {
        (input.byte() & 3) == 3 ? listen(file, input) : ask(file, input);
    }
    executive::close_file(file);
}

void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::abort();
}

void play(Input& input) {
    Arena arena;
    is_wave = (input.byte() & 1) != 0;
    descriptor_in_force = filter_descriptor(input, arena);
    machine::MachineConfig config;
    config.memory_bytes = 16 << 20;
    machine::Machine machine(config);
    executive::install(machine);
    auto& manager = machine.add_subsystem<pnp::PnpManager>();
    pnp::DriverOptions options;
    options.service_name = "automation";
    auto driver = manager.load_static_driver(driver_entry, options);
    if (!driver) {
        fail(driver.error().message);
    }
    if (manager.add_device(**driver)) {
        machine.enter([&] { use(input); });
    }
    if (const auto* report = machine.bugcheck_report()) {
        fail(report->to_text());
    }
    auto leaks = manager.unload(**driver);
    if (!leaks || !leaks->empty()) {
        fail(leaks ? leaks->to_text() : leaks.error().message);
    }
}

} // namespace
} // namespace openportcls::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    openportcls::fuzz::Input input({data, size});
    openportcls::fuzz::play(input);
    return 0;
}
