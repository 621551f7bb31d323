// The buffer of a stream as the port sees it: a ring that may begin anywhere in what the DMA channel goes round in.
#pragma once

#include "dmaslave.h"

// A slave channel starts at the beginning of its buffer, always. After the DMA controller has been without power the
// sound that the card comes to next has to lie there: the ring is turned, and what the port copies goes where that part
// of the ring is by then. The port copies with the channel that NewStream gives it: this one.
class CSb16Ring : public IDmaChannel, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CSb16Ring);
    ~CSb16Ring();

    // IDmaChannel; the headers declare its methods for an implementation only where PortCls itself is built.
    STDMETHODIMP_(NTSTATUS) AllocateBuffer(ULONG BufferSize, PPHYSICAL_ADDRESS PhysicalAddressConstraint);
    STDMETHODIMP_(VOID) FreeBuffer();
    STDMETHODIMP_(ULONG) TransferCount();
    STDMETHODIMP_(ULONG) MaximumBufferSize();
    STDMETHODIMP_(ULONG) AllocatedBufferSize();
    STDMETHODIMP_(ULONG) BufferSize();
    STDMETHODIMP_(VOID) SetBufferSize(ULONG BufferSize);
    STDMETHODIMP_(PVOID) SystemAddress();
    STDMETHODIMP_(PHYSICAL_ADDRESS) PhysicalAddress();
    STDMETHODIMP_(PADAPTER_OBJECT) GetAdapterObject();
    STDMETHODIMP_(VOID) CopyTo(PVOID Destination, PVOID Source, ULONG ByteCount);
    STDMETHODIMP_(VOID) CopyFrom(PVOID Destination, PVOID Source, ULONG ByteCount);

    void Init(IDmaChannelSlave* Channel); // which has its buffer; takes a reference

    // The port sees the buffer as it is.
    void Reset() { m_Turned = 0; }
    // What the port sees at Position is at the beginning of the buffer, of which the device uses so many bytes. While
    // nothing moves.
    void TurnTo(ULONG Position, ULONG Bytes);
    // Where the device is, as the port sees it.
    ULONG PositionOf(ULONG DeviceOffset) {
        const ULONG Position = DeviceOffset + m_Turned;
        return m_Turned == 0 || Position < m_Bytes ? Position : Position - m_Bytes;
    }
    // Fills what the port sees at Buffer.
    void Fill(PVOID Buffer, ULONG ByteCount, UCHAR Value);
    // What moves is not turned: whoever copies meanwhile needs no lock.
    void SetMoving(BOOLEAN IsMoving) { m_IsMoving = IsMoving; }

private:
    DECLSPEC_NOINLINE void CopyToTurned(PVOID Destination, PVOID Source, ULONG ByteCount);
    DECLSPEC_NOINLINE void CopyFromTurned(PVOID Destination, PVOID Source, ULONG ByteCount);
    PUCHAR Place(PVOID Buffer, PULONG ByteCount);
    template<class Use>
    void InParts(PVOID Buffer, ULONG ByteCount, Use Each);

    IDmaChannelSlave* m_Channel;
    PUCHAR m_Address;
    ULONG m_Bytes;  // that the device uses
    ULONG m_Turned; // what the port sees here is at the beginning
    volatile BOOLEAN m_IsMoving;
    KSPIN_LOCK m_Lock;
};
