// What drivers provide, learnt from them with IRP_MN_REGINFO_EX (drivers of Windows 2000: IRP_MN_REGINFO), and the
// requests that go to them; who has their blocks open.
#include "executive/etw/wmi.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/unicode.h"
#include "executive/io/device_record.h"
#include "executive/io/io_manager.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {

namespace {

constexpr ULONG first_answer_room = 4096;
constexpr ULONG most_answer_room = 1 << 20;
constexpr ACCESS_MASK data_rights = WMIGUID_QUERY | WMIGUID_SET | WMIGUID_EXECUTE;

std::u16string with_number(const std::u16string& base, std::u16string_view separator, ULONG number) {
    const std::string digits = std::to_string(number);
    return base + std::u16string(separator) + std::u16string(digits.begin(), digits.end());
}

std::u16string device_path(DEVICE_OBJECT* device) {
    const DeviceRecord* record = find_device_record(device);
    return record != nullptr ? record->instance_path : std::u16string();
}

// A driver's answer: nothing in it is believed before it is checked.
class Answer {
public:
    explicit Answer(const std::vector<UCHAR>& bytes) : bytes_(bytes) {}

    template<class T>
    std::optional<T> read(std::size_t offset) const {
        if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset) {
            return std::nullopt;
        }
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof value);
        return value;
    }

    // A counted string; `offset` moves behind it.
    std::optional<std::u16string> text(std::size_t& offset) const {
        const auto length = read<USHORT>(offset);
        if (!length || *length > bytes_.size() - offset - sizeof(USHORT)) {
            return std::nullopt;
        }
        std::u16string result(*length / sizeof(char16_t), u'\0');
        std::memcpy(result.data(), bytes_.data() + offset + sizeof(USHORT), result.size() * sizeof(char16_t));
        offset += sizeof(USHORT) + *length;
        while (result.ends_with(u'\0')) {
            result.pop_back();
        }
        return result;
    }

private:
    const std::vector<UCHAR>& bytes_;
};

std::vector<std::u16string> names_of(const Answer& answer, std::size_t start, const WMIREGGUIDW& block,
                                     const std::u16string& path) {
    std::vector<std::u16string> names;
    const ULONG count = std::min<ULONG>(block.InstanceCount, most_answer_room / sizeof(USHORT));
    if ((block.Flags & WMIREG_FLAG_INSTANCE_PDO) != 0) {
        for (ULONG index = 0; index < count; ++index) {
            names.push_back(with_number(path, u"_", index));
        }
    } else if ((block.Flags & WMIREG_FLAG_INSTANCE_BASENAME) != 0) {
        std::size_t offset = start + block.BaseNameOffset;
        const auto base = answer.text(offset);
        for (ULONG index = 0; base && index < count; ++index) {
            names.push_back(with_number(*base, u"", index));
        }
    } else if ((block.Flags & WMIREG_FLAG_INSTANCE_LIST) != 0) {
        std::size_t offset = start + block.InstanceNameList;
        for (ULONG index = 0; index < count; ++index) {
            auto name = answer.text(offset);
            if (!name) {
                break;
            }
            names.push_back(std::move(*name));
        }
    }
    return names;
}

// A reference on the device while it has a request of ours.
class DeviceReference {
public:
    explicit DeviceReference(DEVICE_OBJECT* device)
        : device_(ObjectManager::current().reference(device) ? device : nullptr) {}
    ~DeviceReference() {
        if (device_ != nullptr) {
            ObjectManager::current().dereference(device_);
        }
    }
    DeviceReference(const DeviceReference&) = delete;
    DeviceReference& operator=(const DeviceReference&) = delete;
    bool is_held() const { return device_ != nullptr; }

private:
    DEVICE_OBJECT* device_;
};

NTSTATUS send_to(DEVICE_OBJECT* device, UCHAR function, const void* path, void* buffer, ULONG bytes,
                 ULONG_PTR* information) {
    const DeviceReference reference(device);
    if (!reference.is_held()) {
        return STATUS_WMI_GUID_NOT_FOUND;
    }
    DEVICE_OBJECT* top = top_of_stack(device);
    IRP* irp = build_request(top, IRP_MJ_SYSTEM_CONTROL, function);
    if (irp == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    auto& wmi = IoGetNextIrpStackLocation(irp)->Parameters.WMI;
    wmi.ProviderId = reinterpret_cast<ULONG_PTR>(device);
    wmi.DataPath = const_cast<void*>(path);
    wmi.BufferSize = bytes;
    wmi.Buffer = buffer;
    return call_synchronously(top, irp, information);
}

// What the driver answers to a registration request, with as much room as it wants.
NTSTATUS ask_for_blocks(DEVICE_OBJECT* device, UCHAR function, WMIACTIONCODE action, std::vector<UCHAR>* answer) {
    for (ULONG room = first_answer_room;;) {
        answer->assign(room, 0);
        ULONG_PTR information = 0;
        const NTSTATUS status = send_to(device, function, reinterpret_cast<const void*>(static_cast<ULONG_PTR>(action)),
                                        answer->data(), room, &information);
        ULONG needed = 0;
        std::memcpy(&needed, answer->data(), sizeof needed);
        if (status != STATUS_BUFFER_TOO_SMALL || needed <= room || needed > most_answer_room) {
            answer->resize(std::min<std::size_t>(answer->size(), NT_SUCCESS(status) ? information : 0));
            return status;
        }
        room = needed;
    }
}

} // namespace

