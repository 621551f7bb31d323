// Mappings may begin and end anywhere, but an entry of the list counts samples, at an even address. What does not lie
// so is copied: before it is played, after it has been recorded. A sample may even lie in two mappings; the first one
// of them then ends with a copy that belongs to both.
#include "wavestream.h"

// ---- copies --------------------------------------------------------------------------------------------------------

UCHAR CAc97Copies::Take(const Ac97Copy& Copy) {
    UCHAR Number = 0;
    while (m_IsTaken[Number]) {
        ++Number;
    }
    m_IsTaken[Number] = TRUE;
    m_Copies[Number] = Copy;
    return Number;
}

void CAc97Copies::Load(UCHAR Number, UCHAR Head) {
    const Ac97Copy* Copy = At(Number);
    *Memory(Number) = Head;
    RtlCopyMemory(Memory(Number) + Copy->HeadBytes, Copy->Body, Copy->BodyBytes);
}

void CAc97Copies::Store(UCHAR Number, ULONG Recorded) {
    const Ac97Copy* Copy = At(Number);
    if (Recorded == 0) {
        return;
    }
    if (Copy->HeadBytes != 0 && Copy->Head != NULL) {
        *Copy->Head = *Memory(Number);
    }
    const ULONG Bytes = Recorded - Copy->HeadBytes;
    if (Copy->Body != NULL) {
        RtlCopyMemory(Copy->Body, Memory(Number) + Copy->HeadBytes, Bytes < Copy->BodyBytes ? Bytes : Copy->BodyBytes);
    }
}

// ---- into the list -------------------------------------------------------------------------------------------------

void CAc97WaveStream::FillOdd() {
    while (m_Rest.Bytes != 0 && HasRoom() && m_Half.State != HalfRecording) {
        AppendOdd();
    }
    m_IsFull = m_Rest.Bytes != 0 || !HasRoom();
}

// Copies only what it has to: from an even address on samples go as they are, up to half a sample at the end.
void CAc97WaveStream::AppendOdd() {
    const BOOLEAN IsEven = (m_Rest.Address & 1) == 0;
    const ULONG Whole = m_Rest.Bytes & ~1U;
    Ac97Copy Copy = {};
    Copy.Body = (PUCHAR)(m_Rest.Address + m_Rest.Offset);
    if (m_Half.State == HalfPassed && m_Engine == Ac97PcmIn) {
        PutRecordedHalf();
        return;
    }
    if (m_Half.State == HalfNone) {
        if (Whole == 0) {
            BeginHalf();
            return;
        }
        if (IsEven) {
            const ULONG Most = MostBytes();
            AppendPiece(Whole < 2 * Most ? Whole : Most);
            return;
        }
        Copy.BodyBytes = Whole < Ac97CopyBytes ? Whole : Ac97CopyBytes;
    } else {
        Copy.HeadBytes = 1;
        Copy.HeadTag = m_Half.State == HalfHeld ? m_Half.Tag : 0;
        Copy.Head = m_Half.Place;
        Copy.BodyBytes = 1; // more would keep the mapping before from its client
        m_Half.State = HalfNone;
    }
    const BOOLEAN IsLast = Copy.BodyBytes == m_Rest.Bytes;
    m_Rest.Address += Copy.BodyBytes;
    m_Rest.Bytes -= Copy.BodyBytes;
    AppendCopied(Copy, m_Rest.Tag, IsLast);
}

void CAc97WaveStream::AppendCopied(const Ac97Copy& Copy, ULONG Tag, BOOLEAN IsLast) {
    Ac97Piece* New = At(m_Count);
    New->Copy = m_Copies.Take(Copy);
    New->Tag = Tag;
    New->Address = m_Copies.Address(New->Copy);
    New->Bytes = Copy.HeadBytes + Copy.BodyBytes + Copy.SpareBytes;
    New->IsLast = IsLast;
    New->Position = m_Next;
    m_Next += New->Bytes;
    if (m_Engine == Ac97PcmOut) {
        m_Copies.Load(New->Copy, m_Half.Value);
    }
    Append();
}

