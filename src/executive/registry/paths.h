// Where the system's keys are.
#pragma once

#include <string_view>

namespace openportcls::executive::registry_paths {
inline constexpr std::u16string_view machine = u"\\Registry\\Machine";
inline constexpr std::u16string_view control_set = u"\\Registry\\Machine\\System\\CurrentControlSet";
inline constexpr std::u16string_view services = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services";
inline constexpr std::u16string_view enumerated = u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum";
inline constexpr std::u16string_view control = u"\\Registry\\Machine\\System\\CurrentControlSet\\Control";
inline constexpr std::u16string_view classes = u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class";
inline constexpr std::u16string_view device_classes =
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\DeviceClasses";
inline constexpr std::u16string_view media_categories =
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\MediaCategories";
} // namespace openportcls::executive::registry_paths
