// IServiceGroup: one DPC that services any number of sinks.
#pragma once

#include <cstdint>

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class ServiceGroup final : public ComObject<ServiceGroup, IServiceGroup> {
public:
    static NTSTATUS create(IServiceGroup** result);
    ~ServiceGroup();

    void* find_interface(const GUID& id);

    void NTAPI RequestService() override;
    NTSTATUS NTAPI AddMember(PSERVICESINK sink) override;
    void NTAPI RemoveMember(PSERVICESINK sink) override;
    void NTAPI SupportDelayedService() override;
    void NTAPI RequestDelayedService(ULONGLONG delay) override;
    void NTAPI CancelDelayedService() override;

private:
    struct Member {
        LIST_ENTRY link;
        IServiceSink* sink;
    };

    ServiceGroup();
    static void NTAPI service(PKDPC dpc, PVOID context, PVOID, PVOID);
    Member* first_member();
    Member* next_member();
    Member* take_member();

    LIST_ENTRY members_;
    LIST_ENTRY* cursor_ = nullptr; // the next member of the pass in progress; removal moves it on
    bool again_ = false;           // the DPC was called once more meanwhile
    KSPIN_LOCK lock_ = 0;
    KDPC dpc_;
    KTIMER timer_;
    bool timer_ready_ = false;
    std::uint32_t serial_;
};

} // namespace openportcls::portcls
