#include "hardware/ac97/dma_engine.h"

#include <algorithm>
#include <cstring>

#include "hardware/sample_word.h"

namespace openportcls::hardware::ac97 {

const std::array<RegisterEntry<DmaEngine>, 7> DmaEngine::table = {{
    {"x_BDBAR", bdbar, 4, 0, 0xFFFF'FFF8, 0, "Buffer Descriptor Base Address Register"},
    {"x_CIV", civ, 1, 0, 0, 0, "Current Index Value Register"},
    {"x_LVI", lvi, 1, 0, 0x1F, 0, "Last Valid Index Register", nullptr, handler<&DmaEngine::last_index_written>},
    {"x_SR", sr, 2, halted, 0, last_completed | buffer_completed | fifo_error, "Status Register", nullptr,
     handler<&DmaEngine::status_written>},
    {"x_PICB", picb, 2, 0, 0, 0, "Position In Current Buffer Register"},
    {"x_PIV", piv, 1, 0, 0, 0, "Prefetched Index Value Register"},
    {"x_CR", cr, 1, 0, 0x1D, 0, "Control Register", nullptr, handler<&DmaEngine::control_written>},
}};

namespace {

enum Control : std::uint32_t {
    run = 0x01,                    // RPBM
    reset_registers = 0x02,        // RR
    interrupt_at_last = 0x04,      // LVBIE
    interrupt_at_error = 0x08,     // FEIE
    interrupt_at_completion = 0x10 // IOCE
};
constexpr std::uint32_t interrupt_on_completion = 0x8000'0000; // of a descriptor: IOC
constexpr std::uint32_t repeat_at_underrun = 0x4000'0000;      // BUP
constexpr std::uint32_t list_entries = 32;
constexpr unsigned byte_bits = 8;

// Silence where no memory answers.
std::int16_t word_at(std::span<const std::byte> bytes, std::size_t index) {
    std::int16_t word = 0;
    if (!bytes.empty()) {
        std::memcpy(&word, bytes.data() + index * sizeof word, sizeof word);
    }
    return word;
}

std::uint32_t mask_of(unsigned bytes) {
    return bytes >= 4 ? UINT32_MAX : (1U << byte_bits * bytes) - 1;
}

} // namespace

DmaEngine::DmaEngine(Kind kind, machine::Machine& machine, Codec& codec, Owner& owner)
    : kind_(kind), channel_shift_(kind == Kind::microphone_in ? 0 : 1), machine_(machine), codec_(codec), owner_(owner),
      registers_(table), event_(&DmaEngine::buffer_due, this) {}

void DmaEngine::buffer_due(machine::ClockEvent& event) {
    static_cast<DmaEngine*>(event.context())->move_due();
}

Codec::Converter DmaEngine::converter() const {
    switch (kind_) {
    case Kind::pcm_out:
        return Codec::Converter::dac;
    case Kind::pcm_in:
        return Codec::Converter::adc;
    case Kind::microphone_in:
        break;
    }
    return Codec::Converter::microphone_adc;
}

// ---- registers ------------------------------------------------------------------------------------------------------

std::uint32_t NTAPI DmaEngine::read(std::uint32_t offset, unsigned bytes) {
    catch_up();
    // "x_CIV", "x_PICB": a read of 32 bits has the registers from 04h on, or from 08h on, together.
    if (bytes == 4 && offset == civ) {
        return value(civ) | value(lvi) << 8 | value(sr) << 16;
    }
    if (bytes == 4 && offset == picb) {
        return value(picb) | value(piv) << 16 | value(cr) << 24;
    }
    return registers_.has(offset) && registers_.width(offset) == bytes ? value(offset) : read_parts(offset, bytes);
}

std::uint32_t NTAPI DmaEngine::read_parts(std::uint32_t offset, unsigned bytes) const {
    std::uint32_t result = 0;
    for (const auto& entry : table) {
        for (unsigned byte = 0; byte < entry.width_bytes; ++byte) {
            const std::uint32_t at = entry.offset + byte - offset; // wraps where it is before
            if (at < bytes) {
                result |= (value(entry.offset) >> byte_bits * byte & 0xFF) << byte_bits * at;
            }
        }
    }
    return result;
}

void NTAPI DmaEngine::write(std::uint32_t offset, unsigned bytes, std::uint32_t written) {
    catch_up();
    if (registers_.has(offset) && registers_.width(offset) == bytes) {
        registers_.write(*this, offset, written);
    } else {
        write_parts(offset, bytes, written);
    }
}

// One access may cover several registers: byte enables say what is written of each.
void NTAPI DmaEngine::write_parts(std::uint32_t offset, unsigned bytes, std::uint32_t written) {
    for (const auto& entry : table) {
        if (entry.offset >= offset + bytes || offset >= entry.offset + entry.width_bytes) {
            continue;
        }
        const bool begins_before = offset > entry.offset;
        const unsigned shift = byte_bits * (begins_before ? offset - entry.offset : entry.offset - offset);
        const std::uint32_t lanes = begins_before ? mask_of(bytes) << shift : mask_of(bytes) >> shift;
        const std::uint32_t moved = begins_before ? written << shift : written >> shift;
        const std::uint32_t kept = value(entry.offset) & entry.write_mask & ~lanes;
        registers_.write(*this, entry.offset, kept | (moved & lanes & mask_of(entry.width_bytes)));
    }
}

std::uint32_t DmaEngine::enabled_status() const {
    const std::uint32_t control = value(cr);
    return ((control & interrupt_at_last) != 0 ? last_completed : 0U) |
           ((control & interrupt_at_error) != 0 ? fifo_error : 0U) |
           ((control & interrupt_at_completion) != 0 ? buffer_completed : 0U);
}

void NTAPI DmaEngine::set_status(std::uint32_t bits, bool on) {
    registers_.set(sr, on ? value(sr) | bits : value(sr) & ~bits);
    status_changed();
}

void NTAPI DmaEngine::status_written(std::uint32_t) {
    status_changed();
}

// "Software can update this register while the engine runs": one that has halted at the old value goes on behind it.
void NTAPI DmaEngine::last_index_written(std::uint32_t written) {
    if ((value(sr) & current_is_last) != 0 && (written & 0x1F) != value(civ)) {
        go_on_behind_last();
    }
}

void NTAPI DmaEngine::go_on_behind_last() {
    set_status(current_is_last, false);
    if (is_running()) {
        load_next();
        schedule();
    }
}

void NTAPI DmaEngine::control_written(std::uint32_t written) {
    if ((written & reset_registers) != 0 && (written & run) == 0) {
        // "All registers of this engine except the interrupt enable bits".
        const std::uint32_t kept = value(cr) & (interrupt_at_last | interrupt_at_error | interrupt_at_completion);
        reset();
        registers_.set(cr, kept);
    }
    if (is_running() != is_clock_running()) { // the enables are no business of the clock's
        start_clock();
    }
    status_changed();
}

void DmaEngine::reset() {
    registers_.reset();
    is_loaded_ = false;
    length_ = 0;
    last_[0] = last_[1] = 0;
    stop_clock();
    owner_.engine_clock_changed();
    status_changed();
}

void DmaEngine::connect(bool has_link, bool is_bus_master) {
    if (has_link == has_link_ && is_bus_master == is_bus_master_) {
        return;
    }
    const bool has_new_link = has_link != has_link_;
    has_link_ = has_link;
    is_bus_master_ = is_bus_master;
    if (has_new_link) {
        start_clock();
    } else {
        load_next();
        schedule();
    }
}

void DmaEngine::rate_changed() {
    if (is_running() && clock_.rate().numerator != codec_.rate(converter())) {
        start_clock();
    } else if (records_mix()) {
        schedule(); // the source may have changed
    }
}

// ---- time -----------------------------------------------------------------------------------------------------------

// From RPBM on the converter takes a frame for each period of its rate, whether there is one or not.
void DmaEngine::start_clock() {
    if (!is_running()) {
        registers_.set(sr, value(sr) | halted);
        stop_clock();
        owner_.engine_clock_changed();
        return;
    }
    clock_.start(machine_.now(), {codec_.rate(converter()), 1});
    moved_ = 0;
    next_frame_at_ = clock_.time_of(1);
    owner_.engine_clock_changed();
    load_next();
    schedule();
}

void DmaEngine::stop_clock() {
    next_frame_at_ = machine::never;
    machine_.clock().cancel(event_);
}

// The next moment at which something happens that nobody has asked for: the end of a buffer.
void DmaEngine::schedule() {
    if (!is_running() || !is_bus_master_ || !has_data()) {
        machine_.clock().cancel(event_);
        return;
    }
    const std::uint32_t left = (value(picb) + channels() - 1) >> channel_shift_;
    // What has been played is remembered for a block, not for a whole buffer.
    const std::uint32_t frames = records_mix() ? std::min<std::uint32_t>(left, Codec::chunk_frames) : left;
    machine_.clock().schedule(event_, clock_.mark(moved_ + frames));
}

[[gnu::hot]] void DmaEngine::move_due() {
    const std::uint64_t due = clock_.elapsed(machine_.now()) - moved_;
    const std::uint32_t begun_before = buffers_begun_;
    const bool is_converting = is_worth_converting();
    // The end of a buffer that nobody hears is what most events are about.
    if (!is_converting && is_bus_master_ && has_data() && due << channel_shift_ == value(picb)) [[likely]] {
        pass_over(value(picb));
        moved_ += due;
    } else {
        move(due, is_converting);
    }
    next_frame_at_ = clock_.earliest_after(moved_);
    if (buffers_begun_ != begun_before || !has_data() || records_mix()) {
        schedule();
    }
}

void DmaEngine::move(std::uint64_t due, bool is_converting) {
    while (due > 0) {
        // As many whole frames as the buffer has; one that lies in two buffers, or in none, by itself.
        std::uint64_t most = is_converting ? Codec::chunk_frames : UINT32_MAX;
        if (is_bus_master_ && has_data()) {
            most = std::min<std::uint64_t>(most, std::max(value(picb) >> channel_shift_, 1U));
        } else {
            note_starvation();
        }
        const auto frames = static_cast<std::uint32_t>(std::min(due, most));
        if (is_converting) {
            convert(frames);
        } else {
            pass_over(std::size_t{frames} << channel_shift_);
        }
        moved_ += frames;
        due -= frames;
    }
}

// ---- the list -------------------------------------------------------------------------------------------------------

// CIV takes over the index that was to be next.
[[gnu::hot, gnu::always_inline]] inline void DmaEngine::fetch_descriptor() {
    const std::uint32_t index = value(piv);
    registers_.set(civ, index);
    registers_.set(piv, (index + 1) % list_entries);
    const void* const place =
        machine_.memory().to_virtual(value(bdbar) + index * sizeof(Descriptor), sizeof(Descriptor));
    current_ = {};
    if (place != nullptr) {
        std::memcpy(&current_, place, sizeof current_);
    }
    length_ = current_.control & 0xFFFF;
    registers_.set(picb, length_);
    is_loaded_ = true;
    ++buffers_begun_;
}

// Fetches descriptors until one has samples.
[[gnu::hot]] void DmaEngine::load_next() {
    for (std::uint32_t tries = 0; tries < list_entries; ++tries) {
        if (is_loaded_ || !is_running() || !is_bus_master_ || (value(sr) & current_is_last) != 0) {
            break;
        }
        fetch_descriptor();
        if (length_ != 0) {
            break;
        }
        finish_buffer(); // a buffer without samples is over at once
    }
    const bool is_halted = !is_loaded_ || !is_running();
    registers_.set(sr, is_halted ? value(sr) | halted : value(sr) & ~std::uint32_t{halted});
}

// Halts at the last valid index; the list goes on when that changes.
void DmaEngine::finish_buffer() {
    is_loaded_ = false;
    std::uint32_t events = (current_.control & interrupt_on_completion) != 0 ? buffer_completed : 0U;
    if (value(civ) == value(lvi)) {
        events |= halted | current_is_last | last_completed;
    }
    if (events != 0) {
        set_status(events, true);
    }
}

// Words of the current buffer that lie together; empty when nothing in memory answers.
std::span<std::byte> DmaEngine::next_words(std::uint32_t wanted) {
    const std::uint64_t done = length_ - value(picb);
    const std::uint64_t bytes = std::uint64_t{wanted} * sizeof(std::int16_t);
    void* const place = machine_.memory().to_virtual((current_.address & ~1U) + done * sizeof(std::int16_t), bytes);
    return place != nullptr ? std::span(static_cast<std::byte*>(place), bytes) : std::span<std::byte>();
}

void DmaEngine::consume(std::uint32_t words) {
    registers_.set(picb, value(picb) - words);
    if (value(picb) == 0) {
        finish_buffer();
        load_next();
    }
}

// "FIFOE … if the under-run or overrun occurs when there are more valid buffers to process".
void DmaEngine::note_starvation() {
    if ((value(sr) & (current_is_last | fifo_error)) == 0) {
        set_status(fifo_error, true);
    }
}

void DmaEngine::convert(std::uint32_t count) {
    const SampleTime when{clock_.origin(), clock_.rate(), moved_};
    const auto frames = std::span(frames_).first(count);
    if (kind_ == Kind::pcm_out) {
        play(when, frames);
    } else {
        record(when, frames);
    }
}

// Calls `use` with each part of so many words that the list has, and where it begins among them; how many there were.
template<class Use>
std::size_t DmaEngine::follow_list(std::size_t words, Use&& use) {
    std::size_t done = 0;
    while (done < words && is_bus_master_ && has_data()) {
        const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(words - done, value(picb)));
        const auto bytes = next_words(part);
        if (bytes.empty()) {
            set_status(fifo_error, true);
        }
        use(done, bytes, part);
        done += part;
        consume(part);
    }
    return done;
}

// Of each side, for BUP.
void DmaEngine::keep_last(std::size_t first, std::span<const std::byte> bytes, std::uint32_t part) {
    if (part >= 2 && (first + part) % 2 == 0 && !bytes.empty()) [[likely]] {
        std::memcpy(last_, bytes.last<sizeof last_>().data(), sizeof last_);
        return;
    }
    for (std::uint32_t index = part - std::min(part, 2U); index < part; ++index) {
        last_[(first + index) % 2] = word_at(bytes, index);
    }
}

// What nobody hears leaves memory all the same.
void DmaEngine::pass_over(std::size_t words) {
    follow_list(words, [this](std::size_t first, std::span<const std::byte> bytes, std::uint32_t part) {
        keep_last(first, bytes, part);
    });
}

// What is missing is the last sample again (BUP) or silence.
void DmaEngine::play(const SampleTime& when, std::span<Frame> frames) {
    const std::size_t words = frames.size() * 2;
    const Gain gain = codec_.pcm_gain();
    const auto put = [&](std::size_t place, std::int16_t word) {
        Frame& frame = frames[place / 2];
        (place % 2 == 0 ? frame.left : frame.right) = level_of(word) * (place % 2 == 0 ? gain.left : gain.right);
    };
    std::size_t done = follow_list(words, [&](std::size_t first, std::span<const std::byte> bytes, std::uint32_t part) {
        std::uint32_t index = 0;
        if (first % 2 == 0 && !bytes.empty()) {
            const std::uint32_t whole = part / 2;
            play_words(bytes.data(), 0, gain, frames.subspan(first / 2, whole));
            index = whole * 2;
        }
        for (; index < part; ++index) {
            put(first + index, word_at(bytes, index));
        }
        keep_last(first, bytes, part);
    });
    const bool repeats = (current_.control & repeat_at_underrun) != 0;
    for (; done < words; ++done) {
        put(done, repeats ? last_[done % 2] : std::int16_t{0});
    }
    if (codec_.records_mix()) {
        codec_.remember(when, frames);
    }
    codec_.play(when, frames);
}

// What there is no room for is lost.
void DmaEngine::record(const SampleTime& when, std::span<Frame> frames) {
    if (kind_ == Kind::microphone_in) {
        codec_.record_microphone(when, frames);
    } else {
        if (codec_.records_mix()) {
            owner_.before_mix_is_recorded();
        }
        codec_.record(when, frames);
    }
    follow_list(frames.size() * channels(), [&](std::size_t first, std::span<std::byte> bytes, std::uint32_t part) {
        for (std::uint32_t index = 0; index < part && !bytes.empty(); ++index) {
            const std::size_t place = first + index;
            const Frame& frame = frames[place / channels()];
            const std::int16_t word = word_of(place % channels() == 0 ? frame.left : frame.right);
            std::memcpy(bytes.data() + index * sizeof word, &word, sizeof word);
        }
    });
}

} // namespace openportcls::hardware::ac97
