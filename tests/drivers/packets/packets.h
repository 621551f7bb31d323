// A WaveRT driver that is strict about packets: one filter, a render pin and a capture pin.
#pragma once

#include <portcls.h>
#include <stdunk.h>

#define PACKETS_POOL_TAG 'tkcP'

enum { PinRender = 0, PinCapture, PinCount };

enum PacketTemper { NoPacketMode = 0, StrictPackets, StuckPackets };

NTSTATUS CreatePacketsMiniport(PUNKNOWN* Unknown, PacketTemper Temper);
NTSTATUS CreatePacketStream(PMINIPORTWAVERTSTREAM* OutStream, PPORTWAVERTSTREAM PortStream, BOOLEAN Capture,
                            PacketTemper Temper, PPORTCLSETWHELPER EtwHelper);
