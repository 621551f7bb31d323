#include "client/request_stream.h"

#include <algorithm>
#include <cstring>

#include "executive/ex/asan.h"

namespace openportcls::client {

namespace {

constexpr std::size_t fewest_periods = 4; // a client that is a little late must not be heard
constexpr std::size_t cache_line = 64;
constexpr double most_bytes = 1 << 28;

} // namespace

RequestStream::RequestStream(Opened opened) : StreamBase(std::move(opened)), done_(object_->machine) {}

Result<std::unique_ptr<StreamBase>> RequestStream::make(Opened opened, const StreamOptions& options) {
    std::unique_ptr<RequestStream> stream(new RequestStream(std::move(opened)));
    if (auto prepared = stream->prepare(options); !prepared) {
        return prepared.error();
    }
    return std::unique_ptr<StreamBase>(std::move(stream));
}

Result<void> RequestStream::prepare(const StreamOptions& options) {
    if (options.packets == PacketMode::required) {
        return error(STATUS_NOT_SUPPORTED, "packet mode is WaveRT's");
    }
    const double wanted = static_cast<double>(options.period.count()) * format_.rate / 1e6;
    if (wanted * frame_bytes_ > most_bytes) {
        return error(STATUS_INVALID_PARAMETER, "a period this long needs a request of more than 256 MiB");
    }
    if (static_cast<double>(options.queued.count()) * format_.rate / 1e6 * frame_bytes_ > most_bytes) {
        return error(STATUS_INVALID_PARAMETER, "so much queued sound needs more than 256 MiB");
    }
    period_bytes_ = std::max(1U, wanted > 0 ? static_cast<std::uint32_t>(wanted) : 0U) * frame_bytes_;
    period_time_ = static_cast<machine::Nanoseconds>(period_frames()) * machine::nanoseconds_per_second / format_.rate;
    const machine::Nanoseconds queued =
        std::chrono::nanoseconds(std::max(options.queued, std::chrono::microseconds(0))).count();
    const auto count = static_cast<std::size_t>(queued / std::max<machine::Nanoseconds>(period_time_, 1)) + 1;
    lay_out(std::max(count, fewest_periods));
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    machine_.enter([&] { status = prepare_requests(); });
    return NT_SUCCESS(status) ? Result<void>{} : error(status, "preparing the stream's requests");
}

// In the machine's own memory, as a kernel mixer's buffers are: a card that reaches 4 GB reaches them, and where pages
// are neighbours they are neighbours for it, too. Periods that are too long for it lie with the host.
void RequestStream::take_pages(std::size_t count) {
    ram_ = machine_.memory().allocate(count * sizeof(Page), {});
    if (ram_ == machine::no_address) {
        host_pages_ = std::vector<Page>(count);
        pages_ = host_pages_;
    } else {
        pages_ = {static_cast<Page*>(machine_.memory().to_virtual(ram_, count * sizeof(Page))), count};
    }
}

// A period crosses no page that it need not cross: devices that take memory page by page get it in one piece.
void RequestStream::lay_out(std::size_t count) {
    const std::size_t stride = (period_bytes_ + cache_line - 1) / cache_line * cache_line;
    const std::size_t of_a_period = (period_bytes_ + machine::page_size - 1) / machine::page_size; // pages
    const bool alone = stride > machine::page_size || executive::small_buffers_from_pool();
    const std::size_t in_a_page = alone ? 1 : machine::page_size / stride;
    periods_ = std::vector<Period>(count);
    take_pages((count + in_a_page - 1) / in_a_page * of_a_period);
    for (std::size_t i = 0; i < count; ++i) {
        std::byte* const page = pages_[i / in_a_page * of_a_period].bytes;
        periods_[i].stream = this;
        periods_[i].bytes = {page + i % in_a_page * stride, period_bytes_};
        if (alone) { // a driver that goes beyond it is found out
            executive::asan_poison(page + period_bytes_, of_a_period * machine::page_size - period_bytes_);
        }
    }
}

NTSTATUS RequestStream::prepare_requests() {
    executive::RepeatedRequest::Parts parts;
    parts.code = flow_ == PinFlow::in ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM;
    parts.system_bytes = sizeof(KSSTREAM_HEADER);
    parts.data_bytes = period_bytes_;
    parts.operation = flow_ == PinFlow::in ? IoReadAccess : IoWriteAccess;
    parts.completed = &completed;
    NTSTATUS status = STATUS_SUCCESS;
    for (std::size_t i = 0; NT_SUCCESS(status) && i < periods_.size(); ++i) {
        parts.data = periods_[i].bytes.data();
        parts.context = &periods_[i];
        status = periods_[i].request.prepare(*object_->file, parts);
    }
    return status;
}

RequestStream::~RequestStream() {
    const bool has_pin = end_stream();
    if (!machine_.is_halted()) {
        machine_.enter([&] {
            if (has_pin) {
                cancel_all();
            }
            for (Period& period : periods_) {
                period.request.reset();
            }
        });
    }
    executive::asan_unpoison(pages_.data(), pages_.size_bytes());
    if (ram_ != machine::no_address) {
        machine_.memory().free(ram_, pages_.size_bytes());
    }
}

// ---- requests -------------------------------------------------------------------------------------------------------

// At whatever level the driver completes.
[[gnu::hot]] void NTAPI RequestStream::completed(void* context, NTSTATUS status, ULONG_PTR) {
    auto& period = *static_cast<Period*>(context);
    period.status = status;
    period.is_queued = false;
    --period.stream->on_their_way_;
    if (!period.stream->hear_period()) {
        period.stream->signal();
    }
}

void NTAPI RequestStream::signal() noexcept {
    machine_.set_event(done_.object());
}

// The current period goes to the driver; the next one is current.
NTSTATUS RequestStream::submit(std::size_t bytes, ULONG options) {
    Period& period = current();
    KSSTREAM_HEADER& header = period.header();
    header = {};
    header.Size = sizeof header;
    header.PresentationTime = {0, 1, 1};
    header.FrameExtent = static_cast<ULONG>(bytes);
    header.DataUsed = flow_ == PinFlow::in ? static_cast<ULONG>(bytes) : 0;
    header.Data = period.bytes.data();
    header.OptionsFlags = options;
    period.is_queued = true;
    ++on_their_way_;
    next_ = next_ + 1 == periods_.size() ? 0 : next_ + 1;
    filled_ = 0;
    return period.request.send(static_cast<ULONG>(bytes));
}

NTSTATUS RequestStream::wait_for(Period& period) {
    const machine::Nanoseconds deadline = machine_.now() + patience();
    while (period.is_queued) {
        const NTSTATUS waited = machine_.wait_one(&done_.object(), deadline);
        if (waited != STATUS_SUCCESS) {
            return waited == STATUS_TIMEOUT ? STATUS_IO_TIMEOUT : waited;
        }
    }
    return period.status;
}

void RequestStream::cancel_all() {
    for (Period& period : periods_) {
        period.request.cancel();
    }
    for (Period& period : periods_) {
        wait_for(period);
        period.status = STATUS_SUCCESS;
    }
    done_.take();
    next_ = 0;
    filled_ = 0;
}

// ---- states ---------------------------------------------------------------------------------------------------------

// Capture has its requests queued before it runs.
NTSTATUS RequestStream::start_inside() {
    if (state_ == KSSTATE_RUN) {
        return STATUS_SUCCESS;
    }
    NTSTATUS status = state_ < KSSTATE_PAUSE ? set_state(KSSTATE_PAUSE) : STATUS_SUCCESS;
    while (NT_SUCCESS(status) && flow_ == PinFlow::out && on_their_way_ < periods_.size() && filled_ == 0 &&
           !current().is_queued && transferred_ == 0) {
        status = submit(period_bytes_, 0);
    }
    return NT_SUCCESS(status) ? set_state(KSSTATE_RUN) : status;
}

// ---- moving sound ---------------------------------------------------------------------------------------------------

// Nothing is queued while the stream runs, and everything has been heard: there was a gap.
void RequestStream::notice_starvation() {
    if (state_ != KSSTATE_RUN || on_their_way_ != 0 || transferred_ == 0) {
        return;
    }
    const Result<StreamPosition> now = position();
    if (now && now->play_offset + filled_ >= transferred_) {
        note_glitch();
    }
}

NTSTATUS RequestStream::write_inside(const std::byte* bytes, std::size_t count) {
    NTSTATUS status = state_ < KSSTATE_PAUSE ? set_state(KSSTATE_PAUSE) : STATUS_SUCCESS;
    while (NT_SUCCESS(status) && count > 0) {
        if (current().is_queued && state_ != KSSTATE_RUN) { // all of them are
            status = start_inside();
            continue;
        }
        status = wait_for(current());
        if (!NT_SUCCESS(status)) {
            return reason_of(status);
        }
        const std::size_t part = std::min(count, period_bytes_ - filled_);
        std::memcpy(current().bytes.data() + filled_, bytes, part);
        bytes += part;
        count -= part;
        filled_ += part;
        transferred_ += part;
        if (filled_ == period_bytes_) {
            notice_starvation();
            note_pace();
            status = submit(filled_, 0);
        }
    }
    return status;
}

NTSTATUS RequestStream::drain_inside() {
    if (transferred_ == 0) {
        return STATUS_SUCCESS;
    }
    NTSTATUS status = STATUS_SUCCESS;
    if (filled_ != 0) {
        status = submit(filled_, KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM);
    }
    if (NT_SUCCESS(status)) {
        status = start_inside();
    }
    machine::Nanoseconds deadline = machine_.now() + patience();
    std::uint64_t before = 0;
    while (NT_SUCCESS(status)) {
        const Result<StreamPosition> now = position();
        if (!now) {
            return now.error().status;
        }
        if (now->play_offset >= transferred_) {
            return STATUS_SUCCESS;
        }
        if (now->play_offset != before) {
            before = now->play_offset;
            deadline = machine_.now() + patience();
        } else if (machine_.now() > deadline) {
            return reason_of(STATUS_IO_TIMEOUT);
        }
        machine_.run_for(std::max<machine::Nanoseconds>(period_time_ / 4, 1));
    }
    return status;
}

NTSTATUS RequestStream::read_inside(std::byte* bytes, std::size_t count, bool wait, std::size_t* done) {
    NTSTATUS status = start_inside();
    while (NT_SUCCESS(status) && *done < count) {
        Period& period = current();
        if (period.is_queued && !wait) {
            return STATUS_SUCCESS;
        }
        status = wait_for(period);
        if (!NT_SUCCESS(status)) {
            return reason_of(status);
        }
        const std::size_t part = std::min<std::size_t>(count - *done, period.header().DataUsed - filled_);
        std::memcpy(bytes + *done, period.bytes.data() + filled_, part);
        *done += part;
        filled_ += part;
        transferred_ += part;
        if (filled_ == period.header().DataUsed) {
            note_pace();
            status = submit(period_bytes_, 0);
        }
    }
    return status;
}

// ---- period by period -----------------------------------------------------------------------------------------------

bool RequestStream::fill_ahead(NTSTATUS* status) {
    *status = state_ < KSSTATE_PAUSE ? set_state(KSSTATE_PAUSE) : STATUS_SUCCESS;
    for (std::size_t i = 0; NT_SUCCESS(*status) && flow_ == PinFlow::in && i < periods_.size(); ++i) {
        if (!exchange(current().bytes)) {
            return false;
        }
        transferred_ += period_bytes_;
        *status = submit(period_bytes_, 0);
    }
    return true;
}

bool RequestStream::serve_period() {
    while (!current().is_queued) {
        Period& period = current();
        if (!NT_SUCCESS(period.status)) {
            return false;
        }
        note_pace();
        if (flow_ == PinFlow::in) {
            notice_starvation();
        }
        if (!exchange(period.bytes)) {
            return false;
        }
        transferred_ += period_bytes_;
        if (!NT_SUCCESS(submit(period_bytes_, 0))) {
            return false;
        }
    }
    return true;
}

} // namespace openportcls::client
