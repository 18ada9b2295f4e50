// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <set>
#include <thread>

#include "engine/experiment/client/left_behind.h"
#include "tests/client/client_test.h"

namespace hone {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Exporting : public ClientTest {
protected:
    ExportRequest request() {
        ExportRequest request;
        request.checkpoint = "fake.gguf";
        request.recipe = some_recipe();
        request.path = folder_ / "model.out";
        request.windows = 4;
        return request;
    }
    // All that lies beside the target.
    std::set<std::string> names() const {
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder_))
            if (const std::string name = entry.path().filename(); name.starts_with("model"))
                names.insert(name);
        return names;
    }
    std::string content(const std::string& name) const {
        std::ifstream file(folder_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
};

TEST_F(Exporting, ReturnsTheWorkersResult) {
    const messages::ExportResult result = export_checkpoint(request(), fake(), observer_, {});
    EXPECT_EQ(result.model.path, (folder_ / "model.out").string());
    EXPECT_EQ(result.model.left_out.at(0), "kv_cache");
    EXPECT_FALSE(result.verify);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "model.out"));
}

TEST_F(Exporting, VerifiesInFreshWorkers) {
    ExportRequest verified = request();
    verified.verify = true;
    const messages::ExportResult result =
        export_checkpoint(verified, fake({"--kl", "5e-7"}), observer_, {});
    ASSERT_TRUE(result.verify);
    const messages::ExportVerification& verify = *result.verify;
    EXPECT_NEAR(verify.kl_divergence, 5e-7, 1e-15);
    EXPECT_EQ(verify.limit, 1e-6);
    EXPECT_TRUE(verify.passed);
    // The technique that a file cannot carry is no part of what it is compared with.
    EXPECT_NEAR(verify.perplexity_in_memory, std::exp(3.15), 1e-9);
    EXPECT_NEAR(verify.perplexity_artifact, std::exp(3.15), 1e-9);
    double last = 0;
    for (const LiveProgress& progress : progress_) {
        EXPECT_GE(progress.fraction, last);
        last = progress.fraction;
    }
}

TEST_F(Exporting, IsKeptAsAnArtifact) {
    ExportRequest verified = request();
    verified.verify = true;
    const messages::ExportResult result =
        export_checkpoint(verified, fake({"--kl", "5e-7"}), observer_, {});
    store_artifact(store(), verified, result);
    const auto artifacts = store().artifacts();
    ASSERT_EQ(artifacts.size(), 1U);
    EXPECT_EQ(artifacts[0].path, (folder_ / "model.out").string());
    EXPECT_EQ(artifacts[0].left_out, nlohmann::json({"kv_cache"}));
    EXPECT_EQ(artifacts[0].verification.at("passed"), true);
    EXPECT_EQ(artifacts[0].recipe, to_json(verified.recipe));
}

TEST_F(Exporting, FailsTheCheckWhereTheFileDiffersAndLeavesNothing) {
    ExportRequest verified = request();
    verified.verify = true;
    messages::ExportResult result =
        export_checkpoint(verified, fake({"--kl", "2e-6"}), observer_, {});
    EXPECT_FALSE(result.verify.value().passed);
    EXPECT_FALSE(result.written);
    EXPECT_EQ(names(), (std::set<std::string>{}));
    record_export(folder_ / "runs.sqlite", verified, result);
    EXPECT_TRUE(store().artifacts().empty()) << "nothing was written";
}

TEST_F(Exporting, VerifiesBeforeItReplaces) {
    std::ofstream(folder_ / "model.out") << "precious";
    ExportRequest verified = request();
    verified.verify = verified.overwrite = true;
    export_checkpoint(verified, fake({"--kl", "2e-6"}), observer_, {});
    EXPECT_EQ(content("model.out"), "precious") << "the check failed";
    // Also where the check itself breaks off.
    EXPECT_THROW(export_checkpoint(verified, fake({"--on", "step", "SIGKILL"}), observer_, {}),
                 Error);
    EXPECT_EQ(content("model.out"), "precious");
    std::stop_source stop;
    Observer cancelling;
    cancelling.progress = [&](const LiveProgress& p) {
        if (p.phase == "check") stop.request_stop();
    };
    EXPECT_THROW(export_checkpoint(verified, fake(), cancelling, stop.get_token()), Cancelled);
    EXPECT_EQ(content("model.out"), "precious");
    EXPECT_EQ(names(), (std::set<std::string>{"model.out"})) << "nothing is left beside it";
    EXPECT_EQ(export_checkpoint(verified, fake({"--kl", "5e-7"}), observer_, {}).written, true);
    EXPECT_EQ(content("model.out"), "exported");
    EXPECT_EQ(names(), (std::set<std::string>{"model.out"}));
}

