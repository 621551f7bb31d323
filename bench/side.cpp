// Sides that Google Benchmark times.
#include "row.h"

#include <memory>

#include <fmt/format.h>

namespace openportcls::bench {

namespace {

// Takes the result of the one benchmark that was run.
class Collector : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& report) override {
        for (const Run& run : report) {
            const bool told = run.run_name.time_type == "manual_time";
            seconds = told ? run.real_accumulated_time : run.cpu_accumulated_time;
            iterations = run.iterations;
            if (run.error_occurred) {
                error = run.error_message;
            }
        }
    }
    double seconds = 0;
    std::int64_t iterations = 0;
    std::string error;
};

// Google Benchmark calls the function again and again to find the number of iterations; for a side that opens hundreds
// of streams first, once is enough.
class TimedSide {
public:
    TimedSide(void (*function)(benchmark::State&), double items, double seconds, std::int64_t iterations, bool told)
        : function_(function), items_(items), seconds_(seconds), iterations_(iterations), told_(told) {}

    Result<double> operator()() {
        if (iterations_ == 0) {
            auto* search = add("search");
            search->MinTime(seconds_);
            const Collector found = run();
            if (!found.error.empty()) {
                return Error{0, found.error};
            }
            iterations_ = found.iterations;
        }
        if (!registered_) {
            add("side")->Iterations(iterations_);
            registered_ = true;
        }
        const Collector result = run();
        if (!result.error.empty()) {
            return Error{0, result.error};
        }
        return result.seconds / static_cast<double>(result.iterations) / items_;
    }

private:
    benchmark::internal::Benchmark* add(std::string_view kind) {
        static int count = 0;
        name_ = fmt::format("{}{}", kind, ++count);
        auto* registered = benchmark::RegisterBenchmark(name_.c_str(), function_);
        if (told_) {
            registered->UseManualTime();
        }
        return registered;
    }

    Collector run() const {
        Collector collector;
        benchmark::RunSpecifiedBenchmarks(&collector, fmt::format("^{}/", name_));
        return collector;
    }

    void (*function_)(benchmark::State&);
    double items_;
    double seconds_;
    std::int64_t iterations_;
    bool told_;
    bool registered_ = false;
    std::string name_;
};

Side timed(void (*function)(benchmark::State&), double items, double seconds, std::int64_t iterations, bool told) {
    auto side = std::make_shared<TimedSide>(function, items, seconds, iterations, told);
    return [side] { return (*side)(); };
}

} // namespace

Side cpu_time(void (*function)(benchmark::State&), double items, double seconds) {
    return timed(function, items, seconds, 0, false);
}

Side told_time(void (*function)(benchmark::State&), double items, double seconds) {
    return timed(function, items, seconds, 0, true);
}

Side cpu_time_of_one(void (*function)(benchmark::State&), double items) {
    return timed(function, items, 0, 1, false);
}

} // namespace openportcls::bench
