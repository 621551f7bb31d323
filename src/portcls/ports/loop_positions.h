// Where in looped client buffers the positions of a stream lie (R-WCYC-12, R-WPCI-13).
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

// Of the buffer that is moved now, and of the one before it, parts of which lie ahead of the device still.
class LoopPositions {
public:
    // What is moved from the position `moved` on lies at `offset` of a buffer of so many bytes.
    void begin(ULONGLONG moved, ULONGLONG offset, ULONG bytes) {
        if (last_.from < moved) {
            before_ = last_;
        }
        last_ = {moved, offset, bytes};
    }
    void clear() { before_ = last_ = {}; }

    // The length of the buffer that is moved now; 0: none.
    ULONG bytes() const { return last_.bytes; }
    // From a position of the stream to one in the buffer. The buffer's length; 0 for a stream without one.
    ULONG to_loop(ULONGLONG& position) const {
        const Loop& loop = position < last_.from && before_.bytes != 0 ? before_ : last_;
        if (loop.bytes == 0) {
            return 0;
        }
        const ULONGLONG since = position >= loop.from ? (position - loop.from) % loop.bytes
                                                      : loop.bytes - (loop.from - position) % loop.bytes;
        position = (loop.offset + since) % loop.bytes;
        return loop.bytes;
    }

private:
    struct Loop {
        ULONGLONG from = 0;   // this position of the stream …
        ULONGLONG offset = 0; // … lies here
        ULONG bytes = 0;
    };
    Loop before_;
    Loop last_;
};

} // namespace openportcls::portcls
