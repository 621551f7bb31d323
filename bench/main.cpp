// usage: openportcls_bench [--json] [ROW-REGEX]
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "child.h"
#include "row.h"
#include "table.h"

namespace {

void add_rows() {
    using namespace openportcls::bench;
    add_machine_rows();
    add_wavert_rows();
    add_wave_request_rows();
    add_card_rows();
    add_command_rows();
    add_sequencer_rows();
    add_request_rows();
    add_lifetime_rows();
    add_memory_rows();
    add_server_rows();
    add_sanitizer_rows();
    add_paced_rows();
}

} // namespace

int main(int argc, char** argv) {
    std::string filter;
    bool json = false;
    int one = 1;
    benchmark::Initialize(&one, argv);
    std::signal(SIGPIPE, SIG_IGN); // a child that ends early is a row that cannot be measured
    add_rows();
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--serve") == 0) {
            return openportcls::bench::serve_side({argv + i + 1, argv + argc});
        }
        if (std::strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (argv[i][0] == '-') {
            fmt::print("usage: openportcls_bench [--json] [ROW-REGEX]\n"
                       "Each row: ours and its anchor, measured alternately in this run; exit status 1 when a ratio\n"
                       "exceeds what must hold. docs/performance.md says what the rows mean.\n");
            return std::strcmp(argv[i], "--help") == 0 ? 0 : 2;
        } else {
            filter = argv[i];
        }
    }
    const int exceeded = openportcls::bench::run_rows(filter, json);
    return exceeded == openportcls::bench::none_matches ? 2 : exceeded == 0 ? 0 : 1;
}
