// Writes the machine's events as a timeline in the JSON format that the Perfetto viewer opens.
// The same run gives the same bytes.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "machine/observer.h"

namespace openportcls::client {

class TraceWriter final : public machine::Observer {
public:
    static Result<std::unique_ptr<TraceWriter>> create(const std::filesystem::path& file, unsigned processors);
    ~TraceWriter() override;

    void on_event(const machine::TraceEvent& event) override;
    // Completes the file; an error when the disk refused something.
    Result<void> finish();

private:
    TraceWriter(std::filesystem::path path, std::FILE* file) : path_(std::move(path)), file_(file) {}
    void emit(const std::string& line);
    void name(unsigned process, unsigned track, std::string_view what, std::string_view text);
    // The first name that a thread's or stream's track gets is the one it keeps.
    void name_track(unsigned process, std::uint32_t track, const std::string& text);

    std::filesystem::path path_;
    std::FILE* file_;
    std::set<std::pair<unsigned, std::uint32_t>> named_; // processes and their tracks
    bool first_ = true;
    bool failed_ = false;
};

} // namespace openportcls::client
