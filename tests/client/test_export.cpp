// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "tests/client/client_test.h"

namespace hone {
namespace {

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
};

TEST_F(Exporting, ReturnsTheWorkersResult) {
    const nlohmann::json result = export_checkpoint(request(), fake(), observer_, {});
    EXPECT_EQ(result.at("path"), (folder_ / "model.out").string());
    EXPECT_EQ(result.at("left_out").at(0), "kv_cache");
    EXPECT_FALSE(result.contains("verify"));
    EXPECT_TRUE(std::filesystem::exists(folder_ / "model.out"));
}

TEST_F(Exporting, VerifiesInFreshWorkers) {
    ExportRequest verified = request();
    verified.verify = true;
    const nlohmann::json result = export_checkpoint(verified, fake({"--kl", "5e-7"}), observer_, {});
    const nlohmann::json& verify = result.at("verify");
    EXPECT_NEAR(verify.at("kl_divergence").get<double>(), 5e-7, 1e-15);
    EXPECT_EQ(verify.at("limit"), 1e-6);
    EXPECT_EQ(verify.at("passed"), true);
    // The technique that a file cannot carry is no part of what it is compared with.
    EXPECT_NEAR(verify.at("perplexity_in_memory").get<double>(), std::exp(3.15), 1e-9);
    EXPECT_NEAR(verify.at("perplexity_artifact").get<double>(), std::exp(3.15), 1e-9);
    double last = 0;
    for (const LiveProgress& progress : progress_) {
        EXPECT_GE(progress.fraction, last);
        last = progress.fraction;
    }
}

TEST_F(Exporting, IsKeptAsAnArtifact) {
    ExportRequest verified = request();
    verified.verify = true;
    const nlohmann::json result = export_checkpoint(verified, fake({"--kl", "5e-7"}), observer_, {});
    store_artifact(store(), verified, result);
    const auto artifacts = store().artifacts();
    ASSERT_EQ(artifacts.size(), 1U);
    EXPECT_EQ(artifacts[0].path, (folder_ / "model.out").string());
    EXPECT_EQ(artifacts[0].left_out, nlohmann::json({"kv_cache"}));
    EXPECT_EQ(artifacts[0].verification.at("passed"), true);
    EXPECT_EQ(artifacts[0].recipe, to_json(verified.recipe));
}

TEST_F(Exporting, FailsTheCheckWhereTheFileDiffers) {
    ExportRequest verified = request();
    verified.verify = true;
    const nlohmann::json result = export_checkpoint(verified, fake({"--kl", "2e-6"}), observer_, {});
    EXPECT_EQ(result.at("verify").at("passed"), false);
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
    EXPECT_THROW(export_checkpoint(request(), fake({"--on", "export", "SIGKILL"}), observer_, {}), Error);
    ExportRequest verified = request();
    verified.verify = true;
    EXPECT_THROW(export_checkpoint(verified, fake({"--on", "step", "SIGKILL"}), observer_, {}), Error);
}

}  // namespace
}  // namespace hone
