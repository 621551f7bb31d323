#include "pnp/inf/install.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace openportcls::pnp {
namespace {

// Of models-section[.decoration]… named on one [Manufacturer] line, the one that fits the target best.
const InfSection* choose_models_section(const InfFile& file, const std::string& name, const InfLine& line,
                                        const InfTarget& target) {
    const InfSection* best = file.section(name);
    std::uint64_t best_fit = 0;
    for (std::size_t i = 1; i < line.fields.size(); ++i) {
        const auto decoration = InfTargetDecoration::parse(line.fields[i]);
        const auto fit = decoration ? decoration->fit(target) : std::nullopt;
        const InfSection* section = fit ? file.section(name + "." + line.fields[i]) : nullptr;
        // +1: any decoration that fits is closer than none.
        if (section != nullptr && *fit + 1 > best_fit) {
            best = section;
            best_fit = *fit + 1;
        }
    }
    return best;
}

// The architectures that a [Manufacturer] line has models for.
std::vector<std::string> architectures_of(const InfFile& file, const std::string& name, const InfLine& line) {
    std::vector<std::string> found;
    for (std::size_t i = 1; i < line.fields.size(); ++i) {
        const auto decoration = InfTargetDecoration::parse(line.fields[i]);
        if (decoration && !decoration->architecture.empty() && file.section(name + "." + line.fields[i]) != nullptr &&
            std::find(found.begin(), found.end(), decoration->architecture) == found.end()) {
            found.push_back(decoration->architecture);
        }
    }
    return found;
}

Error no_models(const InfFile& file, const InfSection& manufacturers, const InfTarget& target) {
    std::string missing;
    for (const InfLine& line : manufacturers.lines) {
        const std::string name(line.field(0));
        const std::vector<std::string> others = architectures_of(file, name, line);
        if (!others.empty() && std::find(others.begin(), others.end(), target.architecture) == others.end()) {
            return file.error_at(line.number,
                                 fmt::format("[{}] has models for NT{} only, and drivers run as NT{} here "
                                             "(--inf-architecture {} takes them all the same)",
                                             name, fmt::join(others, ", NT"), target.architecture, others.front()));
        }
        missing += fmt::format("{}[{}]", missing.empty() ? "" : ", ", name);
    }
    return file.error_at(manufacturers.line,
                         fmt::format("no models for NT{} {}.{}.{}{}", target.architecture, target.major_version,
                                     target.minor_version, target.build_number,
                                     missing.empty() ? "" : "; no section fits of " + missing));
}

// A line without an install section is no model; the first one is remembered.
void read_models(const InfSection& section, const std::string& manufacturer, std::vector<InfModel>& models,
                 std::optional<InfWarning>& fault) {
    if (section.lines.empty() && !fault) {
        fault = {section.line, fmt::format("[{}] lists no models", section.name)};
    }
    for (const InfLine& line : section.lines) {
        InfModel model;
        model.manufacturer = manufacturer;
        model.description = line.key.value_or(std::string(line.field(0)));
        model.install_section = line.field(0);
        model.line = line.number;
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
        } else if (!fault) {
            fault = {line.number, fmt::format("the model '{}' names no install section", model.description)};
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
    std::optional<InfWarning> fault;
    for (const InfLine& line : manufacturers->lines) {
        const std::string name(line.field(0));
        if (const InfSection* chosen = choose_models_section(file, name, line, target)) {
            read_models(*chosen, line.key.value_or(name), models, fault);
        }
    }
    if (models.empty()) {
        return fault ? file.error_at(fault->line, fault->message) : no_models(file, *manufacturers, target);
    }
    return models;
}

const InfModel* inf_best_match(std::span<const InfModel> models, std::span<const std::string> hardware_ids,
                               std::span<const std::string> compatible_ids) {
    // Ranks as setup does: the device's id decides first, then whether the INF lists it as hardware or compatible id.
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
            const std::size_t rank = (rank_class * class_size + at) * class_size + i;
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
