// The AC'97 card with its driver.
#pragma once

#include "card_fixture.h"

namespace openportcls::cards {

class Ac97 : public CardTest {
protected:
    void start(const std::vector<std::string>& hardware = {"ac97"}, const std::vector<std::string>& parameters = {}) {
        start_card(hardware, OPENPORTCLS_AC97, OPENPORTCLS_AC97_INF, parameters);
    }
    void start_wavert(const std::vector<std::string>& hardware = {"ac97"}) { start(hardware, {"UseWaveRT=1"}); }
    // A WaveRT filter has the category of those.
    bool is_wavert() const {
        for (const FilterInfo& each : machine->filters()) {
            if (each.name == "Wave") {
                return each.has_category("realtime");
            }
        }
        return false;
    }
};

} // namespace openportcls::cards
