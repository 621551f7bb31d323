#include "ring.h"

namespace {

void Reverse(PUCHAR First, PUCHAR End) {
    while (First < End) {
        --End;
        const UCHAR Value = *First;
        *First++ = *End;
        *End = Value;
    }
}

} // namespace

void CSb16Ring::Init(IDmaChannelSlave* Channel) {
    PAGED_CODE();
    KeInitializeSpinLock(&m_Lock);
    m_Channel = Channel;
    m_Channel->AddRef();
    m_Address = (PUCHAR)m_Channel->SystemAddress();
}

CSb16Ring::~CSb16Ring() {
    if (m_Channel != NULL) {
        m_Channel->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CSb16Ring::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IDmaChannel)) {
        *Object = PVOID(PDMACHANNEL(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- where things are ----------------------------------------------------------------------------------------------

// As many of the bytes as lie together.
PUCHAR CSb16Ring::Place(PVOID Buffer, PULONG ByteCount) {
    if (m_Turned == 0) {
        return (PUCHAR)Buffer;
    }
    const ULONG Seen = (ULONG)((PUCHAR)Buffer - m_Address);
    const ULONG Offset = Seen >= m_Turned ? Seen - m_Turned : Seen + m_Bytes - m_Turned;
    if (*ByteCount > m_Bytes - Offset) {
        *ByteCount = m_Bytes - Offset;
    }
    return m_Address + Offset;
}

// Each part that lies together, and how many bytes come before it. What moves is not turned meanwhile.
template<class Use>
void CSb16Ring::InParts(PVOID Buffer, ULONG ByteCount, Use Each) {
    const BOOLEAN IsLocked = !m_IsMoving;
    KIRQL OldIrql = 0;
    if (IsLocked) {
        KeAcquireSpinLock(&m_Lock, &OldIrql);
    }
    for (ULONG Done = 0; Done < ByteCount;) {
        ULONG Part = ByteCount - Done;
        PUCHAR Lies = Place((PUCHAR)Buffer + Done, &Part);
        Each(Lies, Done, Part);
        Done += Part;
    }
    if (IsLocked) {
        KeReleaseSpinLock(&m_Lock, OldIrql);
    }
}

// Both halves reversed, and then the whole: they have changed places.
void CSb16Ring::TurnTo(ULONG Position, ULONG Bytes) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_Bytes = Bytes;
    const ULONG Offset = Position >= m_Turned ? Position - m_Turned : Position + Bytes - m_Turned;
    Reverse(m_Address, m_Address + Offset);
    Reverse(m_Address + Offset, m_Address + Bytes);
    Reverse(m_Address, m_Address + Bytes);
    m_Turned = Position;
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

// ---- what the port does with it -------------------------------------------------------------------------------------

STDMETHODIMP_(VOID) CSb16Ring::CopyTo(PVOID Destination, PVOID Source, ULONG ByteCount) {
    if (m_IsMoving && m_Turned == 0) { // as a rule
        m_Channel->CopyTo(Destination, Source, ByteCount);
    } else {
        CopyToTurned(Destination, Source, ByteCount);
    }
}

void CSb16Ring::CopyToTurned(PVOID Destination, PVOID Source, ULONG ByteCount) {
    InParts(Destination, ByteCount,
            [&](PUCHAR To, ULONG Done, ULONG Part) { m_Channel->CopyTo(To, (PUCHAR)Source + Done, Part); });
}

STDMETHODIMP_(VOID) CSb16Ring::CopyFrom(PVOID Destination, PVOID Source, ULONG ByteCount) {
    if (m_IsMoving && m_Turned == 0) { // as a rule
        m_Channel->CopyFrom(Destination, Source, ByteCount);
    } else {
        CopyFromTurned(Destination, Source, ByteCount);
    }
}

void CSb16Ring::CopyFromTurned(PVOID Destination, PVOID Source, ULONG ByteCount) {
    InParts(Source, ByteCount,
            [&](PUCHAR From, ULONG Done, ULONG Part) { m_Channel->CopyFrom((PUCHAR)Destination + Done, From, Part); });
}

void CSb16Ring::Fill(PVOID Buffer, ULONG ByteCount, UCHAR Value) {
    InParts(Buffer, ByteCount, [&](PUCHAR To, ULONG, ULONG Part) { RtlFillMemory(To, Part, Value); });
}

STDMETHODIMP_(PVOID) CSb16Ring::SystemAddress() {
    return m_Address;
}

// ---- what the channel knows ----------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CSb16Ring::AllocateBuffer(ULONG BufferSize, PPHYSICAL_ADDRESS PhysicalAddressConstraint) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    UNREFERENCED_PARAMETER(PhysicalAddressConstraint);
    return STATUS_UNSUCCESSFUL; // there is one
}

STDMETHODIMP_(VOID) CSb16Ring::FreeBuffer() {
    PAGED_CODE(); // the miniport's, and not this stream's
}

STDMETHODIMP_(ULONG) CSb16Ring::TransferCount() {
    return m_Channel->TransferCount();
}

STDMETHODIMP_(ULONG) CSb16Ring::MaximumBufferSize() {
    return m_Channel->MaximumBufferSize();
}

STDMETHODIMP_(ULONG) CSb16Ring::AllocatedBufferSize() {
    return m_Channel->AllocatedBufferSize();
}

STDMETHODIMP_(ULONG) CSb16Ring::BufferSize() {
    return m_Channel->BufferSize();
}

STDMETHODIMP_(VOID) CSb16Ring::SetBufferSize(ULONG BufferSize) {
    m_Channel->SetBufferSize(BufferSize);
}

STDMETHODIMP_(PHYSICAL_ADDRESS) CSb16Ring::PhysicalAddress() {
    return m_Channel->PhysicalAddress();
}

STDMETHODIMP_(PADAPTER_OBJECT) CSb16Ring::GetAdapterObject() {
    return m_Channel->GetAdapterObject();
}
