// R-PROP: what the tests of automation tables and property dispatch share.
#pragma once

#include "core_fixture.h"

namespace conformance {

inline const GUID audio_set = KSPROPSETID_Audio;

class R_PROP : public CoreTest {
protected:
    static KSPROPERTY custom(ULONG id, ULONG verb = KSPROPERTY_TYPE_GET) { return request(custom_set, id, verb); }
    const Call& last() const { return script_.calls.back(); }

    // A thread that stays in a handler, under the device lock, for 2 ms.
    struct Blocker {
        FILE_OBJECT* file;
        bool done = false;
        static void run(void* context) {
            auto& self = *static_cast<Blocker*>(context);
            const KSPROPERTY in = custom(custom_locked);
            ULONG value = 0;
            ULONG_PTR information = 0;
            executive::device_control(self.file, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value, &information,
                                      KernelMode);
            self.done = true;
        }
    };
};

} // namespace conformance
