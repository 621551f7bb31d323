// The topology of all filters as boxes and arrows: for Graphviz, and for programs that draw it themselves.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/topology.h"

namespace openportcls::cli {

struct Drawing {
    enum class Kind { stream_pin, bridge_pin, node };
    struct Box {
        std::string id;
        std::string label; // lines
        Kind kind = Kind::node;
    };
    struct Group { // a filter
        std::string title;
        std::vector<Box> boxes;
    };
    struct Arrow {
        std::string from;
        std::string to;
        bool is_physical = false; // between two filters
    };
    std::vector<Group> groups;
    std::vector<Arrow> arrows;
};

Drawing draw(const std::vector<FilterPicture>& filters);
std::string to_dot(const std::string& title, const Drawing& drawing);
nlohmann::ordered_json to_json(const Drawing& drawing);

} // namespace openportcls::cli
