// Which of an INF's models a device is.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pnp/inf/inf_file.h"
#include "pnp/inf/install.h"

namespace openportcls::pnp {

Result<std::unique_ptr<InfFile>> read_inf(const std::filesystem::path& path);

struct ChosenModel {
    InfModel model;
    InfDeviceInstall install;
};

// The model for a device; without a hardware id, the first one.
Result<ChosenModel> choose_model(const InfFile& inf, const std::string& hardware_id,
                                 const std::vector<std::string>& compatible_ids, const InfTarget& target = {});

} // namespace openportcls::pnp
