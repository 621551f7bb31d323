// Devices whose drivers want IRP_MJ_SHUTDOWN.
#pragma once

#include <vector>

#include <wdm.h>

namespace openportcls::executive {

class ShutdownList {
public:
    void add(DEVICE_OBJECT* device, bool last_chance);
    void remove(DEVICE_OBJECT* device);
    // IRP_MJ_SHUTDOWN to everybody, last registered first. PASSIVE_LEVEL.
    void notify();

private:
    std::vector<DEVICE_OBJECT*> first_;
    std::vector<DEVICE_OBJECT*> last_chance_;
};

} // namespace openportcls::executive
