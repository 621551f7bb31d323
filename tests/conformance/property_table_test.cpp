// Every property, method and event of ks_properties.tsv that is not the port's own: what a miniport lists in its
// automation tables reaches its handler as documented, what nobody lists is refused.
#include "core_fixture.h"
#include "property_rows.h"

namespace conformance {

namespace {

using coverage::Handling;

// Where a request goes and which of the miniport's tables lists the property.
struct Route {
    bool through_pin;
    bool pin_table; // else the filter's; node tables are meant by the descriptor
};

std::vector<Route> routes_of(const PropertyRow& row) {
    const auto has = [](const std::string& text, const char* word) { return text.find(word) != std::string::npos; };
    const bool factory = has(row.target, "factory");
    bool filter = factory || has(row.target, "ilter");
    bool pin = !factory && has(row.target, "Pin");
    if (row.handling.starts_with("not handled")) { // "a miniport's pin table may"
        filter = false;
        pin = true;
    }
    if (!filter && !pin) { // no page says: a node can be reached either way
        filter = pin = true;
    }
    const bool only_filter_table = row.handling.starts_with("MINIPORT filter table");
    std::vector<Route> routes;
    if (filter) {
        routes.push_back({false, false});
    }
    if (pin) {
        routes.push_back({true, !only_filter_table});
    }
    return routes;
}

bool is_in_node_table(const PropertyRow& row) {
    return descriptor_shape(row).has_node || row.handling.find("synth node table") != std::string::npos;
}

struct SeenRequest {
    PCPROPERTY_REQUEST request;
    std::vector<UCHAR> instance;
    std::vector<UCHAR> value;
};

// What the miniport's handler saw, and what it has to say.
struct Journal {
    std::vector<SeenRequest> requests;
    ULONG answer_bytes = 0;
};
Journal* journal;

NTSTATUS NTAPI recording_handler(PCPROPERTY_REQUEST* request) {
    const auto bytes = [](const void* from, ULONG count) {
        const auto* const begin = static_cast<const UCHAR*>(from);
        return begin == nullptr ? std::vector<UCHAR>() : std::vector<UCHAR>(begin, begin + count);
    };
    journal->requests.push_back(
        {*request, bytes(request->Instance, request->InstanceSize), bytes(request->Value, request->ValueSize)});
    if (request->Verb == KSPROPERTY_TYPE_SET) {
        return STATUS_SUCCESS;
    }
    const ULONG answer = request->Verb == KSPROPERTY_TYPE_BASICSUPPORT ? ULONG{sizeof(ULONG)} : journal->answer_bytes;
    if (request->ValueSize == 0 && answer != 0) {
        request->ValueSize = answer;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request->ValueSize < answer) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (answer != 0) {
        std::memset(request->Value, 0xA5, answer);
    }
    request->ValueSize = answer;
    return STATUS_SUCCESS;
}

std::vector<UCHAR> pattern(ULONG bytes) {
    std::vector<UCHAR> result(bytes);
    for (ULONG i = 0; i < bytes; ++i) {
        result[i] = static_cast<UCHAR>(i * 7 + 3);
    }
    return result;
}

std::string name_of_row(const ::testing::TestParamInfo<PropertyRow>& info) {
    return info.param.test_name;
}

} // namespace

// A wave miniport that lists just the row's property, where the documentation wants it.
class TableTest : public CoreTest, public ::testing::WithParamInterface<PropertyRow> {
protected:
    TableTest() { journal = &journal_; }
    ~TableTest() override { journal = nullptr; }

    void list_property(ULONG item_flags) {
        const PropertyRow& row = GetParam();
        item_ = {&row.set, row.id, item_flags, recording_handler};
        automation_ = {sizeof item_, 1, &item_, sizeof(PCMETHOD_ITEM), 0, nullptr, sizeof(PCEVENT_ITEM), 0, nullptr, 0};
        journal_.answer_bytes = value_bytes(row);
        use_table(is_in_node_table(row), true, true);
    }
    // Puts the table at the node, or at the filter and the render pin.
    void use_table(bool at_node, bool at_filter, bool at_pin) {
        script_.adjust = [this, at_node, at_filter, at_pin](PCFILTER_DESCRIPTOR& filter, bool wave) {
            filter.AutomationTable = wave && !at_node && at_filter ? &automation_ : nullptr;
            if (!wave) {
                return;
            }
            const auto* const pins = reinterpret_cast<const WidePin*>(filter.Pins);
            pins_.assign(pins, pins + filter.PinCount);
            pins_[render_pin].pin.AutomationTable = !at_node && at_pin ? &automation_ : nullptr;
            filter.Pins = &pins_[0].pin;
            node_ = filter.Nodes[wave_node];
            node_.AutomationTable = at_node ? &automation_ : nullptr;
            filter.Nodes = &node_;
            filter.NodeCount = 1;
        };
    }

