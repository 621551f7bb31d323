// The one stream of an FM synthesizer: bytes in, registers out.
#pragma once

#include "portcls/helpers/com_object.h"
#include "portcls/miniports/fmsynth/midi_parser.h"
#include "portcls/miniports/fmsynth/miniport.h"

namespace openportcls::portcls::fmsynth {

class FmSynthStream final : public ComObject<FmSynthStream, IMiniportMidiStream> {
public:
    static bool plays(const KSDATAFORMAT& format);
    static NTSTATUS create(FmSynthMiniport& miniport, IMiniportMidiStream** result);
    ~FmSynthStream();

    void* find_interface(const GUID& id);

    STDMETHOD_(NTSTATUS, SetFormat)(PKSDATAFORMAT format) override;
    STDMETHOD_(NTSTATUS, SetState)(KSSTATE state) override;
    STDMETHOD_(NTSTATUS, Read)(PVOID buffer, ULONG bytes, PULONG bytes_read) override;
    STDMETHOD_(NTSTATUS, Write)(PVOID buffer, ULONG bytes, PULONG bytes_written) override;

private:
    explicit FmSynthStream(FmSynthMiniport& miniport);

    // The parser's sink; only called between with_player()'s lock and unlock.
    struct Sink {
        Player* player = nullptr;
        void channel_message(std::uint8_t status, std::uint8_t first, std::uint8_t second) {
            player->channel_message(status, first, second);
        }
        void system_reset() { player->system_reset(); }
        void exclusive(const std::uint8_t* bytes, std::size_t count) { player->exclusive(bytes, count); }
    };

    ComPointer<FmSynthMiniport> miniport_;
    Sink sink_;
    MidiParser<Sink> parser_{sink_};
    KSSTATE state_ = KSSTATE_STOP;
};

} // namespace openportcls::portcls::fmsynth
