#pragma once

#include <portcls.h>

void RaceDpcWithThread(bool Locked);
void RaceTimerWithOtherProcessor(bool Locked);
void UseEverySynchronisation(PDEVICE_OBJECT DeviceObject);
void OverflowPool();
void UsePoolAfterFree();
void OverflowStackBuffer();
void OverflowSignedNumber();
void Hang();
void RecurseWithoutEnd();
void OverrunStackFar();
void StallAtDispatchLevel();
void RemoveListEntryTwice();
void InitialiseEventInShortBlock();
void SignalFreedEvent();
void FreePoolTwice();
void OverrunPoolFar();
void OverrunGlobalFar();
void FillGlobalFar();
void CopyBeyondPool();
void FillBackwards();
void OverrunContiguousMemory();
void UseContiguousMemoryAfterFree();
void OverrunPagesOfMdl();
void UsePagesOfMdlAfterFree();
void OverrunDmaBuffer(PDEVICE_OBJECT DeviceObject);

const ULONG FaultsPoolTag = 'tluF';