// What somebody writes to the target while it is verified is theirs.
TEST_F(Exporting, KeepsWhatAppearsAtTheTargetMeanwhile) {
    for (const bool overwrite : {false, true}) {
        ExportRequest verified = request();
        verified.verify = true;
        verified.overwrite = overwrite;
        Observer writing;
        writing.progress = [&](const LiveProgress& p) {
            if (p.phase == "check") std::ofstream(folder_ / "model.out") << "mine";
        };
        if (!overwrite) {
            EXPECT_THROW(export_checkpoint(verified, fake({"--kl", "0"}), writing, {}), Error);
            EXPECT_EQ(content("model.out"), "mine");
            EXPECT_EQ(names().size(), 1U);
            std::filesystem::remove(folder_ / "model.out");
            continue;
        }
        const messages::ExportResult result =
            export_checkpoint(verified, fake({"--kl", "0"}), writing, {});
        EXPECT_EQ(content("model.out"), "exported");
        ASSERT_EQ(names().size(), 2U);
        const std::string kept = *names().rbegin();
        EXPECT_EQ(content(kept), "mine");
        EXPECT_THAT(result.model.notes, Contains(HasSubstr(kept)));
    }
}

TEST_F(Exporting, RefusesNamesThatAreNoText) {
    for (const char* name : {"", "model\xFF.out", "\xC3(.out"}) {
        ExportRequest odd = request();
        odd.path = *name == 0 ? std::filesystem::path() : folder_ / name;
        EXPECT_THROW(export_checkpoint(odd, fake(), observer_, {}), Error);
    }
    EXPECT_EQ(names(), (std::set<std::string>{})) << "nor is another file written";
}

TEST_F(Exporting, AStoreThatCannotBeWrittenCostsTheRecordAlone) {
    messages::ExportResult result = export_checkpoint(request(), fake(), observer_, {});
    record_export(folder_ / "model.out", request(), result);  // no store
    EXPECT_EQ(result.recorded, false);
    EXPECT_THAT(result.model.notes, Contains(HasSubstr("The model was written")));
    record_export(folder_ / "runs.sqlite", request(), result);
    EXPECT_EQ(result.recorded, true);
    EXPECT_EQ(store().artifacts().size(), 1U);
}

// Killed in the middle of an export that is being verified: the next client finds its model, its
// spools and its note.
TEST_F(Exporting, TheNextStartFindsWhatAKilledClientLeft) {
    const pid_t client = fork();
    ASSERT_GE(client, 0);
    if (client == 0) {
        ExportRequest verified = request();
        verified.verify = true;
        Observer dying;
        dying.progress = [&](const LiveProgress& p) {
            if (p.detail == "window 2 of 4") ::kill(::getpid(), SIGKILL);
        };
        export_checkpoint(verified, fake(), dying, {});
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(client, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(names().size(), 1U) << "a model beside its target";
    EXPECT_FALSE(std::filesystem::is_empty(folder_ / "tmp")) << "a spool";
    std::filesystem::create_directory(folder_ / "tmp" / "hone-spool.partial-backup");
    std::ofstream(folder_ / "tmp" / "hone-spool.partial-backup" / "events.trace") << "mine";
    std::ofstream(folder_ / "model.out.partial-backup") << "mine";
    // Its workers end with it, but not at the same moment.
    for (int i = 0; i < 200 && names().size() > 1; ++i) {
        remove_what_killed_clients_left();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    remove_what_killed_clients_left();
    EXPECT_EQ(names(), (std::set<std::string>{"model.out.partial-backup"}));
    EXPECT_TRUE(
        std::filesystem::exists(folder_ / "tmp" / "hone-spool.partial-backup" / "events.trace"));
    std::filesystem::remove_all(folder_ / "tmp" / "hone-spool.partial-backup");
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "cache" / "hone" / "unfinished"));
}

TEST_F(Exporting, OverwritesOnlyWhereAllowed) {
    std::ofstream(folder_ / "model.out") << "mine";
    try {
        export_checkpoint(request(), fake(), observer_, {});
        FAIL() << "overwritten";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr((folder_ / "model.out").string()));
    }
    ExportRequest allowed = request();
    allowed.overwrite = true;
    EXPECT_NO_THROW(export_checkpoint(allowed, fake(), observer_, {}));
}

TEST_F(Exporting, ReportsACrashWhileWriting) {
    EXPECT_THROW(export_checkpoint(request(), fake({"--on", "export", "SIGKILL"}), observer_, {}),
                 Error);
    ExportRequest verified = request();
    verified.verify = true;
    EXPECT_THROW(export_checkpoint(verified, fake({"--on", "step", "SIGKILL"}), observer_, {}),
                 Error);
}

}  // namespace
}  // namespace hone
