// The intersection of ranges whose formats say nothing besides their GUIDs, as MIDI's do: the ports' default knows PCM
// only (R-FMT-04).
#pragma once

#include <ks.h>

namespace openportcls::portcls {

// IMiniport::DataRangeIntersection: a KSDATAFORMAT of the own range's GUIDs (R-FMT-02, R-FMT-03).
NTSTATUS intersect_music(const KSDATARANGE& client, const KSDATARANGE& own, ULONG room, void* format,
                         ULONG* format_bytes);

} // namespace openportcls::portcls
