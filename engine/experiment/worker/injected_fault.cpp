// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/injected_fault.h"

#include <chrono>
#include <csignal>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "engine/core/error.h"

namespace hone {
namespace {

int signal_number(const std::string& name) {
    if (name == "SIGKILL") return SIGKILL;
    if (name == "SIGSEGV") return SIGSEGV;
    if (name == "SIGABRT") return SIGABRT;
    throw Error(
        ErrorDetails{"", "", "fault.signal", "'" + name + "'", "SIGKILL, SIGSEGV or SIGABRT"});
}

}  // namespace

InjectedFault::InjectedFault(const nlohmann::json& description) {
    if (description.contains("signal")) {
        kind_ = Kind::signal;
        signal_ = signal_number(description["signal"].get<std::string>());
        strikes_at_ = description.value("at_step", 0);
    } else if (description.contains("hang_at_step")) {
        kind_ = Kind::hang;
        strikes_at_ = description["hang_at_step"].get<int>();
    } else if (description.contains("stall_at_step")) {
        kind_ = Kind::stall;
        strikes_at_ = description["stall_at_step"].get<int>();
    } else if (description.contains("out_of_memory_at_step")) {
        kind_ = Kind::out_of_memory;
        strikes_at_ = description["out_of_memory_at_step"].get<int>();
    } else if (description.contains("slow_down")) {
        slow_down_ = description["slow_down"].get<double>();
    } else {
        throw Error(ErrorDetails{
            "", "", "fault", description.dump(),
            "signal, hang_at_step, stall_at_step, out_of_memory_at_step or slow_down"});
    }
}

void InjectedFault::before_step() {
    if (kind_ == Kind::none || steps_++ != strikes_at_) return;
    switch (kind_) {
        case Kind::signal:
            std::signal(signal_,
                        SIG_DFL);  // a sanitizer's handler would turn the crash into an exit
            raise(signal_);
            break;
        case Kind::hang:
            raise(SIGSTOP);
            break;
        case Kind::stall:
            while (true) std::this_thread::sleep_for(std::chrono::hours(1));
        case Kind::out_of_memory:
            throw std::bad_alloc();
        case Kind::none:
            break;
    }
}

void InjectedFault::after_pass(double seconds) const {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(
                           std::chrono::duration<double>(slow_down_ * seconds));
    while (Clock::now() < end) {
    }
}

}  // namespace hone