const WmiBlock* WmiProvider::find(const GUID& block) const {
    const auto found =
        std::find_if(blocks.begin(), blocks.end(), [&](const WmiBlock& each) { return IsEqualGUID(each.id, block); });
    return found != blocks.end() ? &*found : nullptr;
}

Wmi::~Wmi() {
    if (Kernel* const kernel = machine::Machine::current().find_subsystem<Kernel>();
        work_is_queued_ && kernel != nullptr) {
        kernel->work.withdraw(work_item_, DelayedWorkQueue);
    }
}

void Wmi::add(DEVICE_OBJECT* device) {
    if (find(device) != nullptr) {
        return;
    }
    providers_.push_back({device, id_of(device), {}});
    questions_.push_back({device, WMIREGISTER});
    queue_work();
}

bool Wmi::remove(DEVICE_OBJECT* device) {
    std::erase_if(questions_, [&](const Question& each) { return each.device == device; });
    return std::erase_if(providers_, [&](const WmiProvider& each) { return each.device == device; }) != 0;
}

bool Wmi::ask_again(DEVICE_OBJECT* device, bool update) {
    if (find(device) == nullptr) {
        return false;
    }
    if (!update) {
        std::erase_if(questions_, [&](const Question& each) { return each.device == device; });
    }
    questions_.push_back({device, update ? WMIUPDATE : WMIREGISTER});
    queue_work();
    return true;
}

const WmiProvider* Wmi::find(const DEVICE_OBJECT* device) const {
    const auto found = std::find_if(providers_.begin(), providers_.end(),
                                    [&](const WmiProvider& each) { return each.device == device; });
    return found != providers_.end() ? &*found : nullptr;
}

const WmiProvider* Wmi::find(ULONG id) const {
    const auto found =
        std::find_if(providers_.begin(), providers_.end(), [&](const WmiProvider& each) { return each.id == id; });
    return found != providers_.end() ? &*found : nullptr;
}

ULONG Wmi::id_of(const DEVICE_OBJECT* device) {
    for (const auto& [known, id] : ids_) {
        if (known == device) {
            return id;
        }
    }
    ids_.emplace_back(device, ++last_id_);
    return last_id_;
}

void Wmi::queue_work() {
    if (work_is_queued_) {
        return;
    }
    work_is_queued_ = true;
    ExInitializeWorkItem(&work_item_, &Wmi::work, this);
    Kernel::current().work.queue(work_item_, DelayedWorkQueue);
}

VOID NTAPI Wmi::work(PVOID context) {
    auto& wmi = *static_cast<Wmi*>(context);
    wmi.work_is_queued_ = false;
    wmi.ask_pending();
    while (!wmi.events_.empty()) {
        WNODE_HEADER* node = wmi.events_.front();
        wmi.events_.erase(wmi.events_.begin());
        wmi.call_back(*node);
        ExFreePool(node);
    }
}

void Wmi::ask_pending() {
    while (!questions_.empty()) {
        const Question question = questions_.front();
        questions_.erase(questions_.begin());
        ask(question);
    }
}

void Wmi::ask(const Question& question) {
    std::vector<UCHAR> answer;
    NTSTATUS status = ask_for_blocks(question.device, IRP_MN_REGINFO_EX, question.action, &answer);
    const bool extended = NT_SUCCESS(status);
    if (!extended && status != STATUS_BUFFER_TOO_SMALL) {
        status = ask_for_blocks(question.device, IRP_MN_REGINFO, question.action, &answer);
    }
    // The driver may have deregistered meanwhile.
    const auto provider = std::find_if(providers_.begin(), providers_.end(),
                                       [&](const WmiProvider& each) { return each.device == question.device; });
    if (provider == providers_.end() || !NT_SUCCESS(status)) {
        return;
    }
    if (question.action == WMIREGISTER) {
        provider->blocks.clear();
    }
    take_answer(*provider, answer, extended);
}

