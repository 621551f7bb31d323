// The one stream of an FM synthesizer: bytes in, registers out.
#pragma once

#include "portcls/helpers/com_object.h"
#include "portcls/helpers/midi_parser.h"
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

    // Between with_player()'s lock and unlock.
    void play(Player& player, const MidiParser::Part& part);

    ComPointer<FmSynthMiniport> miniport_;
    MidiParser parser_;
    KSSTATE state_ = KSSTATE_STOP;
};

} // namespace openportcls::portcls::fmsynth
