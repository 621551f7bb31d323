// What becomes of a remote I/O target whose device is to be removed ("Controlling a General I/O Target's State").
#include "kmdf_fixture.h"

namespace openportcls::pnp::kmdf {
namespace {

// What the driver's callbacks were called for, and what they do.
struct Heard {
    std::vector<std::string> events;
    NTSTATUS answer = STATUS_SUCCESS;
    bool deletes = false;
};
Heard heard;

NTSTATUS NTAPI on_query_remove(WDFIOTARGET target) {
    heard.events.emplace_back("query remove");
    if (NT_SUCCESS(heard.answer)) {
        WdfIoTargetCloseForQueryRemove(target);
    }
    return heard.answer;
}

VOID NTAPI on_remove_canceled(WDFIOTARGET target) {
    heard.events.emplace_back("remove canceled");
    if (WdfIoTargetGetState(target) == WdfIoTargetClosedForQueryRemove) {
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&parameters);
        EXPECT_EQ(WdfIoTargetOpen(target, &parameters), STATUS_SUCCESS);
    }
}

VOID NTAPI on_remove_complete(WDFIOTARGET target) {
    heard.events.emplace_back("remove complete");
    if (heard.deletes) {
        WdfObjectDelete(target);
    } else {
        WdfIoTargetClose(target);
    }
}

class KmdfRemoval : public Kmdf {
protected:
    KmdfRemoval() { heard = {}; }

    void SetUp() override {
        Kmdf::SetUp();
        inside([&] {
            ASSERT_EQ(IoCreateDevice(&watched_driver_.object, 0, &name_, FILE_DEVICE_SOUND, 0, FALSE, &watched_),
                      STATUS_SUCCESS);
            watched_->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            references_ = watched_->ReferenceCount;
            ASSERT_EQ(WdfIoTargetCreate(device_, WDF_NO_OBJECT_ATTRIBUTES, &target_), STATUS_SUCCESS);
        });
    }
    void TearDown() override {
        Kmdf::TearDown();
        inside([&] { IoDeleteDevice(watched_); });
    }

    NTSTATUS open(bool with_callbacks) {
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&parameters, &name_, GENERIC_READ);
        if (with_callbacks) {
            parameters.EvtIoTargetQueryRemove = on_query_remove;
            parameters.EvtIoTargetRemoveCanceled = on_remove_canceled;
            parameters.EvtIoTargetRemoveComplete = on_remove_complete;
        }
        return WdfIoTargetOpen(target_, &parameters);
    }
    NTSTATUS notify(const GUID& event) { return kernel().notifications.target_changed(watched_, event); }
    WDF_IO_TARGET_STATE state() const { return WdfIoTargetGetState(target_); }

    executive::TestDriver watched_driver_{dispatch};
    DEVICE_OBJECT* watched_ = nullptr;
    UNICODE_STRING name_ = executive::unicode(u"\\Device\\KmdfWatched");
    LONG references_ = 0;
    WDFIOTARGET target_ = nullptr;
};

TEST_F(KmdfRemoval, WithoutCallbacksTheFrameworkLetsGoAndTakesUpAgain) {
    inside([&] {
        ASSERT_EQ(open(false), STATUS_SUCCESS);
        for (int round = 0; round < 2; ++round) {
            EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
            EXPECT_EQ(state(), WdfIoTargetClosedForQueryRemove);
            EXPECT_EQ(watched_->ReferenceCount, references_) << "nothing holds the removal back";
            notify(GUID_TARGET_DEVICE_REMOVE_CANCELLED);
            EXPECT_EQ(state(), WdfIoTargetStarted);
            EXPECT_NE(WdfIoTargetWdmGetTargetFileObject(target_), nullptr);
        }
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        notify(GUID_TARGET_DEVICE_REMOVE_COMPLETE);
        EXPECT_EQ(state(), WdfIoTargetClosed);
        notify(GUID_TARGET_DEVICE_REMOVE_CANCELLED);
        EXPECT_EQ(state(), WdfIoTargetClosed) << "for good";
    });
}

// Pulled out, a device is not asked for.
TEST_F(KmdfRemoval, ASurpriseClosesTheTarget) {
    inside([&] {
        ASSERT_EQ(open(false), STATUS_SUCCESS);
        notify(GUID_TARGET_DEVICE_REMOVE_COMPLETE);
        EXPECT_EQ(state(), WdfIoTargetClosed);
        EXPECT_EQ(watched_->ReferenceCount, references_);
    });
}

// A cancelled removal that was never asked for here: another watcher refused it first.
TEST_F(KmdfRemoval, ATargetThatWasNotClosedStaysAsItIs) {
    inside([&] {
        ASSERT_EQ(open(false), STATUS_SUCCESS);
        FILE_OBJECT* file = WdfIoTargetWdmGetTargetFileObject(target_);
        WdfIoTargetStop(target_, WdfIoTargetCancelSentIo);
        notify(GUID_TARGET_DEVICE_REMOVE_CANCELLED);
        EXPECT_EQ(state(), WdfIoTargetStopped);
        EXPECT_EQ(WdfIoTargetWdmGetTargetFileObject(target_), file);
    });
}

