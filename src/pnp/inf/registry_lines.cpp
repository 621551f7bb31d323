#include "pnp/inf/registry_lines.h"

#include "pnp/inf/line_data.h"

#include <fmt/format.h>

namespace openportcls::pnp {
namespace {

// FLG_ADDREG_xxx of the AddReg directive's page. FLG_ADDREG_64BITKEY is the native registry, so it changes nothing.
constexpr std::uint32_t flag_binary_value_type = 0x00000001;
constexpr std::uint32_t flag_no_clobber = 0x00000002;
constexpr std::uint32_t flag_delete_value = 0x00000004;
constexpr std::uint32_t flag_append = 0x00000008;
constexpr std::uint32_t flag_key_only = 0x00000010;
constexpr std::uint32_t flag_overwrite_only = 0x00000020;
constexpr std::uint32_t flag_64_bit_key = 0x00001000;
constexpr std::uint32_t flag_key_only_common = 0x00002000;  // DelReg's, too
constexpr std::uint32_t flag_32_bit_key = 0x00004000;       // DelReg's, too
constexpr std::uint32_t flag_delete_operation = 0x00008000; // FLG_ADDREG_DELREG_BIT of setupapi.h: as in DelReg
constexpr std::uint32_t type_mask = 0xFFFF0000 | flag_binary_value_type;

constexpr std::uint32_t type_string = 0x00000000;
constexpr std::uint32_t type_multi_string = 0x00010000;
constexpr std::uint32_t type_expand_string = 0x00020000;
constexpr std::uint32_t type_binary = 0x00000001;
constexpr std::uint32_t type_dword = 0x00010001;
constexpr std::uint32_t type_none = 0x00020001;
constexpr std::uint32_t type_qword = 0x000B0001;

constexpr std::uint32_t delete_string = 0x00018002; // FLG_DELREG_MULTI_SZ_DELSTRING
constexpr std::uint32_t flag_set_bits = 0x00000001; // FLG_BITREG_SETBITS; without it they are cleared

enum RegistryType : std::uint32_t {
    reg_none = 0,
    reg_sz = 1,
    reg_expand_sz = 2,
    reg_binary = 3,
    reg_dword = 4,
    reg_multi_sz = 7,
    reg_qword = 11,
};

constexpr std::size_t first_value_field = 4;

std::optional<std::string> read_root(const InfLine& line, std::vector<InfWarning>& warnings) {
    std::string root;
    for (const char c : line.field(0)) {
        root.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c);
    }
    for (const std::string_view known : {"HKR", "HKLM", "HKCR", "HKCU", "HKU"}) {
        if (root == known) {
            return root;
        }
    }
    warnings.push_back({line.number, fmt::format("'{}' is no registry root", line.field(0))});
    return std::nullopt;
}

// "\Sub\Key\" and "Sub\Key" name the same key.
std::string tidy_subkey(std::string_view text) {
    while (!text.empty() && text.front() == '\\') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == '\\') {
        text.remove_suffix(1);
    }
    return std::string(text);
}

// The value's type and data; false when the data do not fit the type.
bool read_value(const InfLine& line, std::uint32_t flags, InfRegistryOperation& operation) {
    std::optional<std::vector<std::uint8_t>> data;
    switch (flags & type_mask) {
    case type_string:
    case type_expand_string:
        operation.type = (flags & type_mask) == type_string ? reg_sz : reg_expand_sz;
        append_string(operation.data, line.field(first_value_field));
        return true;
    case type_multi_string:
        operation.type = reg_multi_sz;
        operation.data = read_multi_string(line, first_value_field);
        return true;
    case type_dword:
        operation.type = reg_dword;
        data = read_integer(line, first_value_field, sizeof(std::uint32_t));
        break;
    case type_qword:
        operation.type = reg_qword;
        data = read_integer(line, first_value_field, sizeof(std::uint64_t));
        break;
    case type_none:
        operation.type = reg_none;
        data = read_bytes(line, first_value_field);
        break;
    case type_binary:
        operation.type = reg_binary;
        data = read_bytes(line, first_value_field);
        break;
    default:
        // "This technique" of the page is for no type of strings.
        if ((flags & flag_binary_value_type) == 0 || flags >> 16 == reg_multi_sz) {
            return false;
        }
        operation.type = flags >> 16;
        data = read_bytes(line, first_value_field);
        break;
    }
    if (data) {
        operation.data = std::move(*data);
    }
    return data.has_value();
}

// What lines of AddReg, DelReg and BitReg have in common.
struct RegistryLine {
    InfRegistryOperation operation;
    std::uint32_t flags = 0;
};

