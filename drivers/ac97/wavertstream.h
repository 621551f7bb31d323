// The WaveRT miniport's streams: a cyclic buffer that client and bus master share.
#pragma once

#include "hardware.h"

// Adapter: what holds the hardware; the stream keeps a reference. The engine is free again when the stream is gone.
NTSTATUS CreateAc97RTStream(PMINIPORTWAVERTSTREAM* OutStream, IAc97* Adapter, PPORTWAVERTSTREAM PortStream,
                            BOOLEAN Capture, PKSDATAFORMAT DataFormat);
