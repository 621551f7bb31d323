// A driver's own list of events, freed while a DPC generates them, under schedules chosen at random.
#include "probe_driver.h"

namespace conformance {
namespace {

// What the remove handler looks at.
struct Leaving {
    bool is_over = false;
    int calls = 0;
    int calls_afterwards = 0;
};
Leaving* leaving;

void NTAPI take_some_time(PFILE_OBJECT, KSEVENT_ENTRY*) {
    ++leaving->calls;
    for (int i = 0; i < 10; ++i) {
        KSPIN_LOCK lock = 0;
        KIRQL irql;
        KeAcquireSpinLock(&lock, &irql);
        KeReleaseSpinLock(&lock, irql);
    }
    leaving->calls_afterwards += leaving->is_over ? 1 : 0;
}

// One machine of an exploration.
class KsEventRace : public KsDriverTest {
public:
    explicit KsEventRace(std::uint64_t seed) : KsDriverTest(exploring(seed)) {}

    // Whether the generation came first.
    bool run(std::uint64_t steps) {
        open();
        bool is_generated = false;
        inside([&] {
            InitializeListHead(&list_);
            item_.EventId = own_event;
            item_.DataInput = sizeof(KSEVENTDATA);
            item_.RemoveHandler = take_some_time;
            on_control() = [this](IRP* irp) { return KsEnableEvent(irp, 1, &set_, &list_, KSEVENTS_SPINLOCK, &lock_); };
            const HANDLE handle = create_event();
            KSEVENTDATA data = event_data(handle);
            EXPECT_EQ(enable(file_, event(custom_event_set, own_event, KSEVENT_TYPE_ONESHOT), data), STATUS_SUCCESS);
            KDPC dpc;
            KeInitializeDpc(&dpc, generate_list, this);
            KeSetTargetProcessorDpc(&dpc, 1);
            KeInsertQueueDpc(&dpc, nullptr, nullptr);
            let_others_run(steps);
            KsFreeEventList(file_, &list_, KSEVENTS_SPINLOCK, &lock_);
            leaving->is_over = true;
            KeFlushQueuedDpcs();
            is_generated = is_set(handle);
            ZwClose(handle);
        });
        TearDown();
        return is_generated;
    }

private:
    static constexpr ULONG own_event = 4;

    static void NTAPI generate_list(KDPC*, void* context, void*, void*) {
        auto& race = *static_cast<KsEventRace*>(context);
        GUID set = custom_event_set;
        KsGenerateEventList(&set, own_event, &race.list_, KSEVENTS_SPINLOCK, &race.lock_);
    }
    void TestBody() override {}

    const GUID set_guid_ = custom_event_set;
    KSEVENT_ITEM item_ = {};
    const KSEVENT_SET set_ = {&set_guid_, 1, &item_};
    LIST_ENTRY list_ = {};
    KSPIN_LOCK lock_ = 0;
};

// R-KS-05: "removal synchronises with generation".
TEST(KsEventRace, AFreedListHasBeenLeft) {
    int generated = 0;
    int freed = 0;
    for_each_schedule(100, [&](std::uint64_t seed) {
        Leaving left;
        leaving = &left;
        KsEventRace race(seed);
        ++(race.run(seed % 20) ? generated : freed);
        EXPECT_EQ(left.calls, 1);
        EXPECT_EQ(left.calls_afterwards, 0);
    });
    leaving = nullptr;
    EXPECT_NE(generated, 0) << "no schedule had the generation first";
    EXPECT_NE(freed, 0) << "no schedule had the removal first";
}

} // namespace
} // namespace conformance
