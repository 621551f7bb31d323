#include "machine/explanations.h"

#include <algorithm>

#include <fmt/format.h>

#include "machine/machine.h"

namespace openportcls::machine {

void Explanations::add(Kind kind, std::string_view sentence) {
    ++count_;
    const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.kind == kind && entry.sentence == sentence;
    });
    if (known != entries_.end()) {
        ++known->times;
        known->latest = count_;
    } else if (entries_.size() < most_entries) {
        entries_.push_back({kind, std::string(sentence), 1, count_});
    }
}

std::string Explanations::refusals_since(std::uint64_t mark) const {
    std::string reasons;
    for (const Entry& entry : entries_) {
        if (entry.kind == Kind::refusal && entry.latest > mark) {
            reasons += (reasons.empty() ? "" : "; ") + entry.sentence;
        }
    }
    return reasons;
}

std::vector<std::string> Explanations::warnings() const {
    std::vector<std::string> sentences;
    for (const Entry& entry : entries_) {
        if (entry.kind == Kind::warning) {
            sentences.push_back(entry.times == 1 ? entry.sentence
                                                 : fmt::format("{} ({} times)", entry.sentence, entry.times));
        }
    }
    return sentences;
}

void Machine::explain(Explanations::Kind kind, std::uint32_t subject, std::int64_t value, std::string_view sentence) {
    explanations_.add(kind, sentence);
    trace(EventKind::log, subject, value, sentence);
}

} // namespace openportcls::machine
