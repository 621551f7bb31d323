#include "pnp/inf/model_choice.h"

#include <filesystem>

#include <fmt/format.h>
#include <wdm.h>

#include "base/host_file.h"

namespace openportcls::pnp {

Result<std::unique_ptr<InfFile>> read_inf(const std::filesystem::path& path) {
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem)) {
        return Error{STATUS_FILE_IS_A_DIRECTORY, fmt::format("{}: a folder, not an INF file", path.string())};
    }
    if (const auto kind = std::filesystem::status(path, problem);
        std::filesystem::exists(kind) && !std::filesystem::is_regular_file(kind)) {
        return Error{STATUS_INVALID_PARAMETER, fmt::format("{}: not a regular file", path.string())};
    }
    const Result<std::string> text = read_host_file(path);
    if (!text) {
        return text.error().status == STATUS_OBJECT_NAME_NOT_FOUND
                   ? Error{STATUS_OBJECT_NAME_NOT_FOUND,
                           fmt::format("{}: no such INF file, or it cannot be read", path.string())}
                   : text.error();
    }
    const std::vector<std::uint8_t> bytes(text->begin(), text->end());
    auto parsed = InfFile::parse(bytes, path.string());
    if (!parsed) {
        return parsed.error();
    }
    return std::make_unique<InfFile>(std::move(*parsed));
}

namespace {

std::string known_ids(const std::vector<InfModel>& models) {
    std::string text;
    for (const InfModel& model : models) {
        for (const std::string& id : model.hardware_ids) {
            text += (text.empty() ? "" : ", ") + id;
        }
    }
    return text;
}

// PortCls adapters are devices of the MEDIA class; an INF for something else would only fail later, and darkly.
Result<void> check_class(const InfFile& inf) {
    const auto name = inf.version_value("Class");
    if (name && !equal_ignoring_ascii_case(*name, "MEDIA")) {
        return Error{STATUS_PNP_DRIVER_CONFIGURATION_NOT_FOUND,
                     fmt::format("{}: installs devices of the class {}, not audio devices (MEDIA)", inf.name(), *name)};
    }
    return {};
}

} // namespace

Result<ChosenModel> choose_model(const InfFile& inf, const std::string& hardware_id,
                                 const std::vector<std::string>& compatible_ids, const InfTarget& target) {
    if (auto audio = check_class(inf); !audio) {
        return audio.error();
    }
    auto models = inf_models(inf, target);
    if (!models) {
        return models.error();
    }
    const InfModel* model = &models->front();
    if (!hardware_id.empty()) {
        const std::vector<std::string> wanted{hardware_id};
        model = inf_best_match(*models, wanted, compatible_ids);
        if (model == nullptr) {
            return Error{STATUS_PNP_DRIVER_CONFIGURATION_NOT_FOUND,
                         fmt::format("{}: does not know the device {}; it knows {}", inf.name(), hardware_id,
                                     known_ids(*models))};
        }
    }
    auto install = inf_device_install(inf, *model, target);
    if (!install) {
        return install.error();
    }
    return ChosenModel{*model, std::move(*install)};
}

} // namespace openportcls::pnp