std::optional<RegistryLine> read_registry_line(const InfLine& line, std::vector<InfWarning>& warnings) {
    const auto root = read_root(line, warnings);
    if (!root) {
        return std::nullopt;
    }
    RegistryLine result;
    const std::string_view text = line.field(3);
    const auto flags = text.empty() ? std::optional<std::uint64_t>(0) : parse_inf_number(text);
    if (!flags || !fits(text, *flags, sizeof result.flags)) {
        warnings.push_back({line.number, fmt::format("the flags '{}' are no number", text)});
        return std::nullopt;
    }
    result.flags = static_cast<std::uint32_t>(*flags);
    result.operation.root = *root;
    result.operation.subkey = tidy_subkey(line.field(1));
    result.operation.name = line.field(2);
    result.operation.in_32_bit_registry = (result.flags & (flag_32_bit_key | flag_64_bit_key)) == flag_32_bit_key;
    result.operation.line = line.number;
    return result;
}

// A line of a DelReg section. Only with FLG_ADDREG_DELREG_BIT are the low bits an operation of their own; without it
// they are what an author copied from the line that adds the value.
std::optional<InfRegistryOperation> deletion(const InfLine& line, RegistryLine read,
                                             std::vector<InfWarning>& warnings) {
    InfRegistryOperation& operation = read.operation;
    if ((read.flags & flag_delete_operation) == 0) {
        const bool whole_key = operation.name.empty() || (read.flags & flag_key_only_common) != 0;
        operation.action = whole_key ? InfRegistryAction::delete_key : InfRegistryAction::delete_value;
        return operation;
    }
    if ((read.flags & ~(flag_32_bit_key | flag_64_bit_key)) != delete_string) {
        warnings.push_back({line.number, fmt::format("the flags {:#x} are no way to delete", read.flags)});
        return std::nullopt;
    }
    if (line.field(first_value_field).empty()) {
        warnings.push_back({line.number, fmt::format("names no string to delete from value '{}'", operation.name)});
        return std::nullopt;
    }
    operation.action = InfRegistryAction::delete_strings;
    operation.type = reg_multi_sz;
    operation.data = read_multi_string(line, first_value_field);
    return operation;
}

} // namespace

std::optional<InfRegistryOperation> read_add_registry_line(const InfLine& line, std::vector<InfWarning>& warnings) {
    auto read = read_registry_line(line, warnings);
    if (!read || (read->flags & flag_delete_operation) != 0) {
        return read ? deletion(line, std::move(*read), warnings) : std::nullopt;
    }
    InfRegistryOperation& operation = read->operation;
    const std::uint32_t flags = read->flags;
    operation.keep_existing = (flags & flag_no_clobber) != 0;
    operation.only_if_existing = (flags & flag_overwrite_only) != 0;
    operation.append_to_multi_string = (flags & flag_append) != 0;
    const bool key_alone = operation.name.empty() && line.field(3).empty() && line.field(first_value_field).empty();
    if ((flags & flag_delete_value) != 0) {
        operation.action = operation.name.empty() ? InfRegistryAction::delete_key : InfRegistryAction::delete_value;
        return operation;
    }
    if ((flags & (flag_key_only | flag_key_only_common)) != 0 || key_alone) {
        operation.action = InfRegistryAction::create_key;
        return operation;
    }
    if (operation.append_to_multi_string && (flags & type_mask) != type_multi_string) {
        warnings.push_back({line.number, fmt::format("FLG_ADDREG_APPEND is for FLG_ADDREG_TYPE_MULTI_SZ only; value "
                                                     "'{}' is not written",
                                                     operation.name)});
        return std::nullopt;
    }
    if (!read_value(line, flags, operation)) {
        warnings.push_back({line.number, fmt::format("the data of value '{}' do not fit its type", operation.name)});
        return std::nullopt;
    }
    return operation;
}

std::optional<InfRegistryOperation> read_delete_registry_line(const InfLine& line, std::vector<InfWarning>& warnings) {
    auto read = read_registry_line(line, warnings);
    return read ? deletion(line, std::move(*read), warnings) : std::nullopt;
}

std::optional<InfRegistryOperation> read_bit_registry_line(const InfLine& line, std::vector<InfWarning>& warnings) {
    constexpr std::size_t mask_field = 4;
    constexpr std::size_t byte_field = 5;
    auto read = read_registry_line(line, warnings);
    if (!read) {
        return std::nullopt;
    }
    const auto refuse = [&](std::string message) {
        warnings.push_back({line.number, std::move(message)});
        return std::nullopt;
    };
    if ((read->flags & ~(flag_set_bits | flag_32_bit_key | flag_64_bit_key)) != 0) {
        return refuse(fmt::format("the flags {:#x} are no way to change bits", read->flags));
    }
    const auto mask = read_byte(line.field(mask_field));
    if (!mask) {
        return refuse(fmt::format("'{}' is no mask of a byte's bits", line.field(mask_field)));
    }
    const auto index = parse_inf_number(line.field(byte_field));
    if (!index || *index > 0xFF) {
        return refuse(fmt::format("'{}' is no index of a byte", line.field(byte_field)));
    }
    InfRegistryOperation& operation = read->operation;
    operation.action = (read->flags & flag_set_bits) != 0 ? InfRegistryAction::set_bits : InfRegistryAction::clear_bits;
    operation.type = reg_binary;
    operation.data = {*mask};
    operation.byte_index = static_cast<std::uint8_t>(*index);
    return operation;
}

} // namespace openportcls::pnp
