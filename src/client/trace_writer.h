// Writes the machine's events as a timeline in the JSON format that the Perfetto viewer opens.
// The same run gives the same bytes.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

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

    std::filesystem::path path_;
    std::FILE* file_;
    bool first_ = true;
    bool failed_ = false;
};

} // namespace openportcls::client
