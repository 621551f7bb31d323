#include "executive/module_code.h"

#include <cstdint>
#include <link.h>

namespace openportcls::executive {

namespace {

int has_code_at(dl_phdr_info* module, std::size_t, void* context) {
    const auto address = *static_cast<const std::uintptr_t*>(context);
    for (unsigned index = 0; index < module->dlpi_phnum; ++index) {
        const auto& segment = module->dlpi_phdr[index];
        const bool is_code = segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0;
        if (is_code && address - (module->dlpi_addr + segment.p_vaddr) < segment.p_memsz) {
            return 1;
        }
    }
    return 0;
}

} // namespace

// dladdr would take a module's data, too.
bool is_code_of_a_module(const void* address) {
    auto wanted = reinterpret_cast<std::uintptr_t>(address);
    return dl_iterate_phdr(has_code_at, &wanted) != 0;
}

} // namespace openportcls::executive