// ---- half a sample at the end --------------------------------------------------------------------------------------

// It waits for the mapping that has the rest.
void CAc97WaveStream::BeginHalf() {
    m_Half.State = HalfHeld;
    m_Half.Tag = m_Rest.Tag;
    m_Half.Place = (PUCHAR)(m_Rest.Address + m_Rest.Offset);
    m_Half.Value = *m_Half.Place;
    m_Rest.Bytes = 0;
    m_IsServiceDue = TRUE; // if it is all there is
}

// Everything before it is done and nothing behind it is there, nor may it ever come: a client that waits for the end of
// its request is not to wait for its own next one. What is played keeps the half for later; what is recorded takes the
// sample and keeps the other half.
void CAc97WaveStream::EndOnHalf() {
    if (!m_IsRunning || m_Count != 0) {
        return;
    }
    if (m_Engine == Ac97PcmOut) {
        m_Half.State = HalfPassed;
        Finish(m_Half.Tag);
        return;
    }
    Ac97Copy Copy = {};
    Copy.BodyBytes = 1;
    Copy.Body = m_Half.Place;
    Copy.SpareBytes = 1;
    m_Half.State = HalfRecording; // until it is known what the next mapping begins with
    AppendCopied(Copy, m_Half.Tag, TRUE);
}

// A mapping of this byte alone is done, and nothing is before it.
void CAc97WaveStream::PutRecordedHalf() {
    *(PUCHAR)(m_Rest.Address + m_Rest.Offset) = m_Half.Value;
    m_Half.State = HalfNone;
    ++m_Rest.Address;
    if (--m_Rest.Bytes == 0) {
        Finish(m_Rest.Tag);
        m_IsServiceDue = TRUE;
    }
}

// The engine will not interrupt, but there is something that Service does.
void CAc97WaveStream::NotifyIfIdle() {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    const BOOLEAN IsIdle = m_IsRunning && m_Count == 0 && (m_Half.State == HalfHeld || m_FinishedCount != 0);
    KeReleaseSpinLock(&m_Lock, OldIrql);
    if (IsIdle) {
        m_Wave->Port()->Notify(m_Group);
    }
}

// ---- out of the list -----------------------------------------------------------------------------------------------

void CAc97WaveStream::CollectCopy(Ac97Piece* Copied) {
    const Ac97Copy* Copy = m_Copies.At(Copied->Copy);
    if (m_Engine == Ac97PcmIn) {
        m_Copies.Store(Copied->Copy, Copy->HeadBytes + Copy->BodyBytes);
    }
    if (Copy->HeadTag != 0) {
        Finish(Copy->HeadTag);
    }
    if (Copy->SpareBytes != 0) {
        m_Half.State = HalfPassed;
        m_Half.Value = m_Copies.Memory(Copied->Copy)[Copy->BodyBytes];
    }
    m_Copies.GiveBack(Copied->Copy);
}

// Tags from First to Last are revoked. True: the piece stays. Of a sample that two mappings share the copy stays as
// long as one of them does: samples behind it begin where they did.
BOOLEAN CAc97WaveStream::RemoveFromCopy(Ac97Piece* Copied, ULONG First, ULONG Last, PULONG Removed) {
    Ac97Copy* Copy = m_Copies.At(Copied->Copy);
    if (Copy->HeadTag >= First && Copy->HeadTag <= Last) {
        ++*Removed;
        Copy->HeadTag = 0;
        Copy->Head = NULL;
    }
    if (Copied->Tag < First || Copied->Tag > Last) {
        return TRUE;
    }
    *Removed += Copied->IsLast ? 1 : 0;
    if (Copy->SpareBytes != 0) {
        m_Half.State = HalfNone;
    }
    if (Copy->HeadTag != 0) {
        Copied->Tag = Copy->HeadTag;
        Copied->IsLast = TRUE;
        Copy->HeadTag = 0;
        Copy->Body = NULL;
        return TRUE;
    }
    m_Copies.GiveBack(Copied->Copy);
    return FALSE;
}
