#include "executive/objects/namespace.h"

#include "executive/objects/object_manager.h"

namespace openportcls::executive {
namespace {

// Takes the first component off `path`, which starts with a backslash or is empty.
std::u16string_view take_component(std::u16string_view& path) {
    path.remove_prefix(path.starts_with(u'\\') ? 1 : 0);
    const std::size_t end = std::min(path.find(u'\\'), path.size());
    const std::u16string_view component = path.substr(0, end);
    path.remove_prefix(end);
    return component;
}

void* make_directory(ObjectManager& objects) {
    return objects.create_opaque(object_types::directory, std::make_shared<ObjectDirectory>(), nullptr);
}

} // namespace

ObjectNamespace::ObjectNamespace(ObjectManager& objects) : objects_(objects), root_(make_directory(objects)) {}

void ObjectNamespace::create_standard_directories() {
    for (const char16_t* path : {u"\\Device", u"\\Driver", u"\\FileSystem", u"\\Callback", u"\\BaseNamedObjects",
                                 u"\\KernelObjects", u"\\ObjectTypes", u"\\Security", u"\\GLOBAL??"}) {
        create_directory(path);
    }
    // Every session is the console's here, so \?? and its older name are the global directory.
    objects_.create_symbolic_link(u"\\??", u"\\GLOBAL??");
    objects_.create_symbolic_link(u"\\DosDevices", u"\\??");
    objects_.create_symbolic_link(u"\\GLOBAL??\\GLOBALROOT", u"");
    objects_.create_symbolic_link(u"\\GLOBAL??\\Global", u"\\GLOBAL??");
}

NTSTATUS ObjectNamespace::create_directory(std::u16string_view path) {
    void* const directory = make_directory(objects_);
    const NTSTATUS status = objects_.insert_name(path, directory, true);
    if (!NT_SUCCESS(status)) {
        objects_.dereference(directory);
    }
    return status;
}

NamespaceLookup ObjectNamespace::lookup(std::u16string_view original, bool follow_last) const {
    std::u16string path(original);
    for (int links = 0; links <= most_links; ++links) {
        if (!path.starts_with(u'\\')) {
            return {path.empty() ? STATUS_OBJECT_NAME_INVALID : STATUS_OBJECT_PATH_SYNTAX_BAD, nullptr, {}, {}};
        }
        auto* directory = objects_.state_of<ObjectDirectory>(root_, object_types::directory);
        void* body = root_;
        std::u16string walked;
        std::u16string_view rest = path;
        bool linked = false;
        while (directory != nullptr && rest.size() > 1) {
            const std::u16string_view component = take_component(rest);
            if (component.empty()) {
                return {STATUS_OBJECT_NAME_INVALID, nullptr, {}, {}};
            }
            const auto found = directory->entries.find(component);
            if (found == directory->entries.end()) {
                const bool last = rest.empty() || rest == u"\\";
                return {last ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_NOT_FOUND, nullptr, {}, {}};
            }
            body = found->second;
            walked += u'\\';
            walked += found->first;
            const ObjectHeader* header = objects_.find(body);
            if (header->type == &object_types::symbolic_link && (follow_last || !rest.empty())) {
                path = static_cast<const ObjectSymbolicLink*>(header->state.get())->target + std::u16string(rest);
                linked = true;
                break;
            }
            directory = objects_.state_of<ObjectDirectory>(body, object_types::directory);
        }
        if (!linked) {
            return {STATUS_SUCCESS, body, std::move(walked), std::u16string(directory != nullptr ? u"" : rest)};
        }
    }
    return {STATUS_OBJECT_NAME_NOT_FOUND, nullptr, {}, {}}; // links in a circle
}

NTSTATUS ObjectNamespace::insert(std::u16string_view path, void* body, std::u16string* full_path) {
    const std::size_t last = path.rfind(u'\\');
    if (path.empty() || last == std::u16string_view::npos) {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    const std::u16string_view name = path.substr(last + 1);
    if (name.empty() || path.front() != u'\\') {
        return STATUS_OBJECT_NAME_INVALID;
    }
    NamespaceLookup parent = last == 0 ? NamespaceLookup{STATUS_SUCCESS, root_, {}, {}} : lookup(path.substr(0, last));
    if (!NT_SUCCESS(parent.status)) {
        return parent.status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_OBJECT_PATH_NOT_FOUND : parent.status;
    }
    auto* const directory = objects_.state_of<ObjectDirectory>(parent.body, object_types::directory);
    if (!parent.remaining.empty() || directory == nullptr) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (!directory->entries.emplace(name, body).second) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    *full_path = parent.path + u"\\" + std::u16string(name);
    return STATUS_SUCCESS;
}

void ObjectNamespace::remove(std::u16string_view full_path) {
    const std::size_t last = full_path.rfind(u'\\');
    const NamespaceLookup parent =
        last == 0 ? NamespaceLookup{STATUS_SUCCESS, root_, {}, {}} : lookup(full_path.substr(0, last));
    if (!NT_SUCCESS(parent.status)) {
        return;
    }
    auto& entries = objects_.state_of<ObjectDirectory>(parent.body, object_types::directory)->entries;
    const auto found = entries.find(full_path.substr(last + 1));
    if (found != entries.end()) {
        entries.erase(found);
    }
}

} // namespace openportcls::executive
