// One opened filter: what a client's filter handle stands for.
#pragma once

#include <vector>

#include <portcls.h>

#include "ks/open_object.h"

namespace openportcls::portcls {

class Pin;
class Port;

class Filter final : public ks::OpenObject {
public:
    Filter(Port& port, FILE_OBJECT& file);
    ~Filter() override;

    Port& port() const { return port_; }
    FILE_OBJECT& file() const { return file_; }

    // The subdevice was unregistered: this filter and its pins answer STATUS_DEVICE_REMOVED for ever, even when the
    // adapter registers the same port again. New handles see the new subdevice.
    void subdevice_gone() { is_subdevice_gone_ = true; }
    // What keeps a request from being served (Port::begin_request).
    inline NTSTATUS begin_request();      // begin_request.h
    inline NTSTATUS availability() const; // DeviceContext::availability

    // Open instances of one pin factory on this filter instance (R-PIN-01).
    ULONG pin_instances(ULONG pin) const { return pin_instances_[pin]; }

    // Pins keep their filter alive (R-PIN-06).
    void reference() { ++references_; }
    void release();

    NTSTATUS create_child(IRP& irp, const GUID& kind, const void* parameters, ULONG parameters_bytes) override;
    NTSTATUS property(IRP& irp) override;
    NTSTATUS enable_event(IRP& irp) override;
    NTSTATUS disable_event(IRP& irp) override;
    void cleanup(FILE_OBJECT& file) override;
    void close(FILE_OBJECT& file) override;

private:
    friend class Pin;

    Port& port_;
    FILE_OBJECT& file_;
    ULONG references_ = 1;
    bool is_subdevice_gone_ = false;
    std::vector<ULONG> pin_instances_;
};

} // namespace openportcls::portcls
