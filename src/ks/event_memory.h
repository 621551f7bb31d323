// Drivers have the address of an event entry, and of what it refers to: it all lies in their pool.
#pragma once

#include <cstddef>

#include <ks.h>

namespace openportcls::ks {

// Zeroed; null: there is none.
void* take_memory(std::size_t bytes);
void give_memory(void* memory);

// Buffered events: one notification waiting to be fetched with QUERYBUFFER, its data behind it.
struct BufferedNotification {
    LIST_ENTRY link;
    ULONG bytes;
};

} // namespace openportcls::ks
