// A stream of the WavePci form. The port hands out its client's memory piece by piece (GetMapping); the pieces become
// entries of the list that the bus master follows, and are given back (ReleaseMapping) when it is through with them.
#pragma once

#include "stream.h"

// "Buffer Descriptor List": 32 entries; one stays free, so that a full list is told from an empty one.
static const ULONG Ac97ListEntries = 32;
static const ULONG Ac97MostPieces = Ac97ListEntries - 1;
static const ULONG Ac97ListBytes = Ac97ListEntries * 8;

struct Ac97ListEntry {
    ULONG Address; // even
    ULONG Control; // samples, and whether to interrupt behind them
};

// ---- oddpieces.cpp: memory of the stream's own, for samples that do not begin at even addresses ---------------------

static const ULONG Ac97CopyBytes = 1024; // of each of them, as many as the list has entries
static const UCHAR Ac97NoCopy = 0xFF;

// What lies in one: the last byte of a mapping, then some of the next one, then a byte that no mapping has room for
// yet.
struct Ac97Copy {
    ULONG HeadTag; // that mapping ends here; 0: it does not, or there is none
    ULONG HeadBytes;
    PUCHAR Head; // where the client has it; NULL: it is not the client's any more
    ULONG BodyBytes;
    PUCHAR Body;
    ULONG SpareBytes;
};

class CAc97Copies {
public:
    void Init(PUCHAR Memory, ULONG Address) {
        m_Memory = Memory;
        m_Address = Address;
    }
    // There are as many as a list has entries: one is free.
    UCHAR Take(const Ac97Copy& Copy);
    void GiveBack(UCHAR Number) { m_IsTaken[Number] = FALSE; }
    Ac97Copy* At(UCHAR Number) { return &m_Copies[Number]; }
    ULONG Address(UCHAR Number) { return m_Address + Number * Ac97CopyBytes; }
    PUCHAR Memory(UCHAR Number) { return m_Memory + Number * Ac97CopyBytes; }
    // From the client, and as many bytes as have been recorded back to it.
    void Load(UCHAR Number, UCHAR Head);
    void Store(UCHAR Number, ULONG Recorded);

private:
    PUCHAR m_Memory;
    ULONG m_Address;
    Ac97Copy m_Copies[Ac97ListEntries];
    BOOLEAN m_IsTaken[Ac97ListEntries];
};

// The sample of which the newest mapping has the first half only.
enum Ac97HalfState {
    HalfNone = 0,
    HalfHeld,      // its mapping is not given back before the rest of the sample comes, unless none comes
    HalfPassed,    // it is given back; what it had, or what the next one is to have, is remembered
    HalfRecording, // its sample is the last piece: what the next mapping begins with will be known then
};
struct Ac97Half {
    Ac97HalfState State;
    ULONG Tag;
    PUCHAR Place;
    UCHAR Value;
};

// ---- the stream -----------------------------------------------------------------------------------------------------

// An entry of the list as the driver knows it.
struct Ac97Piece {
    ULONG Tag;
    ULONG Address;
    ULONG Bytes;    // that are still to be moved when the engine starts
    BOOLEAN IsLast; // of its mapping
    UCHAR Copy;
    ULONGLONG Position; // of its first byte in the stream
};

// What of a mapping has not found room in the list.
struct Ac97Rest {
    ULONG Tag;
    ULONG Address;
    ULONG Bytes;
    ULONG_PTR Offset; // from there to where the driver sees it
};

class CAc97WaveStream : public IMiniportWavePciStream, public CUnknown, private CAc97Listener {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97WaveStream);
    ~CAc97WaveStream();

    void Init(CAc97Wave* Wave, PPORTWAVEPCISTREAM PortStream, Ac97Engine Engine, ULONG Rate, PDMACHANNEL Channel,
              PSERVICEGROUP Group);
    IMP_IMiniportWavePciStream;

