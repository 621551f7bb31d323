#include "pnp/inf/property_lines.h"

#include "pnp/inf/guid_text.h"
#include "pnp/inf/line_data.h"

#include <fmt/format.h>

#include <algorithm>

namespace openportcls::pnp {
namespace {

// FLG_ADDPROPERTY_xxx and FLG_DELPROPERTY_xxx of the directives' pages.
constexpr std::uint32_t property_no_clobber = 0x01;
constexpr std::uint32_t property_overwrite_only = 0x02;
constexpr std::uint32_t property_append = 0x04;
constexpr std::uint32_t property_or = 0x08;
constexpr std::uint32_t property_and = 0x10;
constexpr std::uint32_t property_delete_string = 0x01;

constexpr std::uint32_t property_uint32 = 0x07;
constexpr std::uint32_t property_boolean = 0x11;
constexpr std::uint32_t property_string = 0x12;
constexpr std::uint32_t property_binary = 0x1003;
constexpr std::uint32_t property_string_list = 0x2012;

constexpr std::size_t property_value_field = 4; // of AddProperty

// DEVPKEY_DrvPkg_Xxx: one category, and these identifiers.
constexpr std::string_view package_category = "{cf73bb51-3abf-44a2-85e0-9a3dc7a12132}";
constexpr std::string_view package_names[] = {
    "DeviceModel", "DeviceVendorWebSite", "DeviceDetailedDescription", "DeviceDocumentationLink",
    "DeviceIcon",  "DeviceBrandingIcon"};
constexpr std::uint32_t first_identifier = 2; // lower ones are the system's

constexpr std::string_view container_names[] = {"ContainerModelName", "ContainerManufacturer", "ContainerCategories",
                                                "ContainerIcon"};

class PropertyReader {
public:
    PropertyReader(const InfLine& line, std::vector<InfWarning>& warnings) : line_(line), warnings_(warnings) {
        property_.line = line.number;
    }

    std::optional<InfProperty> addition() {
        if (!read_key()) {
            return std::nullopt;
        }
        const auto type = number(2, property_string);
        const auto flags = number(3, 0);
        if (!type || !flags) {
            return refuse("a property's type or flags are no number");
        }
        property_.type = *type;
        if (!read_flags(*flags) || !read_value()) {
            return std::nullopt;
        }
        return std::move(property_);
    }

    std::optional<InfProperty> deletion() {
        if (!read_key()) {
            return std::nullopt;
        }
        property_.action = InfPropertyAction::remove;
        const auto flags = number(2, 0);
        if (!flags || (*flags & ~property_delete_string) != 0) {
            return refuse(fmt::format("the flags '{}' are no way to delete a property", line_.field(2)));
        }
        if (*flags == property_delete_string) {
            if (line_.field(3).empty()) {
                return refuse("names no string to delete from the property");
            }
            property_.action = InfPropertyAction::delete_strings;
            property_.type = property_string_list;
            property_.data = read_multi_string(line_, 3);
        }
        return std::move(property_);
    }

private:
    std::nullopt_t refuse(std::string message) {
        warnings_.push_back({line_.number, std::move(message)});
        return std::nullopt;
    }

    std::optional<std::uint32_t> number(std::size_t field, std::uint32_t otherwise) const {
        const std::string_view text = line_.field(field);
        const auto value = text.empty() ? std::optional<std::uint64_t>(otherwise) : parse_inf_number(text);
        return value && fits(text, *value, sizeof(std::uint32_t)) ? std::optional(static_cast<std::uint32_t>(*value))
                                                                  : std::nullopt;
    }

    // {category}, identifier, or the name of a property of the driver package.
    bool read_key() {
        const std::string_view name = line_.field(0);
        const auto is_name = [&](std::string_view known) { return equal_ignoring_ascii_case(known, name); };
        if (const auto* const named = std::ranges::find_if(package_names, is_name); named != std::end(package_names)) {
            property_.category = package_category;
            property_.identifier = first_identifier + static_cast<std::uint32_t>(named - std::begin(package_names));
            return true;
        }
        if (std::ranges::any_of(container_names, is_name)) {
            refuse(fmt::format("{} is not set: properties of a device's container are not kept", name));
            return false;
        }
        if (!parse_guid(name)) {
            refuse(fmt::format("'{}' is neither the name nor the category of a property", name));
            return false;
        }
        const auto identifier = number(1, 0);
        if (!identifier || *identifier < first_identifier) {
            refuse(fmt::format("a property's identifier has to be 2 or more, not '{}'", line_.field(1)));
            return false;
        }
        property_.category = name;
        property_.identifier = *identifier;
        return true;
    }

    bool read_flags(std::uint32_t flags) {
        property_.keep_existing = (flags & property_no_clobber) != 0;
        property_.only_if_existing = (flags & property_overwrite_only) != 0;
        property_.append_to_list = (flags & property_append) != 0;
        property_.or_with_existing = (flags & property_or) != 0;
        property_.and_with_existing = (flags & property_and) != 0;
        const std::uint32_t known = property_no_clobber | property_overwrite_only |
                                    (property_.type == property_string_list ? property_append : 0) |
                                    (property_.type == property_uint32 ? property_or | property_and : 0);
        if ((flags & ~known) != 0) {
            refuse(fmt::format("the flags {:#x} (FLG_ADDPROPERTY_xxx) are not for a property of type {:#x}", flags,
                               property_.type));
        }
        return (flags & ~known) == 0;
    }

    bool read_value() {
        std::optional<std::vector<std::uint8_t>> data;
        switch (property_.type) {
        case property_string:
            data.emplace();
            append_string(*data, line_.field(property_value_field));
            break;
        case property_string_list:
            data = read_multi_string(line_, property_value_field);
            break;
        case property_uint32:
            data = read_integer(line_, property_value_field, sizeof(std::uint32_t));
            break;
        case property_boolean:
            if (const auto number = parse_inf_number(line_.field(property_value_field))) {
                data = std::vector<std::uint8_t>{static_cast<std::uint8_t>(*number != 0 ? 0xFF : 0)}; // DEVPROP_TRUE
            }
            break;
        case property_binary:
            data = read_bytes(line_, property_value_field);
            break;
        default:
            break;
        }
        if (!data) {
            refuse(fmt::format("the data of property {} {} do not fit its type {}", property_.category,
                               property_.identifier, property_.type));
            return false;
        }
        property_.data = std::move(*data);
        return true;
    }

    const InfLine& line_;
    std::vector<InfWarning>& warnings_;
    InfProperty property_;
};

} // namespace

std::optional<InfProperty> read_add_property_line(const InfLine& line, std::vector<InfWarning>& warnings) {
    return PropertyReader(line, warnings).addition();
}

std::optional<InfProperty> read_delete_property_line(const InfLine& line, std::vector<InfWarning>& warnings) {
    return PropertyReader(line, warnings).deletion();
}

} // namespace openportcls::pnp
