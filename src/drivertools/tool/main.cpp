// opc_build_driver: `portcls build` before there is a portcls, for the drivers of this tree; CMake calls it.
#include "drivertools/build_command.h"

#include <string>
#include <vector>

int main(int count, char** arguments) {
    return openportcls::drivertools::run_build_command(std::vector<std::string>(arguments + 1, arguments + count),
                                                       "opc_build_driver");
}
