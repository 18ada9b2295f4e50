// SPDX-License-Identifier: Apache-2.0
// What a worker says on its own: progress, signs of life, errors; and the requests that steer it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/error.h"
#include "engine/experiment/protocol/message.h"

namespace hone::messages {

struct Progress {
    static constexpr std::string_view kType = "progress";
    static constexpr std::string_view kHelp =
        "Any number of them come before a request's final reply.";
    std::string phase{};
    double fraction = -1;
    std::string detail{};
    // These three belong to an answer that is being generated.
    std::optional<std::int64_t> token{};
    std::optional<std::string> text{};
    std::optional<double> seconds{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field(
            "phase", self.phase,
            "\"load\", \"apply\", \"run\", \"accuracy\", \"generate\", \"calibrate\", \"write\" or "
            "\"check\"");
        field("fraction", self.fraction, "of the phase; −1 where unknown");
        field.optional("detail", self.detail, "what is being done, for people");
        field.optional("token", self.token, "of `generate`: the token's id");
        field.optional(
            "text", self.text,
            "of `generate`: what the token completed; text that is left after the last token comes "
            "without `token`");
        field.optional("seconds", self.seconds, "of `generate`: since the answer began");
    }
};

struct Heartbeat {
    static constexpr std::string_view kType = "heartbeat";
    static constexpr std::string_view kHelp =
        "Comes every 250 ms, without an id, while a request runs and its work goes on.";
    std::int64_t resident = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("resident", self.resident, "bytes of the worker's memory");
    }
};

struct Failure {
    static constexpr std::string_view kType = "error";
    static constexpr std::string_view kHelp =
        "The final reply of a request that failed or was cancelled.";
    ErrorDetails error{};
    bool cancelled = false;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("error", self.error,
              "what went wrong: `message`, `summary`, `action`, `file`, `field`, `found`, "
              "`expected`, `fault`");
        field.optional("cancelled", self.cancelled, "whether a cancel ended it");
    }
};

struct Done {
    Document more{};

    template <class Self, class Field>
    static void fields(Self&, Field&) {}
};

struct Finish {
    static constexpr std::string_view kType = "finish",
                                      kHelp = "Ends the worker, which exits with 0.";
    using Reply = Done;
    Document more{};

    template <class Self, class Field>
    static void fields(Self&, Field&) {}
};

struct Cancel {
    static constexpr std::string_view kType = "cancel";
    static constexpr std::string_view kHelp =
        "Stops the request that runs: that one answers with an error, `cancelled`.";
    using Reply = Done;
    Document more{};

    template <class Self, class Field>
    static void fields(Self&, Field&) {}
};

using Events = List<Progress, Heartbeat, Failure>;
using SteeringRequests = List<Finish, Cancel>;

}  // namespace hone::messages
