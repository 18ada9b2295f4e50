// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "engine/experiment/client/ask.h"
#include "tests/client/client_test.h"

namespace hone {
namespace {

using testing::Contains;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

const messages::Inspect kInspect{"fake.gguf"};

class Requests : public ClientTest {
protected:
    // The message of the Error that `inspect` ends with.
    std::string complaint(const WorkerLaunch& launch, const std::string& checkpoint = "fake.gguf") {
        try {
            ask(messages::Inspect{checkpoint}, launch);
        } catch (const Error& error) {
            details_ = error.details();
            return error.what();
        }
        return "no error";
    }
    ErrorDetails details_;
};

TEST_F(Requests, ReturnTheResultWithoutItsEnvelope) {
    const messages::InspectReply model = ask(kInspect, fake());
    EXPECT_EQ(model.name, "Fake model");
    EXPECT_TRUE(model.more.get().is_null()) << model.more.get();
    EXPECT_EQ(ask(messages::Hello(), fake()).environment.get().at("cpu"), "Fake");
    EXPECT_EQ(ask(messages::Predict{request().experiment}, fake()).memory.at("peak_resident"),
              1'000'000'000);
    EXPECT_TRUE(ask(messages::Supports{"fake.gguf"}, fake()).techniques.empty());
    EXPECT_EQ(ask(messages::TensorStats{"fake.gguf", "t", 40}, fake()).count, 40);
    EXPECT_EQ(ask(messages::Tokenize{.checkpoint = "fake.gguf", .text = "four"}, fake()).bytes, 4);
    EXPECT_EQ(ask(messages::Metadata{"fake.gguf"}, fake()).facts.front().key, "general.name");
}

TEST_F(Requests, ThrowTheWorkersOwnError) {
    EXPECT_EQ(complaint(fake({"--on", "inspect", "error"})),
              "model.gguf cannot be used. model.gguf: magic: found PK, expected GGUF");
    EXPECT_EQ(details_.file, "model.gguf");
    EXPECT_EQ(details_.found, "PK");
}

TEST_F(Requests, NameAProgramThatCannotBeStarted) {
    WorkerLaunch launch;
    launch.program = folder_ / "no-such-program";
    EXPECT_THAT(complaint(launch), HasSubstr((folder_ / "no-such-program").string()));
    launch.program = folder_;
    EXPECT_THAT(complaint(launch), HasSubstr(folder_.string()));
}

TEST_F(Requests, SayHowTheWorkerDied) {
    EXPECT_THAT(complaint(fake({"--on", "inspect", "SIGKILL"})), HasSubstr("killed by SIGKILL"));
    EXPECT_THAT(complaint(fake({"--on", "inspect", "SIGKILL"})), HasSubstr("memory"));
    EXPECT_THAT(complaint(fake({"--on", "inspect", "SIGSEGV"})), HasSubstr("killed by SIGSEGV"));
    EXPECT_THAT(complaint(fake({"--on", "inspect", "SIGABRT"})), HasSubstr("killed by SIGABRT"));
    EXPECT_THAT(complaint(fake({"--on", "inspect", "exit"})), HasSubstr("status 3"));
    EXPECT_THAT(complaint(fake({"--on", "inspect", "half a line"})), HasSubstr("status 0"));
}

TEST_F(Requests, KeepTheWorkersLastWords) {
    EXPECT_THAT(complaint(fake({"--on", "inspect", "exit"})), HasSubstr("out of cheese"));
}

TEST_F(Requests, EndAWorkerThatDoesNotSpeakTheProtocol) {
    EXPECT_THAT(complaint(fake({"--on", "inspect", "garbage"})),
                HasSubstr("Segmentation fault, or so"));
    EXPECT_THAT(complaint(fake({"--on", "inspect", "not an object"})), HasSubstr("[1, 2]"));
}

TEST_F(Requests, EndAWorkerThatFloods) {
    EXPECT_THAT(complaint(fake({"--on", "inspect", "flood"})), HasSubstr("64 MiB"));
}

TEST_F(Requests, EndAWorkerThatClosesItsChannelAndLivesOn) {
    const auto start = Clock::now();
    EXPECT_THAT(complaint(fake({"--on", "inspect", "close"})), HasSubstr("worker"));
    EXPECT_LT(seconds_since(start), 5);
}

TEST_F(Requests, EndAWorkerThatHangs) {
    WorkerLaunch launch = fake({"--on", "inspect", "SIGSTOP"});
    launch.hang_limit_seconds = 0.4;
    const auto start = Clock::now();
    EXPECT_THAT(complaint(launch), HasSubstr("no sign of life"));
    EXPECT_GE(seconds_since(start), 0.4);
    EXPECT_LT(seconds_since(start), 3);
}

// More than a socket holds, to a worker that reads no more.
TEST_F(Requests, EndAWorkerThatStopsReading) {
    WorkerLaunch launch = fake();
    launch.program = "/bin/sleep";
    launch.arguments = {"60"};
    launch.hang_limit_seconds = 0.4;
    const auto start = Clock::now();
    EXPECT_THROW(
        ask(messages::Tokenize{.checkpoint = "fake.gguf", .text = std::string(8 << 20, 'x')},
            launch),
        Error);
    EXPECT_LT(seconds_since(start), 5);
}

TEST_F(Requests, SayThatAReplyCannotBeUnderstood) {
    try {
        ask(messages::Hello(), fake({"--on", "hello", "wrong fields"}));
        FAIL() << "it was understood";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().summary, "The worker's reply cannot be understood.");
        EXPECT_THAT(error.details().field, HasSubstr("version"));
        EXPECT_EQ(error.details().found, "nothing");
    }
}

TEST_F(Requests, CountHeartbeatsAsSignsOfLife) {
    WorkerLaunch launch = fake({"--on", "inspect", "busy"});
    launch.hang_limit_seconds = 0.4;
    EXPECT_EQ(ask(kInspect, launch).name, "Fake model");
}

TEST_F(Requests, AreCancelledAtOnce) {
    std::stop_source source;
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        source.request_stop();
    });
    const auto start = Clock::now();
    EXPECT_THROW(ask(kInspect, fake({"--on", "inspect", "slow"}), source.get_token()), Cancelled);
    EXPECT_LT(seconds_since(start), 1.5);
    later.join();
}