    // The documented descriptor with this verb; behind the header a pattern.
    std::vector<UCHAR> descriptor(ULONG verb) const {
        const DescriptorShape shape = descriptor_shape(GetParam());
        std::vector<UCHAR> bytes = pattern(shape.bytes);
        auto& property = *reinterpret_cast<KSPROPERTY*>(bytes.data());
        property = request(GetParam().set, GetParam().id, verb | (shape.has_node ? KSPROPERTY_TYPE_TOPOLOGY : 0));
        if (shape.has_node) {
            reinterpret_cast<KSNODEPROPERTY*>(bytes.data())->NodeId = wave_node;
        }
        return bytes;
    }
    NTSTATUS send(FILE_OBJECT* file, ULONG verb, std::vector<UCHAR>& value) {
        const std::vector<UCHAR> in = descriptor(verb);
        return property(file, in.data(), static_cast<ULONG>(in.size()), value.empty() ? nullptr : value.data(),
                        static_cast<ULONG>(value.size()));
    }

    // R-PROP-02 to R-PROP-06: everything in the request the handler got last.
    void expect_request(const Route& route, ULONG verb, const std::vector<UCHAR>& value) {
        ASSERT_FALSE(journal_.requests.empty());
        const SeenRequest& seen = journal_.requests.back();
        const DescriptorShape shape = descriptor_shape(GetParam());
        EXPECT_EQ(seen.request.MajorTarget, static_cast<IUnknown*>(script_.wave_miniport));
        EXPECT_EQ(seen.request.MinorTarget, route.through_pin && (route.pin_table || is_in_node_table(GetParam()))
                                                ? static_cast<IUnknown*>(script_.streams.at(0)->main_interface())
                                                : nullptr);
        EXPECT_EQ(seen.request.Node, is_in_node_table(GetParam()) ? wave_node : ULONG(-1));
        EXPECT_EQ(seen.request.PropertyItem, &item_);
        EXPECT_EQ(seen.request.Verb, verb);
        const ULONG header = shape.has_node ? sizeof(KSNODEPROPERTY) : sizeof(KSPROPERTY);
        EXPECT_EQ(seen.request.InstanceSize, shape.bytes - header);
        const std::vector<UCHAR> sent = descriptor(verb);
        EXPECT_EQ(seen.instance, std::vector<UCHAR>(sent.begin() + header, sent.end()));
        EXPECT_EQ(seen.request.Instance == nullptr, shape.bytes == header);
        EXPECT_EQ(seen.request.ValueSize, value.size());
        if (verb == KSPROPERTY_TYPE_SET) {
            EXPECT_EQ(seen.value, value);
        }
        EXPECT_NE(seen.request.Irp, nullptr);
        journal_.requests.clear();
    }
    void expect_get(const Route& route, FILE_OBJECT* file) {
        const ULONG bytes = value_bytes(GetParam());
        std::vector<UCHAR> none;
        std::vector<UCHAR> value(bytes + 8);
        if (!GetParam().can_get()) {
            EXPECT_EQ(send(file, KSPROPERTY_TYPE_GET, value), STATUS_NOT_FOUND);
            EXPECT_TRUE(journal_.requests.empty());
            return;
        }
        EXPECT_EQ(send(file, KSPROPERTY_TYPE_GET, none), bytes == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, bytes);
        expect_request(route, KSPROPERTY_TYPE_GET, none);
        EXPECT_EQ(send(file, KSPROPERTY_TYPE_GET, value), STATUS_SUCCESS);
        EXPECT_EQ(information_, bytes);
        EXPECT_EQ(std::count(value.begin(), value.begin() + bytes, 0xA5), bytes);
        expect_request(route, KSPROPERTY_TYPE_GET, value);
        if (bytes > 1) {
            std::vector<UCHAR> small(bytes - 1);
            EXPECT_EQ(send(file, KSPROPERTY_TYPE_GET, small), STATUS_BUFFER_TOO_SMALL);
            EXPECT_EQ(information_, 0u);
            expect_request(route, KSPROPERTY_TYPE_GET, small);
        }
    }
    void expect_set(const Route& route, FILE_OBJECT* file) {
        std::vector<UCHAR> value = pattern(value_bytes(GetParam()));
        if (!GetParam().can_set()) {
            EXPECT_EQ(send(file, KSPROPERTY_TYPE_SET, value), STATUS_NOT_FOUND);
            EXPECT_TRUE(journal_.requests.empty());
            return;
        }
        EXPECT_EQ(send(file, KSPROPERTY_TYPE_SET, value), STATUS_SUCCESS);
        EXPECT_EQ(information_, 0u);
        expect_request(route, KSPROPERTY_TYPE_SET, value);
    }
    ULONG documented_access() const {
        return (GetParam().can_get() ? ULONG{KSPROPERTY_TYPE_GET} : 0) |
               (GetParam().can_set() ? ULONG{KSPROPERTY_TYPE_SET} : 0);
    }

