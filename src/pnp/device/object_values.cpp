#include "pnp/device/object_values.h"

namespace openportcls::pnp {

// "INF AddReg Directive", special value-entry-name keywords; "Specifying Exclusive Access to Device Objects".
void apply_to_physical_object(DEVICE_OBJECT& physical_device, const executive::RegistryKey& instance) {
    if (const auto type = instance.dword(u"DeviceType")) {
        physical_device.DeviceType = *type;
    }
    if (instance.dword(u"Exclusive") == 1U) {
        physical_device.Flags |= DO_EXCLUSIVE;
    }
}

void apply_characteristics(DEVICE_OBJECT& physical_device, const executive::RegistryKey& instance) {
    constexpr ULONG of_the_stack = FILE_REMOVABLE_MEDIA | FILE_READ_ONLY_DEVICE | FILE_FLOPPY_DISKETTE |
                                   FILE_WRITE_ONCE_MEDIA | FILE_DEVICE_SECURE_OPEN;
    ULONG characteristics = instance.dword(u"DeviceCharacteristics").value_or(0);
    for (const DEVICE_OBJECT* each = physical_device.AttachedDevice; each != nullptr; each = each->AttachedDevice) {
        characteristics |= each->Characteristics;
    }
    for (DEVICE_OBJECT* each = &physical_device; each != nullptr; each = each->AttachedDevice) {
        each->Characteristics |= characteristics & of_the_stack;
    }
}

} // namespace openportcls::pnp