void Wmi::take_answer(WmiProvider& provider, const std::vector<UCHAR>& bytes, bool releases_devices) {
    const Answer answer(bytes);
    for (std::size_t start = 0;;) {
        const auto count = answer.read<ULONG>(start + FIELD_OFFSET(WMIREGINFOW, GuidCount));
        for (ULONG index = 0; count && index < *count; ++index) {
            const auto block = answer.read<WMIREGGUIDW>(start + sizeof(WMIREGINFOW) + index * sizeof(WMIREGGUIDW));
            if (!block) {
                return;
            }
            auto* device =
                (block->Flags & WMIREG_FLAG_INSTANCE_PDO) != 0 ? reinterpret_cast<DEVICE_OBJECT*>(block->Pdo) : nullptr;
            const std::u16string path = device_path(device);
            if (device != nullptr && releases_devices) {
                ObDereferenceObject(device); // the driver took the reference for us
            }
            std::erase_if(provider.blocks, [&](const WmiBlock& each) { return IsEqualGUID(each.id, block->Guid); });
            if ((block->Flags & WMIREG_FLAG_REMOVE_GUID) == 0) {
                provider.blocks.push_back({block->Guid, block->Flags, names_of(answer, start, *block, path)});
            }
        }
        const auto next = answer.read<ULONG>(start + FIELD_OFFSET(WMIREGINFOW, NextWmiRegInfo));
        if (!next || *next == 0) {
            return;
        }
        start += *next;
    }
}

std::vector<ULONG> Wmi::providers_of(const GUID& block) {
    ask_pending();
    std::vector<ULONG> found;
    for (const WmiProvider& provider : providers_) {
        if (provider.find(block) != nullptr) {
            found.push_back(provider.id);
        }
    }
    return found;
}

NTSTATUS Wmi::send(ULONG provider, UCHAR function, const void* path, void* buffer, ULONG bytes,
                   ULONG_PTR* information) {
    const WmiProvider* found = find(provider);
    return found != nullptr ? send_to(found->device, function, path, buffer, bytes, information)
                            : STATUS_WMI_GUID_NOT_FOUND;
}

// ---- consumers ------------------------------------------------------------------------------------------------------

std::size_t Wmi::consumers_of(const GUID& block, ACCESS_MASK access) const {
    return static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), [&](const WmiDataBlock* each) {
        return IsEqualGUID(each->id, block) && (each->access & access) != 0;
    }));
}

// IRP_MN_ENABLE_EVENTS goes to every driver with the block, IRP_MN_ENABLE_COLLECTION to those it is expensive for.
void Wmi::control(const GUID& block, UCHAR function) {
    const bool collection = function == IRP_MN_ENABLE_COLLECTION || function == IRP_MN_DISABLE_COLLECTION;
    for (const ULONG id : providers_of(block)) {
        const WmiProvider* provider = find(id);
        const WmiBlock* known = provider != nullptr ? provider->find(block) : nullptr;
        if (known == nullptr || (collection && (known->flags & WMIREG_FLAG_EXPENSIVE) == 0)) {
            continue;
        }
        WNODE_HEADER header{};
        header.BufferSize = sizeof header;
        header.ProviderId = id;
        header.Guid = block;
        (void)send(id, function, &header.Guid, &header, sizeof header);
    }
}

void Wmi::open(WmiDataBlock& block) {
    const bool is_first = (block.access & data_rights) != 0 && consumers_of(block.id, data_rights) == 0;
    const bool is_first_listener =
        (block.access & WMIGUID_NOTIFICATION) != 0 && consumers_of(block.id, WMIGUID_NOTIFICATION) == 0;
    open_.push_back(&block);
    if (is_first) {
        control(block.id, IRP_MN_ENABLE_COLLECTION);
    }
    if (is_first_listener) {
        control(block.id, IRP_MN_ENABLE_EVENTS);
    }
}

void Wmi::close(WmiDataBlock& block) {
    std::erase(open_, &block);
    if ((block.access & WMIGUID_NOTIFICATION) != 0 && consumers_of(block.id, WMIGUID_NOTIFICATION) == 0) {
        control(block.id, IRP_MN_DISABLE_EVENTS);
    }
    if ((block.access & data_rights) != 0 && consumers_of(block.id, data_rights) == 0) {
        control(block.id, IRP_MN_DISABLE_COLLECTION);
    }
}

void Wmi::deliver(WNODE_HEADER* node) {
    const bool is_awaited = std::any_of(open_.begin(), open_.end(), [&](const WmiDataBlock* each) {
        return each->callback != nullptr && IsEqualGUID(each->id, node->Guid);
    });
    if (!is_awaited) {
        ExFreePool(node);
        return;
    }
    events_.push_back(node);
    queue_work();
}

void Wmi::call_back(const WNODE_HEADER& node) {
    // A callback may close its block, or another one.
    for (const WmiDataBlock* block : std::vector<WmiDataBlock*>(open_.begin(), open_.end())) {
        const bool is_open = std::find(open_.begin(), open_.end(), block) != open_.end();
        if (is_open && block->callback != nullptr && IsEqualGUID(block->id, node.Guid)) {
            block->callback(const_cast<WNODE_HEADER*>(&node), block->context);
        }
    }
}

} // namespace openportcls::executive