    Journal journal_;
    PCPROPERTY_ITEM item_ = {};
    PCEVENT_ITEM event_item_ = {};
    PCAUTOMATION_TABLE automation_ = {};
    std::vector<WidePin> pins_;
    PCNODE_DESCRIPTOR node_ = {};
};

// ---- properties of the miniport -----------------------------------------------------------------------------------

class MiniportProperty : public TableTest {};

// R-PROP-01 to R-PROP-06, R-PROP-22, R-PROP-32 for each row; the item's flags are the page's Get and Set.
TEST_P(MiniportProperty, ReachesItsHandler) {
    list_property(documented_access() | PCPROPERTY_ITEM_FLAG_BASICSUPPORT);
    start_and_open();
    inside([&] {
        for (const Route& route : routes_of(GetParam())) {
            SCOPED_TRACE(route.through_pin ? "through the pin" : "through the filter");
            FILE_OBJECT* const file = route.through_pin ? open_pin() : wave_;
            if (route.through_pin && !route.pin_table) {
                close(file); // only the filter lists it: any pin will do, one without a table of its own
            }
            FILE_OBJECT* const target = route.through_pin && !route.pin_table ? open_pin(capture_pin) : file;
            expect_get(route, target);
            expect_set(route, target);
            std::vector<UCHAR> access(sizeof(ULONG));
            EXPECT_EQ(send(target, KSPROPERTY_TYPE_BASICSUPPORT, access), STATUS_SUCCESS);
            EXPECT_EQ(access, std::vector<UCHAR>(sizeof(ULONG), 0xA5)) << "the handler's word";
            expect_request(route, KSPROPERTY_TYPE_BASICSUPPORT, std::vector<UCHAR>(sizeof(ULONG)));
        }
    });
}

// R-PROP-11: an item without the flag is described by the port.
TEST_P(MiniportProperty, IsDescribedByThePort) {
    list_property(documented_access());
    start_and_open();
    inside([&] {
        for (const Route& route : routes_of(GetParam())) {
            FILE_OBJECT* const file = route.through_pin ? open_pin(route.pin_table ? render_pin : capture_pin) : wave_;
            std::vector<UCHAR> access(sizeof(ULONG));
            EXPECT_EQ(send(file, KSPROPERTY_TYPE_BASICSUPPORT, access), STATUS_SUCCESS);
            ULONG flags = 0;
            std::memcpy(&flags, access.data(), sizeof flags);
            EXPECT_EQ(flags, documented_access() | KSPROPERTY_TYPE_BASICSUPPORT);
            std::vector<UCHAR> none;
            EXPECT_EQ(send(file, KSPROPERTY_TYPE_SETSUPPORT, none), STATUS_SUCCESS);
        }
        EXPECT_TRUE(journal_.requests.empty());
    });
}

INSTANTIATE_TEST_SUITE_P(Table, MiniportProperty,
                         ::testing::ValuesIn(property_rows("property", {Handling::miniport, Handling::miniport_may})),
                         name_of_row);

// ---- what PortCls has no handler for ------------------------------------------------------------------------------

// Nobody lists the property: refused on every handle, with the status that says whether the set is known at all.
class UnlistedProperty : public TableTest {
protected:
    void expect_refusal(FILE_OBJECT* file, ULONG verb, bool node) {
        UCHAR in[256] = {};
        auto& property_in = *reinterpret_cast<KSPROPERTY*>(in);
        const auto ask = [&](ULONG flags) {
            property_in = request(GetParam().set, GetParam().id, flags | (node ? KSPROPERTY_TYPE_TOPOLOGY : 0));
            UCHAR value[256] = {};
            return property(file, in, sizeof in, value, flags == KSPROPERTY_TYPE_SETSUPPORT ? 0 : sizeof value);
        };
        const bool knows_set = ask(KSPROPERTY_TYPE_SETSUPPORT) == STATUS_SUCCESS;
        EXPECT_EQ(ask(verb), knows_set ? STATUS_NOT_FOUND : STATUS_PROPSET_NOT_FOUND);
        EXPECT_EQ(information_, 0u);
    }
};

TEST_P(UnlistedProperty, IsRefused) {
    use_table(true, false, false);
    automation_ = {sizeof item_, 0, nullptr, sizeof(PCMETHOD_ITEM), 0, nullptr, sizeof(PCEVENT_ITEM), 0, nullptr, 0};
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        for (const ULONG verb : {KSPROPERTY_TYPE_GET, KSPROPERTY_TYPE_SET, KSPROPERTY_TYPE_BASICSUPPORT}) {
            for (FILE_OBJECT* const file : {topology_, wave_, pin}) {
                expect_refusal(file, verb, false);
            }
            for (FILE_OBJECT* const file : {wave_, pin}) {
                expect_refusal(file, verb, true);
            }
        }
    });
}

