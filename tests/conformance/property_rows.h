// The rows of ks_properties.tsv as test parameters: the GUIDs and ids of the headers, the shapes of the documentation.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <portcls.h>

#include "../coverage/property_rows.h"

namespace conformance {

struct PropertyRow {
    std::string kind;
    std::string test_name; // the row's name; with its set where a name is there twice
    std::string name;
    GUID set;
    ULONG id;
    std::string get;
    std::string set_verb;
    std::string target;
    std::string descriptor;
    std::string value;
    std::string handling;
    std::string min_os;

    bool can_get() const { return get != "No"; }
    bool can_set() const { return set_verb != "No"; }
};

std::ostream& operator<<(std::ostream& stream, const PropertyRow& row);

std::vector<PropertyRow> property_rows(std::string_view kind, std::initializer_list<coverage::Handling> handlings);

// What a client sends in front: the documented structure's size, and whether it begins with a KSNODEPROPERTY.
struct DescriptorShape {
    ULONG bytes;
    bool has_node;
};
DescriptorShape descriptor_shape(const PropertyRow& row);

// The size of the documented value; of lists and arrays, with three elements.
ULONG value_bytes(const PropertyRow& row);

} // namespace conformance
