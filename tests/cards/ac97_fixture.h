// The AC'97 card with its driver.
#pragma once

#include "card_fixture.h"

namespace openportcls::cards {

class Ac97 : public CardTest {
protected:
    void start(const std::vector<std::string>& hardware = {"ac97"}) {
        start_card(hardware, OPENPORTCLS_AC97, OPENPORTCLS_AC97_INF);
    }
};

} // namespace openportcls::cards
