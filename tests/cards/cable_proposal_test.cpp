// R-PROP-27: a proposed format is tested as a whole. One that contradicts itself is no format that a pin could be
// opened with, whatever a single field of it says.
#include <cstring>
#include <functional>

#include <gtest/gtest.h>

#include <ks.h>
#include <ksmedia.h>

#include <openportcls/openportcls.hpp>

namespace openportcls::cards {
namespace {

// A format as it lies in the request's value, with room for attributes behind it.
struct Proposed {
    KSDATAFORMAT_WAVEFORMATEXTENSIBLE format; // 104 bytes: what follows begins on 8 bytes
    KSMULTIPLE_ITEM list;
    KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE mode;
};
static_assert(sizeof(KSDATAFORMAT_WAVEFORMATEXTENSIBLE) == 104 && offsetof(Proposed, list) == 104);

constexpr std::size_t without_attributes = offsetof(Proposed, list);

Proposed good_proposal() {
    Proposed proposed{};
    const auto bytes =
        data_format(WaveFormat{.rate = 48000, .channels = 2, .bits = 16, .extensible = true}, ProcessingMode::none);
    EXPECT_EQ(bytes.size(), sizeof proposed.format);
    std::memcpy(&proposed.format, bytes.data(), std::min(bytes.size(), sizeof proposed.format));
    return proposed;
}

void add_mode(Proposed& proposed) {
    proposed.format.DataFormat.Flags |= KSDATAFORMAT_ATTRIBUTES;
    proposed.list = {sizeof proposed.list + sizeof proposed.mode, 1};
    proposed.mode.AttributeHeader = {sizeof proposed.mode, 0, KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE};
    proposed.mode.SignalProcessingMode = AUDIO_SIGNALPROCESSINGMODE_RAW;
}

struct Contradiction {
    const char* what;
    std::size_t bytes;
    std::function<void(Proposed&)> make;
};

const std::vector<Contradiction>& contradictions() {
    static const std::vector<Contradiction> all = {
        {"an extension smaller than WAVEFORMATEXTENSIBLE's", without_attributes,
         [](Proposed& p) { p.format.WaveFormatExt.Format.cbSize = 21; }},
        {"no extension", without_attributes, [](Proposed& p) { p.format.WaveFormatExt.Format.cbSize = 0; }},
        {"an extension beyond the format's end", without_attributes,
         [](Proposed& p) { p.format.WaveFormatExt.Format.cbSize = 200; }},
        {"a format that ends before its extension", without_attributes,
         [](Proposed& p) { p.format.DataFormat.FormatSize = sizeof(KSDATAFORMAT_WAVEFORMATEX); }},
        {"another sub-format outside than inside", without_attributes,
         [](Proposed& p) { p.format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_IEEE_FLOAT; }},
        {"another sub-format inside than outside", without_attributes,
         [](Proposed& p) {
             p.format.WaveFormatExt.SubFormat = KSDATAFORMAT_SUBTYPE_IEEE_FLOAT;
             p.format.WaveFormatExt.Format.wBitsPerSample = 32;
             p.format.WaveFormatExt.Format.nBlockAlign = 8;
             p.format.WaveFormatExt.Format.nAvgBytesPerSec = 8 * 48000;
         }},
        {"a plain tag of another sub-format", without_attributes,
         [](Proposed& p) {
             p.format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_IEEE_FLOAT;
             p.format.WaveFormatExt.Format.wFormatTag = WAVE_FORMAT_PCM;
             p.format.WaveFormatExt.Format.cbSize = 0;
         }},
        {"frames of another size", without_attributes,
         [](Proposed& p) { p.format.WaveFormatExt.Format.nBlockAlign = 8; }},
        {"no frames", without_attributes, [](Proposed& p) { p.format.WaveFormatExt.Format.nBlockAlign = 0; }},
        {"another byte rate", without_attributes,
         [](Proposed& p) { p.format.WaveFormatExt.Format.nAvgBytesPerSec += 4; }},
        {"no byte rate", without_attributes, [](Proposed& p) { p.format.WaveFormatExt.Format.nAvgBytesPerSec = 0; }},
        {"more valid bits than there are", without_attributes,
         [](Proposed& p) { p.format.WaveFormatExt.Samples.wValidBitsPerSample = 24; }},
        {"attributes that are not there", without_attributes,
         [](Proposed& p) { p.format.DataFormat.Flags |= KSDATAFORMAT_ATTRIBUTES; }},
        {"half a list of attributes", without_attributes + 4,
         [](Proposed& p) { p.format.DataFormat.Flags |= KSDATAFORMAT_ATTRIBUTES; }},
        {"a list of no attributes", sizeof(Proposed),
         [](Proposed& p) {
             add_mode(p);
             p.list = {sizeof p.list, 0};
         }},
        {"a list that goes on beyond the end", sizeof(Proposed),
         [](Proposed& p) {
             add_mode(p);
             p.list.Size += 8;
         }},
        {"more attributes than there are", sizeof(Proposed),
         [](Proposed& p) {
             add_mode(p);
             p.list.Count = 2;
         }},
        {"an attribute of no size", sizeof(Proposed),
         [](Proposed& p) {
             add_mode(p);
             p.mode.AttributeHeader.Size = 0;
         }},
        {"an attribute that nobody knows", sizeof(Proposed),
         [](Proposed& p) {
             add_mode(p);
             p.mode.AttributeHeader.Attribute.Data1 ^= 1;
         }},
    };
    return all;
}

class CableProposal : public testing::Test {
protected:
    NTSTATUS propose(Proposed& proposed, std::size_t bytes, std::uint32_t pin = 0) {
        const Target target = Target::pin(pin);
        const auto done =
            wave.property(property::pin_set, KSPROPERTY_PIN_PROPOSEDATAFORMAT, property_set, target.descriptor(),
                          std::as_writable_bytes(std::span(&proposed, 1)).first(bytes));
        return done ? STATUS_SUCCESS : done.error().status;
    }

