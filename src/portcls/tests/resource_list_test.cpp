// R-RES-01 to R-RES-05.
#include "helper_fixture.h"

namespace openportcls::portcls {
namespace {

class ResourceListTest : public HelperTest {
protected:
    ResourceListTest() {
        for (ResourceListStorage* storage : {&translated_, &raw_}) {
            storage->add_port(0x220, 16);
            storage->add_interrupt(5, 0x35);
            storage->add_port(0x388, 4);
        }
        raw_.list()->List[0].PartialResourceList.PartialDescriptors[1].u.Interrupt.Vector = 5;
    }

    ComPointer<IResourceList> make() {
        IResourceList* list = nullptr;
        EXPECT_EQ(PcNewResourceList(&list, nullptr, PagedPool, translated_.list(), raw_.list()), STATUS_SUCCESS);
        return ComPointer<IResourceList>::adopt(list);
    }
    static ComPointer<IResourceList> sublist_of(IResourceList* parent, ULONG maximum) {
        IResourceList* list = nullptr;
        EXPECT_EQ(PcNewResourceSublist(&list, nullptr, PagedPool, parent, maximum), STATUS_SUCCESS);
        return ComPointer<IResourceList>::adopt(list);
    }

    ResourceListStorage translated_;
    ResourceListStorage raw_;
};

TEST_F(ResourceListTest, CountsAndFindsWithinOneType_R_RES_04) {
    inside([&] {
        auto list = make();
        EXPECT_EQ(list->NumberOfEntries(), 3u);
        EXPECT_EQ(list->NumberOfPorts(), 2u);
        EXPECT_EQ(list->NumberOfInterrupts(), 1u);
        EXPECT_EQ(list->NumberOfDmas(), 0u);
        EXPECT_EQ(list->NumberOfEntriesOfType(CmResourceTypePort), 2u);
        EXPECT_EQ(list->FindTranslatedEntry(CmResourceTypePort, 0)->u.Port.Length, 16u);
        EXPECT_EQ(list->FindUntranslatedEntry(CmResourceTypePort, 1)->u.Port.Length, 4u);
        EXPECT_EQ(list->FindTranslatedPort(1)->u.Port.Start.QuadPart, 0x388);
        EXPECT_EQ(list->FindTranslatedInterrupt(0)->u.Interrupt.Vector, 0x35u);
    });
}

TEST_F(ResourceListTest, TranslatedAndRawInTheSameOrder_R_RES_05) {
    inside([&] {
        auto list = make();
        EXPECT_EQ(list->FindUntranslatedInterrupt(0)->u.Interrupt.Vector, 5u);
        EXPECT_EQ(list->TranslatedList()->List[0].InterfaceType, Isa);
        EXPECT_EQ(list->UntranslatedList()->List[0].PartialResourceList.Count, 3u);
        raw_.list()->List[0].PartialResourceList.PartialDescriptors[0].Type = CmResourceTypeMemory;
        IResourceList* refused = nullptr;
        EXPECT_EQ(PcNewResourceList(&refused, nullptr, PagedPool, translated_.list(), raw_.list()),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcNewResourceList(&refused, nullptr, PagedPool, translated_.list(), nullptr),
                  STATUS_INVALID_PARAMETER);
    });
}

TEST_F(ResourceListTest, MissingEntriesAreNull_R_RES_03) {
    inside([&] {
        auto list = make();
        EXPECT_EQ(list->FindTranslatedPort(2), nullptr);
        EXPECT_EQ(list->FindUntranslatedDma(0), nullptr);
        auto* entry = list->FindTranslatedPort(0);
        translated_ = ResourceListStorage(); // the caller's lists need not stay
        EXPECT_EQ(entry->u.Port.Start.QuadPart, 0x220);
        EXPECT_EQ(list->FindTranslatedPort(0), entry);
    });
}

TEST_F(ResourceListTest, DeviceWithoutResources) {
    inside([&] {
        IResourceList* list = nullptr;
        ASSERT_EQ(PcNewResourceList(&list, nullptr, PagedPool, nullptr, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(list->NumberOfEntries(), 0u);
        EXPECT_EQ(list->FindTranslatedPort(0), nullptr);
        list->Release();
    });
}

TEST_F(ResourceListTest, SublistHasRoomForItsMaximum_R_RES_01) {
    inside([&] {
        auto parent = make();
        auto list = sublist_of(parent.get(), 2);
        EXPECT_EQ(list->NumberOfEntries(), 0u);
        EXPECT_EQ(list->AddPortFromParent(parent.get(), 1), STATUS_SUCCESS);
        EXPECT_EQ(list->AddInterruptFromParent(parent.get(), 0), STATUS_SUCCESS);
        EXPECT_EQ(list->AddPortFromParent(parent.get(), 0), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(list->NumberOfEntries(), 2u);
        EXPECT_EQ(list->FindTranslatedPort(0)->u.Port.Start.QuadPart, 0x388);
        EXPECT_EQ(list->FindUntranslatedInterrupt(0)->u.Interrupt.Vector, 5u);
        EXPECT_EQ(list->TranslatedList()->List[0].BusNumber, 3u);
        EXPECT_EQ(parent->AddEntry(parent->FindTranslatedPort(0), parent->FindUntranslatedPort(0)),
                  STATUS_INSUFFICIENT_RESOURCES)
            << "the start list is full";
    });
}

TEST_F(ResourceListTest, AddingAMissingEntry_R_RES_02) {
    inside([&] {
        auto parent = make();
        auto list = sublist_of(parent.get(), 4);
        EXPECT_EQ(list->AddPortFromParent(parent.get(), 2), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list->AddDmaFromParent(parent.get(), 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list->AddEntryFromParent(nullptr, CmResourceTypePort, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list->NumberOfEntries(), 0u);
        IResourceList* refused = nullptr;
        EXPECT_EQ(PcNewResourceSublist(&refused, nullptr, PagedPool, nullptr, 1), STATUS_INVALID_PARAMETER);
    });
}

// IResourceList::AddEntry: both are descriptions of one resource.
TEST_F(ResourceListTest, R_RES_05_TheTwoFormsOfAnEntryAreOfOneType) {
    inside([&] {
        auto parent = make();
        auto list = sublist_of(parent.get(), 4);
        auto* const port = parent->FindTranslatedPort(0);
        auto* const interrupt = parent->FindUntranslatedInterrupt(0);
        EXPECT_EQ(list->AddEntry(port, interrupt), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list->AddEntry(port, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list->AddEntry(nullptr, interrupt), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(list->NumberOfEntries(), 0u);
        EXPECT_EQ(list->AddEntry(port, parent->FindUntranslatedPort(0)), STATUS_SUCCESS);
        EXPECT_EQ(list->NumberOfPorts(), 1u);
    });
}

TEST_F(ResourceListTest, InterfacesAndReferences) {
    inside([&] {
        auto list = make();
        IUnknown* unknown = nullptr;
        ASSERT_EQ(list->QueryInterface(IID_IUnknown, reinterpret_cast<PVOID*>(&unknown)), STATUS_SUCCESS);
        EXPECT_EQ(unknown->Release(), 1u);
        ASSERT_EQ(list->QueryInterface(IID_IResourceList, reinterpret_cast<PVOID*>(&unknown)), STATUS_SUCCESS);
        unknown->Release();
        EXPECT_EQ(list->QueryInterface(IID_IServiceGroup, reinterpret_cast<PVOID*>(&unknown)),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(unknown, nullptr);
    });
}

TEST_F(ResourceListTest, PassiveLevelOnly) {
    EXPECT_EQ(crash_of([&] {
                  auto list = make();
                  KIRQL old;
                  KeRaiseIrql(DISPATCH_LEVEL, &old);
                  list->NumberOfEntries();
              }),
              irql_not_less_or_equal);
}

} // namespace
} // namespace openportcls::portcls
