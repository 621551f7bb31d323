// usage: openportcls_bench [--json] [ROW-REGEX]
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "ratio_table.h"

int main(int argc, char** argv) {
    std::string filter;
    bool json = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (argv[i][0] == '-') {
            fmt::print(
                "usage: openportcls_bench [--json] [ROW-REGEX]\n"
                "Each row: CPU time of ours and of its anchor, measured alternately in this run; exit status 1 when\n"
                "a ratio exceeds what must hold.\n");
            return std::strcmp(argv[i], "--help") == 0 ? 0 : 2;
        } else {
            filter = argv[i];
        }
    }
    using namespace openportcls::bench;
    register_machine_rows();
    register_wavert_rows();
    register_request_rows();
    register_lifetime_rows();
    register_paced_rows();
    return run_rows(filter, json) == 0 ? 0 : 1;
}
