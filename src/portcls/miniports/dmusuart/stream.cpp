#include "portcls/miniports/dmusuart/stream.h"

#include <cstring>

#include "executive/irql_check.h"
#include "portcls/helpers/spin_lock.h"

namespace openportcls::portcls {

namespace {

constexpr LONGLONG cable_interval = 10'000; // 1 ms: three bytes on the cable

const BYTE* data_of(const DMUS_KERNEL_EVENT& event) {
    return SHORT_EVT(&event) ? event.uData.abData : event.uData.pbData;
}

} // namespace

class DmusUartStream::Sink final : public ComObject<Sink, IServiceSink> {
public:
    explicit Sink(DmusUartStream& stream) : stream_(stream) {}
    void* find_interface(const GUID& id) { return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr; }
    void NTAPI RequestService() override {
        Locked locked(stream_.lock_);
        stream_.consume();
    }

private:
    DmusUartStream& stream_;
};

DmusUartStream::DmusUartStream(IUnknown* owner, UartDevice& device, bool& is_open, bool capture,
                               IAllocatorMXF* allocator)
    : owner_(ComPointer<IUnknown>::share(owner)), device_(device), is_open_(is_open), is_capture_(capture),
      allocator_(ComPointer<IAllocatorMXF>::share(allocator)) {
    is_open_ = true;
}

NTSTATUS DmusUartStream::create(IUnknown* owner, UartDevice& device, bool& is_open, bool capture,
                                IAllocatorMXF* allocator, IServiceGroup* group, DmusUartStream** result) {
    auto stream = ComPointer<DmusUartStream>::adopt(new DmusUartStream(owner, device, is_open, capture, allocator));
    if (!stream) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const NTSTATUS status = stream->prepare(group);
    *result = NT_SUCCESS(status) ? stream.detach() : nullptr;
    return status;
}

NTSTATUS DmusUartStream::prepare(IServiceGroup* group) {
    if (is_capture_) {
        group_ = ComPointer<IServiceGroup>::share(group);
        return STATUS_SUCCESS;
    }
    const NTSTATUS status = PcNewServiceGroup(group_.receive(), nullptr);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    sink_ = ComPointer<Sink>::adopt(new Sink(*this));
    if (!sink_) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    group_->SupportDelayedService();
    return group_->AddMember(sink_.get());
}

DmusUartStream::~DmusUartStream() {
    if (is_capture_) {
        device_.set_listening(false);
    } else if (sink_) {
        group_->CancelDelayedService();
        group_->RemoveMember(sink_.get());
    }
    discard();
    is_open_ = false;
}

NTSTATUS NTAPI DmusUartStream::SetState(KSSTATE state) {
    OPC_REQUIRE_PASSIVE();
    if (is_capture_) {
        device_.set_listening(state >= KSSTATE_PAUSE);
    }
    if (state == KSSTATE_STOP) {
        discard();
    }
    Locked locked(lock_);
    state_ = state;
    consume();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DmusUartStream::ConnectOutput(PMXF sink) {
    OPC_REQUIRE_PASSIVE();
    output_ = ComPointer<IMXF>::share(sink);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DmusUartStream::DisconnectOutput(PMXF) {
    OPC_REQUIRE_PASSIVE();
    output_.reset();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DmusUartStream::PutMessage(PDMUS_KERNEL_EVENT event) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (is_capture_) {
        source();
        return STATUS_SUCCESS;
    }
    if (event == nullptr) {
        return STATUS_SUCCESS;
    }
    if (state_ == KSSTATE_STOP) {
        return allocator_->PutMessage(event);
    }
    Locked locked(lock_);
    (first_ == nullptr ? first_ : last_->pNextEvt) = event;
    last_ = event;
    while (last_->pNextEvt != nullptr) {
        last_ = last_->pNextEvt;
    }
    consume();
    return STATUS_SUCCESS;
}

// ---- render ---------------------------------------------------------------------------------------------------------

void DmusUartStream::drop_first() {
    DMUS_KERNEL_EVENT* const event = first_;
    first_ = event->pNextEvt;
    written_ = 0;
    event->pNextEvt = nullptr;
    allocator_->PutMessage(event);
}

void DmusUartStream::discard() {
    Locked locked(lock_);
    while (first_ != nullptr) {
        drop_first();
    }
}

void DmusUartStream::consume() {
    while (first_ != nullptr && state_ == KSSTATE_RUN) {
        if (PACKAGE_EVT(first_)) { // the events inside come next
            DMUS_KERNEL_EVENT* const inner = first_->uData.pPackageEvt;
            if (inner != nullptr) {
                DMUS_KERNEL_EVENT* end = inner;
                while (end->pNextEvt != nullptr) {
                    end = end->pNextEvt;
                }
                end->pNextEvt = first_->pNextEvt;
                last_ = first_ == last_ ? end : last_;
                first_->pNextEvt = inner;
                first_->uData.pPackageEvt = nullptr;
            }
            drop_first();
            continue;
        }
        const ULONG left = first_->cbEvent - written_;
        written_ += device_.write(data_of(*first_) + written_, left);
        if (written_ < first_->cbEvent) {
            group_->RequestDelayedService(static_cast<ULONGLONG>(-cable_interval));
            return;
        }
        drop_first();
    }
}

// ---- capture --------------------------------------------------------------------------------------------------------

// R-DMUS-09, R-DMUS-12: raw bytes, each run with the time of its interrupt.
void DmusUartStream::source() {
    BYTE bytes[sizeof(PBYTE)];
    LONGLONG time = 0;
    while (const ULONG count = device_.read(bytes, sizeof bytes, &time)) {
        DMUS_KERNEL_EVENT* event = nullptr;
        if (state_ < KSSTATE_PAUSE || !NT_SUCCESS(allocator_->GetMessage(&event))) {
            continue; // R-DMUS-11; or the pool is empty, which the port knows
        }
        event->cbEvent = static_cast<USHORT>(count);
        event->usChannelGroup = 1;
        event->usFlags = DMUS_KEF_EVENT_INCOMPLETE;
        event->ullPresTime100ns = time;
        event->ullBytePosition = kBytePositionNone;
        std::memcpy(event->uData.abData, bytes, count);
        IMXF* const output = output_ ? output_.get() : allocator_.get();
        output->PutMessage(event);
    }
}

} // namespace openportcls::portcls
