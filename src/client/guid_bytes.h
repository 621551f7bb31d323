// The library's Guid and Windows' GUID are the same bytes.
#pragma once

#include <bit>

#include <openportcls/guid.hpp>

#include <wdm.h>

namespace openportcls::client {

inline Guid from_windows(const GUID& guid) {
    return std::bit_cast<Guid>(guid);
}

inline GUID to_windows(const Guid& guid) {
    return std::bit_cast<GUID>(guid);
}

} // namespace openportcls::client
