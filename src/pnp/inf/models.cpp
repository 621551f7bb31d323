#include "pnp/inf/install.h"

#include <fmt/format.h>

#include <algorithm>

namespace openportcls::pnp {
namespace {

struct ModelsSection {
    const InfSection* section = nullptr;
    bool fallback = false;
    std::uint64_t closeness = 0;

    // A section for this architecture or for any comes before one for another.
    bool better_than(const ModelsSection& other) const {
        return other.section == nullptr || (fallback != other.fallback ? !fallback : closeness > other.closeness);
    }
};

// Of models-section[.decoration]… named on one [Manufacturer] line, the one that fits the target best.
ModelsSection choose_models_section(const InfFile& file, const std::string& name, const InfLine& line,
                                    const InfTarget& target) {
    ModelsSection best;
    const auto consider = [&](ModelsSection candidate) {
        if (candidate.section != nullptr && candidate.better_than(best)) {
            best = candidate;
        }
    };
    consider({file.section(name), false, 0});
    for (std::size_t i = 1; i < line.fields.size(); ++i) {
        const auto decoration = InfTargetDecoration::parse(line.fields[i]);
        const auto fit = decoration ? decoration->fit(target) : std::nullopt;
        if (fit) {
            // +1: any decoration that fits is closer than none.
            consider({file.section(name + "." + line.fields[i]), fit->fallback, fit->closeness + 1});
        }
    }
    return best;
}

void read_models(const ModelsSection& chosen, const std::string& manufacturer, std::vector<InfModel>& models) {
    for (const InfLine& line : chosen.section->lines) {
        InfModel model;
        model.manufacturer = manufacturer;
        model.description = line.key.value_or(std::string(line.field(0)));
        model.install_section = line.field(0);
        model.line = line.number;
        model.fallback_architecture = chosen.fallback;
        if (!line.field(1).empty()) {
            model.hardware_ids.emplace_back(line.field(1));
        }
        for (std::size_t i = 2; i < line.fields.size(); ++i) {
            if (!line.fields[i].empty()) {
                model.compatible_ids.push_back(line.fields[i]);
            }
        }
        if (!model.install_section.empty()) {
            models.push_back(std::move(model));
        }
    }
}

} // namespace

Result<std::vector<InfModel>> inf_models(const InfFile& file, const InfTarget& target) {
    const InfSection* manufacturers = file.section("Manufacturer");
    if (manufacturers == nullptr) {
        return file.error_at(1, "there is no [Manufacturer] section, so this INF installs no device");
    }
    std::vector<InfModel> models;
    std::string missing;
    for (const InfLine& line : manufacturers->lines) {
        const std::string name(line.field(0));
        const std::string manufacturer = line.key.value_or(name);
        const ModelsSection chosen = choose_models_section(file, name, line, target);
        if (chosen.section != nullptr) {
            read_models(chosen, manufacturer, models);
        } else {
            missing += fmt::format("{}[{}]", missing.empty() ? "" : ", ", name);
        }
    }
    if (models.empty()) {
        return file.error_at(manufacturers->line,
                             fmt::format("no models for NT{} {}.{}.{}{}", target.architecture, target.major_version,
                                         target.minor_version, target.build_number,
                                         missing.empty() ? "" : "; no section fits of " + missing));
    }
    return models;
}

const InfModel* inf_best_match(std::span<const InfModel> models, std::span<const std::string> hardware_ids,
                               std::span<const std::string> compatible_ids) {
    // Ranks as setup does: the device's id decides first, then whether the INF lists it as hardware or compatible id,
    // then a model for this architecture before a fallback.
    const InfModel* best = nullptr;
    std::size_t best_rank = SIZE_MAX;
    const auto position = [](std::span<const std::string> ids, const std::string& id) {
        return static_cast<std::size_t>(
            std::find_if(ids.begin(), ids.end(),
                         [&](const auto& other) { return equal_ignoring_ascii_case(other, id); }) -
            ids.begin());
    };
    constexpr std::size_t class_size = 0x1000;
    const auto consider = [&](const InfModel& model, std::span<const std::string> device_ids,
                              std::span<const std::string> model_ids, std::size_t rank_class) {
        for (std::size_t i = 0; i < model_ids.size(); ++i) {
            const std::size_t at = position(device_ids, model_ids[i]);
            const std::size_t rank =
                ((rank_class * class_size + at) * class_size + i) * 2 + (model.fallback_architecture ? 1 : 0);
            if (at < device_ids.size() && rank < best_rank) {
                best_rank = rank;
                best = &model;
            }
        }
    };
    for (const InfModel& model : models) {
        consider(model, hardware_ids, model.hardware_ids, 0);
        consider(model, hardware_ids, model.compatible_ids, 1);
        consider(model, compatible_ids, model.hardware_ids, 2);
        consider(model, compatible_ids, model.compatible_ids, 3);
    }
    return best;
}

} // namespace openportcls::pnp
