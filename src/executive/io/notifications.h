// Plug and Play notifications that drivers asked for (IoRegisterPlugPlayNotification).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <wdm.h>

namespace openportcls::executive {

class NotificationTable {
public:
    struct Entry {
        IO_NOTIFICATION_EVENT_CATEGORY category;
        GUID interface_class;
        FILE_OBJECT* file; // EventCategoryTargetDeviceChange
        DRIVER_OBJECT* driver;
        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback;
        void* context;
        std::uint64_t serial;
        bool removed;
    };

    Entry* add(const Entry& entry);
    bool remove(void* handle);
    std::size_t count() const { return entries_.size(); }

    // GUID_DEVICE_INTERFACE_ARRIVAL or _REMOVAL to everybody who listens to the class. PASSIVE_LEVEL.
    void interface_changed(const GUID& interface_class, std::u16string_view symbolic_link, bool enabled);
    // GUID_TARGET_DEVICE_QUERY_REMOVE and its like to those who registered a file on this device. The first failure
    // ends a query-remove and is returned.
    NTSTATUS target_changed(DEVICE_OBJECT* physical_device, const GUID& event);
    NTSTATUS target_custom(DEVICE_OBJECT* physical_device, TARGET_DEVICE_CUSTOM_NOTIFICATION* notification);

private:
    void sweep();

    std::vector<std::unique_ptr<Entry>> entries_;
    std::uint64_t last_serial_ = 0;
    unsigned walking_ = 0;
};

} // namespace openportcls::executive