private:
    // The port's DPC calls Service.
    void EngineInterrupt() { m_Wave->Port()->Notify(m_Group); }
    Ac97Piece* At(ULONG Number) { return &m_Pieces[(m_First + Number) % Ac97ListEntries]; }
    BOOLEAN HasRoom() { return m_Count + m_FinishedCount < Ac97MostPieces; }

    // Under the lock.
    void Describe(ULONG Number);
    void Append();
    void AppendPiece(ULONG Bytes);
    // A mapping that is much longer becomes several entries, of 10 ms.
    ULONG MostBytes() { return m_Rate / 100 * Ac97FrameBytes; }
    void AppendRest();
    void Fill();
    void Collect(ULONG Done);
    void Finish(ULONG Tag) { m_Finished[m_FinishedCount++] = Tag; }
    ULONG CountDone(const Ac97Progress& Progress);
    BOOLEAN IsRevoked(PVOID Tag) {
        return (ULONG)(ULONG_PTR)Tag >= m_RevokedFrom && (ULONG)(ULONG_PTR)Tag < m_RevokedUpTo;
    }
    void Load();
    void Unload();
    void RemovePieces(ULONG First, ULONG Last, PULONG Removed);
    ULONG NewestTag(ULONG IfNone);
    // A mapping at an odd address, of half a sample at its end, or behind such a one.
    BOOLEAN IsOdd() { return ((m_Rest.Address | m_Rest.Bytes) & 1) != 0 || m_Half.State != HalfNone; }
    void FillOdd();
    void AppendOdd();
    void AppendCopied(const Ac97Copy& Copy, ULONG Tag, BOOLEAN IsLast);
    void BeginHalf();
    void PutRecordedHalf();
    void EndOnHalf();
    void CollectCopy(Ac97Piece* Copied);
    BOOLEAN RemoveFromCopy(Ac97Piece* Copied, ULONG First, ULONG Last, PULONG Removed);

    // Without it: the port may not be called under a spin lock.
    void GetMappings();
    void GetNewMappings();
    void NotifyIfIdle();

    CAc97Wave* m_Wave;
    CAc97Hardware* m_Hardware;
    PPORTWAVEPCISTREAM m_PortStream;
    PSERVICEGROUP m_Group;
    PDMACHANNEL m_Channel; // the list lies in its buffer, and the copies behind it
    Ac97ListEntry* m_List;
    ULONG m_ListAddress;
    Ac97Engine m_Engine;
    ULONG m_Rate;

    KSPIN_LOCK m_Lock;
    BOOLEAN m_IsStopped;
    BOOLEAN m_IsRunning; // the stream is in KSSTATE_RUN
    BOOLEAN m_IsLoaded;  // the engine follows the list
    Ac97Piece m_Pieces[Ac97ListEntries];
    ULONG m_First; // the oldest piece
    ULONG m_Count;
    Ac97Rest m_Rest;
    ULONG m_Finished[2 * Ac97ListEntries]; // tags that are to be given back; two mappings may end in one piece
    ULONG m_FinishedCount;
    BOOLEAN
    m_IsFull; // there was no room for a mapping that the port may have; only where the list is filled it changes
    ULONGLONG m_Next; // position behind the last piece
    Ac97Half m_Half;
    BOOLEAN m_IsServiceDue; // perhaps, though no piece has been appended
    CAc97Copies m_Copies;

    LONG m_Getting;
    ULONG m_NextTag;
    ULONG m_RevokedFrom; // tags from here to before m_RevokedUpTo were revoked before they were in the list
    ULONG m_RevokedUpTo;
};

// So much of what waits.
inline void CAc97WaveStream::AppendPiece(ULONG Bytes) {
    Ac97Piece* New = At(m_Count);
    New->Tag = m_Rest.Tag;
    New->Address = m_Rest.Address;
    New->Bytes = Bytes;
    New->IsLast = Bytes == m_Rest.Bytes;
    New->Copy = Ac97NoCopy;
    New->Position = m_Next;
    m_Next += Bytes;
    m_Rest.Address += Bytes;
    m_Rest.Bytes -= Bytes;
    Append();
}