TEST_F(KmdfRemoval, TheDriversCallbacksDecide) {
    inside([&] {
        ASSERT_EQ(open(true), STATUS_SUCCESS);
        heard.answer = STATUS_UNSUCCESSFUL;
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(state(), WdfIoTargetStarted);
        notify(GUID_TARGET_DEVICE_REMOVE_CANCELLED);
        EXPECT_EQ(heard.events, (std::vector<std::string>{"query remove", "remove canceled"}));
        EXPECT_EQ(state(), WdfIoTargetStarted);
        heard = {};
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        EXPECT_EQ(state(), WdfIoTargetClosedForQueryRemove);
        notify(GUID_TARGET_DEVICE_REMOVE_CANCELLED);
        EXPECT_EQ(heard.events, (std::vector<std::string>{"query remove", "remove canceled"}));
        EXPECT_EQ(state(), WdfIoTargetStarted);
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS) << "the callbacks are still known";
        notify(GUID_TARGET_DEVICE_REMOVE_COMPLETE);
        EXPECT_EQ(heard.events,
                  (std::vector<std::string>{"query remove", "remove canceled", "query remove", "remove complete"}));
        EXPECT_EQ(state(), WdfIoTargetClosed);
    });
}

TEST_F(KmdfRemoval, ATargetMayGoInItsLastCallback) {
    inside([&] {
        ASSERT_EQ(open(true), STATUS_SUCCESS);
        heard.deletes = true;
        const auto objects = Framework::current().object_count();
        notify(GUID_TARGET_DEVICE_REMOVE_COMPLETE);
        EXPECT_EQ(Framework::current().object_count(), objects - 1);
        EXPECT_EQ(watched_->ReferenceCount, references_);
        notify(GUID_TARGET_DEVICE_REMOVE_COMPLETE);
        EXPECT_EQ(heard.events.size(), 1u);
    });
}

TEST_F(KmdfRemoval, AClosedTargetHearsNothing) {
    inside([&] {
        ASSERT_EQ(open(true), STATUS_SUCCESS);
        WdfIoTargetClose(target_);
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        ASSERT_EQ(open(true), STATUS_SUCCESS);
        WdfObjectDelete(target_);
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        EXPECT_TRUE(heard.events.empty());
    });
}

// A device that was opened by its pointer is watched if the driver gave a file object on it, which stays the driver's.
TEST_F(KmdfRemoval, DevicesOpenedByPointerAreWatchedThroughTheirFile) {
    inside([&] {
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(executive::open_file(u"\\Device\\KmdfWatched", nullptr, &file), STATUS_SUCCESS);
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_EXISTING_DEVICE(&parameters, watched_);
        parameters.EvtIoTargetQueryRemove = on_query_remove;
        ASSERT_EQ(WdfIoTargetOpen(target_, &parameters), STATUS_SUCCESS);
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        EXPECT_TRUE(heard.events.empty());
        WdfIoTargetClose(target_);
        parameters.TargetFileObject = file;
        ASSERT_EQ(WdfIoTargetOpen(target_, &parameters), STATUS_SUCCESS);
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        EXPECT_EQ(heard.events, (std::vector<std::string>{"query remove"}));
        executive::close_file(file);
    });
}

// What was opened by its pointer is not opened again by the name of an opening before.
TEST_F(KmdfRemoval, DevicesOpenedByPointerStayClosedWhenTheRemovalIsCancelled) {
    inside([&] {
        ASSERT_EQ(open(false), STATUS_SUCCESS);
        WdfIoTargetClose(target_);
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(executive::open_file(u"\\Device\\KmdfWatched", nullptr, &file), STATUS_SUCCESS);
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_EXISTING_DEVICE(&parameters, watched_);
        parameters.TargetFileObject = file;
        ASSERT_EQ(WdfIoTargetOpen(target_, &parameters), STATUS_SUCCESS);
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        notify(GUID_TARGET_DEVICE_REMOVE_CANCELLED);
        EXPECT_EQ(state(), WdfIoTargetClosedForQueryRemove);
        executive::close_file(file);
    });
}

// The driver's code is gone, its target is not: the framework lets go of the device by itself.
TEST_F(KmdfRemoval, NobodyIsCalledInADriverThatIsGone) {
    inside([&] {
        ASSERT_EQ(open(true), STATUS_SUCCESS);
        EXPECT_EQ(kernel().notifications.count_of(&driver_.object), 0u) << "nothing that the driver could forget";
        Framework::current().disown(&driver_.object);
        EXPECT_EQ(notify(GUID_TARGET_DEVICE_QUERY_REMOVE), STATUS_SUCCESS);
        EXPECT_TRUE(heard.events.empty());
        EXPECT_EQ(watched_->ReferenceCount, references_);
    });
}

} // namespace
} // namespace openportcls::pnp::kmdf
