// R-KS-06: stream IRPs are probed into a system copy of the headers.
#include <cstring>
#include <vector>

#include "probe_driver.h"

namespace conformance {

class R_KS_06 : public KsDriverTest {
protected:
    NTSTATUS send(std::vector<KSSTREAM_HEADER>& headers, bool write = true) {
        return control(file_, write ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM, nullptr, 0, headers.data(),
                       static_cast<ULONG>(headers.size() * sizeof(KSSTREAM_HEADER)));
    }
    static KSSTREAM_HEADER header(void* data, ULONG extent, ULONG used) {
        KSSTREAM_HEADER result = {};
        result.Size = sizeof result;
        result.Data = data;
        result.FrameExtent = extent;
        result.DataUsed = used;
        return result;
    }

    UCHAR data_[256] = {};
};

TEST_F(R_KS_06, headers_are_copied_and_buffers_described) {
    open();
    inside([&] {
        std::vector<KSSTREAM_HEADER> headers = {header(data_, 128, 128), header(data_ + 128, 128, 64)};
        on_control() = [&](IRP* irp) -> NTSTATUS {
            EXPECT_EQ(KsProbeStreamIrp(
                          irp, KSPROBE_STREAMWRITE | KSPROBE_ALLOCATEMDL | KSPROBE_PROBEANDLOCK | KSPROBE_SYSTEMADDRESS,
                          sizeof(KSSTREAM_HEADER)),
                      STATUS_SUCCESS);
            auto* const copy = static_cast<KSSTREAM_HEADER*>(irp->AssociatedIrp.SystemBuffer);
            EXPECT_NE(copy, headers.data());
            headers[1].FrameExtent = 1'000'000; // the client changes its own
            EXPECT_EQ(copy[1].FrameExtent, 128u);
            MDL* const first = irp->MdlAddress;
            EXPECT_EQ(MmGetMdlByteCount(first), 128u);
            EXPECT_EQ(MmGetSystemAddressForMdlSafe(first, NormalPagePriority), data_);
            EXPECT_NE(first->Next, nullptr);
            EXPECT_EQ(first->Next->Next, nullptr);
            return STATUS_SUCCESS;
        };
        EXPECT_EQ(send(headers), STATUS_SUCCESS);
    });
}

TEST_F(R_KS_06, read_headers_go_back_to_the_client) {
    open();
    inside([&] {
        std::vector<KSSTREAM_HEADER> headers = {header(data_, 256, 0)};
        on_control() = [&](IRP* irp) -> NTSTATUS {
            EXPECT_EQ(KsProbeStreamIrp(irp, KSPROBE_STREAMREAD, sizeof(KSSTREAM_HEADER)), STATUS_SUCCESS);
            static_cast<KSSTREAM_HEADER*>(irp->AssociatedIrp.SystemBuffer)->DataUsed = 77;
            irp->IoStatus.Information = sizeof(KSSTREAM_HEADER);
            return STATUS_SUCCESS;
        };
        EXPECT_EQ(send(headers, false), STATUS_SUCCESS);
        EXPECT_EQ(headers[0].DataUsed, 77u);
    });
}

TEST_F(R_KS_06, wrong_headers_are_refused) {
    open();
    inside([&] {
        on_control() = [&](IRP* irp) {
            const auto& control = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
            const bool write = control.IoControlCode == IOCTL_KS_WRITE_STREAM;
            return KsProbeStreamIrp(irp, write ? KSPROBE_STREAMWRITE : KSPROBE_STREAMREAD, sizeof(KSSTREAM_HEADER));
        };
        std::vector<KSSTREAM_HEADER> headers = {header(data_, 128, 128)};
        EXPECT_EQ(send(headers), STATUS_SUCCESS);
        for (ULONG bytes = 0; bytes < sizeof(KSSTREAM_HEADER); ++bytes) {
            EXPECT_EQ(control(file_, IOCTL_KS_WRITE_STREAM, nullptr, 0, headers.data(), bytes),
                      STATUS_INVALID_BUFFER_SIZE);
        }
        headers[0].DataUsed = 129;
        EXPECT_EQ(send(headers), STATUS_INVALID_BUFFER_SIZE) << "more used than there is";
        headers[0] = header(data_, 128, 1);
        EXPECT_EQ(send(headers, false), STATUS_INVALID_BUFFER_SIZE) << "a read has used nothing yet";
        headers[0] = header(nullptr, 128, 128);
        EXPECT_EQ(send(headers), STATUS_INVALID_PARAMETER);
        headers[0] = header(data_, 128, 128);
        headers[0].Size = 8;
        EXPECT_EQ(send(headers), STATUS_INVALID_BUFFER_SIZE);
        headers[0].Size = 0xFFFFFFF8;
        EXPECT_EQ(send(headers), STATUS_INVALID_BUFFER_SIZE);
    });
}

// Whoever probes without a size takes longer headers, but only of whole multiples of eight bytes.
TEST_F(R_KS_06, sizes_of_headers_are_multiples_of_eight) {
    open();
    inside([&] {
        on_control() = [](IRP* irp) { return KsProbeStreamIrp(irp, KSPROBE_STREAMWRITE, 0); };
        std::vector<KSSTREAM_HEADER> headers = {header(data_, 128, 128), {}}; // room for a longer one
        for (ULONG more = 0; more <= 16; ++more) {
            headers[0].Size = static_cast<ULONG>(sizeof(KSSTREAM_HEADER)) + more;
            EXPECT_EQ(control(file_, IOCTL_KS_WRITE_STREAM, nullptr, 0, headers.data(), headers[0].Size),
                      more % 8 == 0 ? STATUS_SUCCESS : STATUS_INVALID_BUFFER_SIZE)
                << more;
        }
    });
}

TEST_F(R_KS_06, a_changed_format_stands_alone_and_only_where_allowed) {
    open();
    inside([&] {
        ULONG flags = KSPROBE_STREAMWRITE | KSPROBE_ALLOWFORMATCHANGE | KSPROBE_ALLOCATEMDL;
        on_control() = [&](IRP* irp) {
            const NTSTATUS status = KsProbeStreamIrp(irp, flags, sizeof(KSSTREAM_HEADER));
            EXPECT_EQ(irp->MdlAddress, nullptr) << "a format is no data";
            return status;
        };
        KSDATAFORMAT_WAVEFORMATEX format = pcm();
        KSSTREAM_HEADER changed = header(&format, sizeof format, sizeof format);
        changed.OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TYPECHANGED;
        std::vector<KSSTREAM_HEADER> headers = {changed};
        EXPECT_EQ(send(headers), STATUS_SUCCESS);
        headers.push_back(changed);
        EXPECT_EQ(send(headers), STATUS_INVALID_PARAMETER);
        headers.pop_back();
        format.WaveFormatEx.cbSize = 500;
        EXPECT_EQ(send(headers), STATUS_INVALID_BUFFER_SIZE) << "the format is checked";
        format.WaveFormatEx.cbSize = 0;
        flags = KSPROBE_STREAMWRITE;
        EXPECT_EQ(send(headers), STATUS_INVALID_PARAMETER);
    });
}

// A format change "is not of extended length, even if an extended header size was indicated"; data is.
TEST_F(R_KS_06, a_changed_format_has_a_plain_header) {
    open();
    inside([&] {
        ULONG flags = KSPROBE_STREAMWRITE | KSPROBE_ALLOWFORMATCHANGE;
        on_control() = [&](IRP* irp) { return KsProbeStreamIrp(irp, flags, sizeof(KSSTREAM_HEADER) + 16); };
        KSDATAFORMAT_WAVEFORMATEX format = pcm();
        std::vector<KSSTREAM_HEADER> headers = {header(&format, sizeof format, sizeof format)};
        EXPECT_EQ(send(headers), STATUS_INVALID_BUFFER_SIZE) << "data";
        headers[0].OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TYPECHANGED;
        EXPECT_EQ(send(headers), STATUS_SUCCESS);
        flags = KSPROBE_STREAMWRITE;
        EXPECT_EQ(send(headers), STATUS_INVALID_BUFFER_SIZE) << "not allowed";
    });
}

// KSPROBE_PROBEANDLOCK is ignored without KSPROBE_ALLOCATEMDL, KSPROBE_SYSTEMADDRESS without KSPROBE_PROBEANDLOCK.
TEST_F(R_KS_06, flags_are_ignored_without_the_one_before) {
    open();
    inside([&] {
        ULONG flags = KSPROBE_STREAMWRITE | KSPROBE_SYSTEMADDRESS;
        CSHORT mdl_flags = -1; // of the first MDL; -1: there is none
        on_control() = [&](IRP* irp) {
            const NTSTATUS status = KsProbeStreamIrp(irp, flags, 0);
            mdl_flags = irp->MdlAddress != nullptr ? irp->MdlAddress->MdlFlags : CSHORT{-1};
            return status;
        };
        std::vector<KSSTREAM_HEADER> headers = {header(data_, 256, 256)};
        EXPECT_EQ(send(headers), STATUS_SUCCESS);
        EXPECT_EQ(mdl_flags, -1);
        flags = KSPROBE_STREAMWRITE | KSPROBE_PROBEANDLOCK | KSPROBE_SYSTEMADDRESS;
        EXPECT_EQ(send(headers), STATUS_SUCCESS);
        EXPECT_EQ(mdl_flags, -1);
        flags = KSPROBE_STREAMWRITE | KSPROBE_ALLOCATEMDL | KSPROBE_SYSTEMADDRESS;
        EXPECT_EQ(send(headers), STATUS_SUCCESS);
        ASSERT_NE(mdl_flags, -1);
        EXPECT_EQ(mdl_flags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
    });
}

} // namespace conformance
