// The object manager's tree of names.
#pragma once

#include <wdm.h>

#include <map>
#include <string>
#include <string_view>

#include "base/unicode.h"

namespace openportcls::executive {

// State of a directory object.
struct ObjectDirectory {
    std::map<std::u16string, void*, CaseInsensitiveLess> entries;
};

// State of a symbolic link object.
struct ObjectSymbolicLink {
    std::u16string target;
};

struct NamespaceLookup {
    NTSTATUS status = 0;
    void* body = nullptr;
    std::u16string path;      // of the object found, links followed
    std::u16string remaining; // what follows it, with its leading backslash; empty when the path ends there
};

class ObjectManager;

class ObjectNamespace {
public:
    explicit ObjectNamespace(ObjectManager& objects);

    // Makes \Device, \Driver, \GLOBAL??, \?? and the rest that every driver may rely on.
    void create_standard_directories();
    NTSTATUS create_directory(std::u16string_view path);

    // `follow_last`: a symbolic link at the very end is followed too.
    NamespaceLookup lookup(std::u16string_view path, bool follow_last = true) const;
    // Splits off the last component and finds the directory before it.
    NTSTATUS insert(std::u16string_view path, void* body, std::u16string* full_path);
    void remove(std::u16string_view full_path);

private:
    static constexpr int most_links = 32;

    ObjectManager& objects_;
    void* root_;
};

} // namespace openportcls::executive