INSTANTIATE_TEST_SUITE_P(Table, UnlistedProperty,
                         ::testing::ValuesIn(property_rows("property", {Handling::outside, Handling::miniport_may,
                                                                        Handling::undecided})),
                         name_of_row);

// R-PROP-23: even a method that a miniport's table lists is not dispatched.
class UnlistedMethod : public TableTest {};

TEST_P(UnlistedMethod, IsRefused) {
    const PCMETHOD_ITEM item = {&GetParam().set, GetParam().id, PCMETHOD_ITEM_FLAG_MODIFY, nullptr};
    automation_ = {sizeof item_, 0, nullptr, sizeof item, 1, &item, sizeof(PCEVENT_ITEM), 0, nullptr, 0};
    use_table(false, true, true);
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        for (FILE_OBJECT* const file : {wave_, pin}) {
            for (const ULONG verb : {KSMETHOD_TYPE_READ, KSMETHOD_TYPE_WRITE, KSMETHOD_TYPE_BASICSUPPORT}) {
                KSMETHOD in = {};
                in.Set = GetParam().set;
                in.Id = GetParam().id;
                in.Flags = verb;
                UCHAR value[64] = {};
                EXPECT_EQ(control(file, IOCTL_KS_METHOD, &in, sizeof in, value, sizeof value),
                          STATUS_PROPSET_NOT_FOUND);
                EXPECT_EQ(information_, 0u);
            }
        }
    });
}

INSTANTIATE_TEST_SUITE_P(Table, UnlistedMethod, ::testing::ValuesIn(property_rows("method", {Handling::outside})),
                         name_of_row);

// ---- events -------------------------------------------------------------------------------------------------------

namespace {

struct SeenEvents {
    std::vector<PCEVENT_REQUEST> requests;
    IPort* port = nullptr;
};
SeenEvents* seen_events;

NTSTATUS NTAPI recording_event_handler(PCEVENT_REQUEST* request) {
    seen_events->requests.push_back(*request);
    if (request->Verb == PCEVENT_VERB_ADD) {
        portcls::ComPointer<IPortEvents>::query(seen_events->port, IID_IPortEvents)
            ->AddEventToEventList(request->EventEntry);
    }
    return STATUS_SUCCESS;
}

} // namespace

class MiniportEvent : public TableTest {
protected:
    MiniportEvent() { seen_events = &seen_; }
    ~MiniportEvent() override { seen_events = nullptr; }

