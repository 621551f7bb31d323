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
        // EventCategoryTargetDeviceChange. The file may be gone: the registration holds no reference on it
        // ("nf-wdm-ioregisterplugplaynotification").
        FILE_OBJECT* file;
        std::uint64_t target;  // the physical device object that the file was on, by its serial number
        DRIVER_OBJECT* driver; // null for what the system registered
        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback;
        void* context;
        std::uint64_t serial;
        bool removed;
    };

    // Each holds a reference on its driver object ("nf-wdm-ioregisterplugplaynotification").
    Entry* add(const Entry& entry);
    bool remove(void* handle);
    std::size_t count_of(const DRIVER_OBJECT* driver) const;
    // What a driver has left registered when its code goes.
    void remove_all_of(const DRIVER_OBJECT* driver);

    // GUID_DEVICE_INTERFACE_ARRIVAL or _REMOVAL to everybody who listens to the class. PASSIVE_LEVEL.
    void interface_changed(const GUID& interface_class, std::u16string_view symbolic_link, bool enabled);
    // GUID_TARGET_DEVICE_QUERY_REMOVE and its like to those who registered a file on this device. The first failure
    // ends a query-remove and is returned.
    NTSTATUS target_changed(DEVICE_OBJECT* physical_device, const GUID& event);
    NTSTATUS target_custom(DEVICE_OBJECT* physical_device, TARGET_DEVICE_CUSTOM_NOTIFICATION* notification);

    // Of the physical device object.
    static std::uint64_t target_of(const DEVICE_OBJECT* physical_device);

private:
    static bool listens_to(const Entry& entry, std::uint64_t target);
    static void end(Entry& entry);
    void sweep();

    std::vector<std::unique_ptr<Entry>> entries_;
    std::uint64_t last_serial_ = 0;
    unsigned walking_ = 0;
};

} // namespace openportcls::executive
