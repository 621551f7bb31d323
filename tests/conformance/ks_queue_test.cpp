// Cancelable queues of IRPs: who may hold which lock.
#include "probe_driver.h"

namespace conformance {

class KsQueues : public KsDriverTest {};

// KsMoveIrpsOnCancelableQueue takes the cancel spin lock to change an IRP's lock: KsCancelRoutine, which is called with
// it, keeps it until the IRP has left the queue whose lock it found.
TEST_F(KsQueues, ACancelledIrpDoesNotMove) {
    open();
    struct Queues {
        LIST_ENTRY source;
        LIST_ENTRY destination;
        KSPIN_LOCK source_lock = 0;
        KSPIN_LOCK destination_lock = 0;
        KDPC dpc;
        ULONG moved = 0;
        static void NTAPI move(KDPC*, void* context, void*, void*) {
            auto& queues = *static_cast<Queues*>(context);
            KsMoveIrpsOnCancelableQueue(&queues.source, &queues.source_lock, &queues.destination,
                                        &queues.destination_lock, KsListEntryHead, count, context);
        }
        static NTSTATUS NTAPI count(PIRP irp, PVOID context) {
            static_cast<Queues*>(context)->moved += irp != nullptr ? 1 : 0;
            return STATUS_SUCCESS;
        }
    };
    static Queues* queues_;
    Queues queues;
    queues_ = &queues;
    InitializeListHead(&queues.source);
    InitializeListHead(&queues.destination);
    inside([&] {
        KeInitializeDpc(&queues.dpc, Queues::move, &queues);
        on_control() = [&](IRP* irp) -> NTSTATUS {
            IoMarkIrpPending(irp);
            KsAddIrpToCancelableQueue(
                &queues.source, &queues.source_lock, irp, KsListEntryTail,
                +[](DEVICE_OBJECT* device, IRP* cancelled) NTAPI {
                    // It runs as soon as the routine lets the level sink.
                    KeInsertQueueDpc(&queues_->dpc, nullptr, nullptr);
                    KsCancelRoutine(device, cancelled);
                });
            return STATUS_PENDING;
        };
        NTSTATUS status = STATUS_PENDING;
        const KSPROPERTY in = request(custom_set, 0);
        const auto completed =
            +[](void* context, NTSTATUS result, ULONG_PTR) NTAPI { *static_cast<NTSTATUS*>(context) = result; };
        EXPECT_EQ(
            executive::start_device_control(file_, IOCTL_KS_PROPERTY, &in, sizeof in, nullptr, 0, completed, &status),
            STATUS_PENDING);
        EXPECT_TRUE(IoCancelIrp(CONTAINING_RECORD(queues.source.Flink, IRP, Tail.Overlay.ListEntry)));
        EXPECT_EQ(status, STATUS_CANCELLED);
        EXPECT_EQ(queues.moved, 0u) << "it had left its queue";
        EXPECT_TRUE(IsListEmpty(&queues.source));
        EXPECT_TRUE(IsListEmpty(&queues.destination));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    });
}

} // namespace conformance
