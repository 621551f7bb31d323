// Data ranges and formats: checking what a client sends, and the default PCM intersection.
#pragma once

#include <vector>

#include <ks.h>
#include <ksmedia.h>

namespace openportcls::ks {

// GUID_NULL is a wildcard on either side (R-FMT-07).
bool guid_matches(const GUID& a, const GUID& b);
// Major format, subformat and specifier.
bool range_matches(const KSDATARANGE& a, const KSDATARANGE& b);

// Attributes that follow a format or range (KSDATAFORMAT_ATTRIBUTES): KSMULTIPLE_ITEM, then each KSATTRIBUTE at an
// 8-byte boundary. The pointers are into the caller's memory.
class AttributeList {
public:
    const KSATTRIBUTE* find(const GUID& attribute) const;
    const std::vector<KSATTRIBUTE*>& items() const { return items_; }
    bool empty() const { return items_.empty(); }

    // `list` and `bytes`: from the KSMULTIPLE_ITEM to the end of the client's buffer. `used` receives its Size.
    static NTSTATUS parse(void* list, ULONG bytes, AttributeList& result, ULONG* used);

private:
    std::vector<KSATTRIBUTE*> items_;
};

// Attributes that either side calls required must be known to the other (R-FMT-11). `required_by_range`: the range has
// KSDATARANGE_REQUIRED_ATTRIBUTES.
bool attributes_match(const AttributeList& format, const KSATTRIBUTE_LIST* range, bool required_by_range);

// A KSDATAFORMAT that lies in `bytes` bytes: FormatSize against the buffer, the WAVEFORMATEX of the known specifiers
// against FormatSize, cbSize and wValidBitsPerSample against each other, the attributes behind it.
// STATUS_INVALID_BUFFER_SIZE for truncated ones, STATUS_INVALID_PARAMETER for inconsistent ones.
NTSTATUS check_format(void* format, ULONG bytes, AttributeList* attributes = nullptr);

// The WAVEFORMATEX inside (WAVEFORMATEX and DSOUND specifiers, R-FMT-13); nullptr for other formats.
// The format must have passed check_format.
WAVEFORMATEX* wave_format(KSDATAFORMAT& format);
inline const WAVEFORMATEX* wave_format(const KSDATAFORMAT& format) {
    return wave_format(const_cast<KSDATAFORMAT&>(format));
}

// Whether a checked format lies within a range: the GUIDs, and for audio ranges rate, bits and channels (R-FMT-06).
bool format_in_range(const KSDATAFORMAT& format, const KSDATARANGE& range);

// The list behind KSP_PIN in DATAINTERSECTION and friends: ranges, each 8-byte aligned, attributes skipped.
// `list` is the client's KSMULTIPLE_ITEM with everything behind it, `bytes` long.
class RangeList {
public:
    static NTSTATUS parse(void* list, ULONG bytes, RangeList& result);
    const std::vector<KSDATARANGE*>& items() const { return items_; }

private:
    std::vector<KSDATARANGE*> items_;
};

// The port's own intersection (R-FMT-04, R-FMT-05): PCM, WAVEFORMATEX or DSOUND specifier, 1 or 2 channels, the highest
// rate, bits and channels of the overlap. STATUS_NO_MATCH when it cannot. Sizes as R-FMT-03 says.
NTSTATUS intersect_pcm(const KSDATARANGE& client, const KSDATARANGE& own, ULONG room, void* format,
                       ULONG* format_bytes);

// Size of one entry in a list of ranges: FormatSize rounded up to 8, and its attributes.
ULONG listed_range_bytes(const KSDATARANGE& range, const KSATTRIBUTE_LIST* attributes);

} // namespace openportcls::ks
