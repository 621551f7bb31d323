// Cancel-safe queues that may refuse (IoCsqInitializeEx), and IRPs that are taken out by their context.
#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {
namespace {

struct Queue {
    IO_CSQ csq; // first: the callbacks get it
    std::vector<IRP*> irps;
    std::vector<IRP*> cancelled;
    void* seen_context = nullptr;
    NTSTATUS answer = STATUS_SUCCESS;
};
Queue& queue_of(IO_CSQ* csq) {
    return *reinterpret_cast<Queue*>(csq);
}
NTSTATUS NTAPI insert(IO_CSQ* csq, IRP* irp, void* context) {
    Queue& queue = queue_of(csq);
    queue.seen_context = context;
    if (NT_SUCCESS(queue.answer)) {
        queue.irps.push_back(irp);
    }
    return queue.answer;
}
void NTAPI remove(IO_CSQ* csq, IRP* irp) {
    std::erase(queue_of(csq).irps, irp);
}
IRP* NTAPI peek(IO_CSQ* csq, IRP*, void*) {
    return queue_of(csq).irps.empty() ? nullptr : queue_of(csq).irps.front();
}
void NTAPI lock(IO_CSQ*, KIRQL* old) {
    KeRaiseIrql(DISPATCH_LEVEL, old);
}
void NTAPI unlock(IO_CSQ*, KIRQL old) {
    KeLowerIrql(old);
}
void NTAPI complete_cancelled(IO_CSQ* csq, IRP* irp) {
    queue_of(csq).cancelled.push_back(irp);
}

IRP* make_irp() {
    IRP* irp = IoAllocateIrp(2, FALSE);
    IoSetNextIrpStackLocation(irp);
    return irp;
}

using CancelSafeQueueEx = ExecutiveTest;

// nf-wdm-iocsqinsertirpex: the status is the callback's, which gets the insertion's context.
TEST_F(CancelSafeQueueEx, IoCsqInsertIrpExPassesTheCallbacksAnswerOn) {
    inside([&] {
        Queue queue;
        ASSERT_EQ(IoCsqInitializeEx(&queue.csq, &insert, &remove, &peek, &lock, &unlock, &complete_cancelled),
                  STATUS_SUCCESS);
        IRP* irp = make_irp();
        int mark = 0;
        EXPECT_EQ(IoCsqInsertIrpEx(&queue.csq, irp, nullptr, &mark), STATUS_SUCCESS);
        EXPECT_EQ(queue.seen_context, &mark);
        EXPECT_NE(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED, 0);
        IRP* refused = make_irp();
        queue.answer = STATUS_DEVICE_BUSY;
        EXPECT_EQ(IoCsqInsertIrpEx(&queue.csq, refused, nullptr, nullptr), STATUS_DEVICE_BUSY);
        EXPECT_FALSE(IoCancelIrp(refused)) << "not in the queue: nothing cancels it";
        EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), irp);
        EXPECT_TRUE(queue.irps.empty());
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        IoFreeIrp(irp);
        IoFreeIrp(refused);
    });
}

// nf-wdm-iocsqremoveirp: the IRP of the context, or NULL once it was cancelled.
TEST_F(CancelSafeQueueEx, IoCsqRemoveIrpTakesTheOneOfTheContext) {
    inside([&] {
        Queue queue;
        IoCsqInitializeEx(&queue.csq, &insert, &remove, &peek, &lock, &unlock, &complete_cancelled);
        IRP* irps[3] = {make_irp(), make_irp(), make_irp()};
        IO_CSQ_IRP_CONTEXT contexts[3];
        for (int index = 0; index < 3; ++index) {
            IoCsqInsertIrp(&queue.csq, irps[index], &contexts[index]);
        }
        EXPECT_EQ(IoCsqRemoveIrp(&queue.csq, &contexts[1]), irps[1]);
        EXPECT_EQ(queue.irps, (std::vector<IRP*>{irps[0], irps[2]}));
        EXPECT_EQ(IoCsqRemoveIrp(&queue.csq, &contexts[1]), nullptr) << "taken already";
        EXPECT_TRUE(IoCancelIrp(irps[2]));
        EXPECT_EQ(queue.cancelled, (std::vector<IRP*>{irps[2]}));
        EXPECT_EQ(IoCsqRemoveIrp(&queue.csq, &contexts[2]), nullptr);
        EXPECT_EQ(IoCsqRemoveNextIrp(&queue.csq, nullptr), irps[0]);
        for (IRP* irp : irps) {
            IoFreeIrp(irp);
        }
    });
}

} // namespace
} // namespace openportcls::executive