    bool on_node() const { return GetParam().descriptor == "KSE_NODE"; }
    KSE_NODE descriptor(ULONG verb) const {
        KSE_NODE result = {};
        result.Event = event(GetParam().set, GetParam().id, verb | (on_node() ? KSEVENT_TYPE_TOPOLOGY : 0));
        result.NodeId = wave_node;
        return result;
    }
    NTSTATUS send(FILE_OBJECT* file, ULONG verb, KSEVENTDATA& data) {
        const KSE_NODE in = descriptor(verb);
        return control(file, IOCTL_KS_ENABLE_EVENT, &in, on_node() ? sizeof in : sizeof in.Event, &data, sizeof data);
    }
    void expect_request(FILE_OBJECT* file, ULONG verb) {
        ASSERT_EQ(seen_.requests.size(), 1u);
        const PCEVENT_REQUEST& seen = seen_.requests[0];
        EXPECT_EQ(seen.MajorTarget, static_cast<IUnknown*>(script_.wave_miniport));
        EXPECT_EQ(seen.MinorTarget,
                  file == wave_ ? nullptr : static_cast<IUnknown*>(script_.streams.at(0)->main_interface()));
        EXPECT_EQ(seen.Node, on_node() ? wave_node : ULONG(-1));
        EXPECT_EQ(seen.EventItem, &event_item_);
        EXPECT_EQ(seen.Verb, verb);
        EXPECT_EQ(seen.EventEntry == nullptr, verb == PCEVENT_VERB_SUPPORT);
        seen_.requests.clear();
    }

    SeenEvents seen_;
};

// R-EVENT-02, R-EVENT-03, R-EVENT-05, R-EVENT-07, R-EVENT-08: asked about, enabled, fired, disabled; on a filter's
// handle, which is where capability and control-change events are enabled, and on a pin's.
// Shows PCEVENT_VERB_ADD.
TEST_P(MiniportEvent, ReachesItsHandlerAndFires) {
    event_item_ = {&GetParam().set, GetParam().id, PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_BASICSUPPORT,
                   recording_event_handler};
    automation_ = {sizeof item_, 0, nullptr, sizeof(PCMETHOD_ITEM), 0, nullptr, sizeof event_item_, 1, &event_item_, 0};
    use_table(on_node(), true, true);
    start_and_open();
    inside([&] {
        seen_.port = script_.wave_port;
        for (FILE_OBJECT* const file : {wave_, open_pin()}) {
            const HANDLE handle = create_event();
            KSEVENTDATA data = event_data(handle);
            EXPECT_EQ(send(file, KSEVENT_TYPE_SETSUPPORT, data), STATUS_SUCCESS);
            EXPECT_TRUE(seen_.requests.empty());
            EXPECT_EQ(send(file, KSEVENT_TYPE_BASICSUPPORT, data), STATUS_SUCCESS);
            expect_request(file, PCEVENT_VERB_SUPPORT);
            EXPECT_EQ(send(file, KSEVENT_TYPE_ONESHOT, data), STATUS_INVALID_PARAMETER) << "not offered";
            EXPECT_TRUE(seen_.requests.empty());
            ASSERT_EQ(send(file, KSEVENT_TYPE_ENABLE, data), STATUS_SUCCESS);
            expect_request(file, PCEVENT_VERB_ADD);
            EXPECT_FALSE(is_set(handle));
            const GUID set = GetParam().set;
            generate(script_.wave_port, &set, GetParam().id + 1);
            EXPECT_FALSE(is_set(handle)) << "another id";
            generate(script_.wave_port, &set, GetParam().id);
            EXPECT_TRUE(is_set(handle));
            EXPECT_EQ(disable(file, &data), STATUS_SUCCESS);
            expect_request(file, PCEVENT_VERB_REMOVE);
            ZwClose(handle);
        }
    });
}

INSTANTIATE_TEST_SUITE_P(Table, MiniportEvent, ::testing::ValuesIn(property_rows("event", {Handling::miniport})),
                         name_of_row);

class UnlistedEvent : public TableTest {};

TEST_P(UnlistedEvent, IsRefused) {
    start_and_open();
    inside([&] {
        KSEVENTDATA data = event_data(create_event());
        for (FILE_OBJECT* const file : {topology_, wave_, open_pin()}) {
            for (const ULONG verb : {KSEVENT_TYPE_ENABLE, KSEVENT_TYPE_ONESHOT, KSEVENT_TYPE_BASICSUPPORT}) {
                EXPECT_EQ(enable(file, event(GetParam().set, GetParam().id, verb), data), STATUS_PROPSET_NOT_FOUND);
            }
        }
        EXPECT_EQ(disable(wave_, &data), STATUS_UNSUCCESSFUL) << "nothing is armed";
        ZwClose(data.EventHandle.Event);
    });
}

INSTANTIATE_TEST_SUITE_P(Table, UnlistedEvent, ::testing::ValuesIn(property_rows("event", {Handling::outside})),
                         name_of_row);

} // namespace conformance
