// The texts that the system's own INF files (ks.inf) leave in the registry for the GUIDs of pins and nodes
// ("pin-category-property", "friendly-names-for-audio-endpoint-devices", R-DESC-12).
#pragma once

#include "executive/registry/key.h"

namespace openportcls::executive {

// Below `media_categories`, a key for each GUID with its text as "Name".
void name_media_categories(RegistryKey& media_categories);

} // namespace openportcls::executive
