// An application that does anything that it can do to a driver: the machine must survive it, complete every request,
// and have everything back when the driver is unloaded.
#include <cstdio>
#include <cstdlib>

#include "ioctl/session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    openportcls::fuzz::Input input({data, size});
    openportcls::fuzz::Session session(input.byte());
    session.play(input);
    if (const std::string wrong = session.end(); !wrong.empty()) {
        std::fprintf(stderr, "%s\n", wrong.c_str());
        std::abort();
    }
    return 0;
}
