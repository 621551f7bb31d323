#include "portcls/helpers/music_intersection.h"

#include <cstring>

#include "ks/data_format.h"

namespace openportcls::portcls {

NTSTATUS intersect_music(const KSDATARANGE& client, const KSDATARANGE& own, ULONG room, void* format,
                         ULONG* format_bytes) {
    *format_bytes = 0;
    if (!ks::range_matches(client, own)) {
        return STATUS_NO_MATCH;
    }
    *format_bytes = sizeof(KSDATAFORMAT);
    if (room == 0) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (room < sizeof(KSDATAFORMAT)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    KSDATAFORMAT result{};
    result.FormatSize = sizeof result;
    result.MajorFormat = own.MajorFormat;
    result.SubFormat = own.SubFormat;
    result.Specifier = own.Specifier;
    std::memcpy(format, &result, sizeof result);
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls
