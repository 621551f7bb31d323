// The Sound Blaster 16 with its driver.
#pragma once

#include "card_fixture.h"

namespace openportcls::cards {

class Sb16 : public CardTest {
protected:
    void start(const std::vector<std::string>& hardware = {"sb16"}) {
        start_card(hardware, OPENPORTCLS_SB16, OPENPORTCLS_SB16_INF);
    }
};

} // namespace openportcls::cards