TEST_F(Requests, AreCancelledWithinTwoSecondsWhereTheWorkerDoesNotHeed) {
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(ask(kInspect, fake(), source.get_token()), Cancelled);
    for (const char* behaviour : {"deaf", "SIGSTOP"}) {
        std::stop_source soon;
        std::thread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            soon.request_stop();
        });
        const auto start = Clock::now();
        EXPECT_THROW(ask(kInspect, fake({"--on", "inspect", behaviour}), soon.get_token()),
                     Cancelled);
        EXPECT_LT(seconds_since(start), 3.5) << behaviour;
        later.join();
    }
}

TEST_F(Requests, StreamGeneratedText) {
    GenerateRequest generation;
    generation.experiment = request().experiment;
    generation.prompt = "Tell a story";
    generation.max_tokens = 3;
    const Generated result = generate(generation, fake(), observer_, {});
    EXPECT_EQ(text_, "Once upon a time");
    EXPECT_EQ(result.answer.text, text_);
    ASSERT_EQ(tokens_.size(), 3u);
    EXPECT_EQ(tokens_[2].id, 13);
    EXPECT_EQ(tokens_[2].text, "a time");
    EXPECT_DOUBLE_EQ(tokens_[2].seconds, 0.75);
    EXPECT_EQ(result.answer.tokens, 3);
    EXPECT_THAT(result.notes, Contains("prepared by the fake"));
    EXPECT_THAT(log_, Contains(HasSubstr("preparing in")));
}

TEST_F(Requests, FromSeveralThreadsDoNotDisturbEachOther) {
    std::vector<std::thread> threads;
    std::atomic<int> answered = 0;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&answered, i] {
            const bool dies = i % 2 == 1;
            try {
                ask(kInspect, dies ? fake({"--on", "inspect", "SIGKILL"}) : fake());
                answered += !dies;
            } catch (const Error&) {
                answered += dies;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(answered, 6);
}

}  // namespace
}  // namespace hone