    Machine machine = Machine::create().value();
    Driver driver = machine.load_driver("cable").value();
    Filter wave = machine.open_first("Wave").value();
};

TEST_F(CableProposal, AFormatThatContradictsItselfIsNoMatch_R_PROP_27) {
    for (const Contradiction& each : contradictions()) {
        for (const std::uint32_t pin : {0U, 2U}) {
            Proposed proposed = good_proposal();
            each.make(proposed);
            EXPECT_EQ(propose(proposed, each.bytes, pin), STATUS_NO_MATCH) << each.what << ", pin " << pin;
        }
    }
    EXPECT_FALSE(machine.crash_report());
}

TEST_F(CableProposal, OneThatDoesNotIsTaken_R_FMT_10_and_R_FMT_12) {
    Proposed extensible = good_proposal();
    EXPECT_EQ(propose(extensible, without_attributes), STATUS_SUCCESS);
    Proposed plain = good_proposal(); // R-FMT-10: the same in its other spelling
    plain.format.DataFormat.FormatSize = sizeof(KSDATAFORMAT_WAVEFORMATEX);
    plain.format.WaveFormatExt.Format.wFormatTag = WAVE_FORMAT_PCM;
    plain.format.WaveFormatExt.Format.cbSize = 0;
    EXPECT_EQ(propose(plain, sizeof(KSDATAFORMAT_WAVEFORMATEX)), STATUS_SUCCESS);
    for (const GUID& mode : {AUDIO_SIGNALPROCESSINGMODE_RAW, AUDIO_SIGNALPROCESSINGMODE_SPEECH}) { // R-FMT-12: any
        Proposed with_mode = good_proposal();
        add_mode(with_mode);
        with_mode.mode.SignalProcessingMode = mode;
        EXPECT_EQ(propose(with_mode, sizeof with_mode), STATUS_SUCCESS);
    }
}

} // namespace
} // namespace openportcls::cards
