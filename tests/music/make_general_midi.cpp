#include <cstdio>
#include <fstream>

#include "general_midi_piece.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: make_general_midi FILE\n", stderr);
        return 2;
    }
    const std::vector<std::byte> piece = music::general_midi_piece();
    std::ofstream file(argv[1], std::ios::binary);
    file.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    file.close();
    return file ? 0 : 1;
}
