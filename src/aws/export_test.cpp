#include "aws/export.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aws/documents.h"
#include "aws/limits.h"

namespace millwright::aws {
namespace {

using nlohmann::json;

Plan GoodPlan() {
  Plan plan;
  plan.place = {.region = "eu-central-1", .account = "123456789012", .bucket = "plant-models"};
  plan.targets = {{.group = true, .name = "pumps"}, {.group = false, .name = "gw-1"}};
  plan.model = {.name = "com.millwright.model.pump",
                .version = "12.0.0",
                .model = "pump",
                .model_version = "12",
                .files = {{.name = "pack.tar", .key = "components/m/12.0.0/pack.tar"}}};
  plan.job = JobPlan{.id = "mw-pump-12",
                     .role = "arn:aws:iam::123456789012:role/mw-streams",
                     .target = "models/pump/12.tar",
                     .digest = std::string(64, 'a'),
                     .name = "pump",
                     .version = "12",
                     .metadata = {.id = "mw-tuf",
                                  .description = R"(["1.root.json"])",
                                  .files = {{.name = "0.json", .key = "metadata/x/0.json"}}},
                     .pack = {.id = "mw-pack-1",
                              .description = "pump 12",
                              .files = {{.name = "p.tar", .key = "packs/p.tar"}}}};
  plan.agent = AgentComponent{
      .version = "1.0.0", .archive = S3File{.name = "agent.tar.gz", .key = "components/a.tar.gz"}};
  return plan;
}

std::string TextOf(const Plan& plan, const std::string& path) {
  const auto files = MakeExport(plan);
  EXPECT_TRUE(files) << files.error().what;
  for (const TextFile& file : files ? *files : std::vector<TextFile>())
    if (file.path == path) return file.text;
  return {};
}

json JsonOf(const Plan& plan, const std::string& path) {
  return json::parse(TextOf(plan, path), nullptr, false);
}

TEST(AwsExportTest, TheJobCarriesTheDocumentThatGatewaysRead) {
  const json job = JsonOf(GoodPlan(), "iot/job.json");
  EXPECT_EQ(job["targets"], json({"arn:aws:iot:eu-central-1:123456789012:thinggroup/pumps",
                                  "arn:aws:iot:eu-central-1:123456789012:thing/gw-1"}));
  const json document = json::parse(job["document"].get<std::string>());
  EXPECT_EQ(document["operation"], "millwright.install");
  EXPECT_EQ(document["metadata_stream"], "mw-tuf");
  EXPECT_EQ(document["pack_stream"], "mw-pack-1");
  EXPECT_EQ(job["abortConfig"]["criteriaList"][0]["action"], "CANCEL");
  EXPECT_EQ(job["jobExecutionsRolloutConfig"]["exponentialRate"]["incrementFactor"], 2.0);
}

TEST(AwsExportTest, AStreamNamesItsFilesInOrder) {
  Plan plan = GoodPlan();
  plan.job->metadata.files.push_back({.name = "1.json", .key = "metadata/x/1.json"});
  const json stream = JsonOf(plan, "iot/metadata-stream.json");
  EXPECT_EQ(stream["files"][1]["fileId"], 1);
  EXPECT_EQ(stream["files"][1]["s3Location"]["key"], "millwright/metadata/x/1.json");
  EXPECT_EQ(stream["description"], R"(["1.root.json"])");
}

TEST(AwsExportTest, TheModelIsASoftDependencyAndRollsBack) {
  const Plan plan = GoodPlan();
  const json agent = JsonOf(plan, "greengrass/com.millwright.agent.json");
  EXPECT_EQ(agent["ComponentDependencies"]["com.millwright.model.pump"]["DependencyType"], "SOFT");
  for (const char* file : {"greengrass/deployment-1.json", "greengrass/deployment-2.json"}) {
    const json deployment = JsonOf(plan, file);
    EXPECT_EQ(deployment["deploymentPolicies"]["failureHandlingPolicy"], "ROLLBACK");
    EXPECT_EQ(deployment["components"]["com.millwright.model.pump"]["componentVersion"], "12.0.0");
  }
}

// What nucleus lite refuses or leaves out.
TEST(AwsExportTest, RecipesKeepToWhatBothNucleiTake) {
  for (const char* name : {"com.millwright.agent", "com.millwright.model.pump"}) {
    const json recipe = JsonOf(GoodPlan(), "greengrass/" + std::string(name) + ".json");
    EXPECT_EQ(recipe["ComponentType"], "aws.greengrass.generic");
    for (const json& manifest : recipe["Manifests"]) {
      EXPECT_EQ(manifest["Platform"]["runtime"], "*");
      EXPECT_EQ(manifest["Platform"]["os"], "linux");
      for (const auto& [step, what] : manifest["Lifecycle"].items()) {
        EXPECT_TRUE(step == "install" || step == "startup") << step;
        for (const auto& [key, value] : what.items())
          EXPECT_TRUE(key == "Script" || key == "Timeout" || key == "RequiresPrivilege") << key;
      }
    }
  }
}

// The deployment waits for the agent's own word, which comes after its self-test.
TEST(AwsExportTest, TheAgentStartsUpAsOneThatReportsItsState) {
  Plan plan = GoodPlan();
  const auto startup = [&plan] {
    const json agent = JsonOf(plan, "greengrass/com.millwright.agent.json");
    const json& steps = agent["Manifests"][0]["Lifecycle"];
    EXPECT_EQ(steps["startup"]["RequiresPrivilege"], true);
    EXPECT_FALSE(steps.contains("run"));
    return steps["startup"]["Script"].get<std::string>();
  };
  EXPECT_NE(startup().find("--models-from '{configuration:/models}'"), std::string::npos);
  plan.agent->models_by_jobs = true;
  EXPECT_EQ(startup().find("--models-from"), std::string::npos);
  plan.agent->models_by_jobs = false;
  plan.job.reset();  // an unsigned bundle is the first model and no more
  EXPECT_EQ(startup().find("--models-from"), std::string::npos);
}

TEST(AwsExportTest, TheAgentMayPublishBelowItsTopicAndNothingElse) {
  const json agent = JsonOf(GoodPlan(), "greengrass/com.millwright.agent.json");
  const json& configuration = agent["ComponentConfiguration"]["DefaultConfiguration"];
  EXPECT_EQ(configuration["models"], ReleasePlace(GoodPlan().model));
  EXPECT_TRUE(ReleasePlace(GoodPlan().model).ends_with("/com.millwright.model.pump/model/release"));
  const std::string topic = configuration["statusTopic"];
  ASSERT_EQ(configuration["accessControl"].size(), 1U);
  for (const auto& [name, policy] :
       configuration["accessControl"]["aws.greengrass.ipc.mqttproxy"].items()) {
    EXPECT_EQ(policy["operations"], json({"aws.greengrass#PublishToIoTCore"}));
    EXPECT_EQ(policy["resources"], json({topic + "/*"}));
  }
  for (const auto& [key, value] : configuration.items()) EXPECT_FALSE(value.is_number()) << key;
}

TEST(AwsExportTest, WithoutASignedReleaseThereIsNoJob) {
  Plan plan = GoodPlan();
  plan.job.reset();
  const auto files = MakeExport(plan);
  ASSERT_TRUE(files);
  for (const TextFile& file : *files) EXPECT_FALSE(file.path.ends_with("job.json")) << file.path;
  EXPECT_EQ(files->front().text.find("create-job"), std::string::npos);
}

TEST(AwsExportTest, AnAgentThatIsThereAlreadyIsOnlyDeployed) {
  Plan plan = GoodPlan();
  plan.agent->archive.reset();
  plan.keep = {{.component = "aws.greengrass.Nucleus", .version = "2.12.0"}};
  EXPECT_TRUE(TextOf(plan, "greengrass/com.millwright.agent.json").empty());
  const json deployment = JsonOf(plan, "greengrass/deployment-1.json");
  EXPECT_EQ(deployment["components"].size(), 3U);
  plan.agent.reset();
  EXPECT_NE(Check(plan).error().what.find("--keep"), std::string::npos);
}

TEST(AwsExportTest, EachPartitionHasItsOwnNames) {
  EXPECT_EQ(Partition("cn-north-1"), "aws-cn");
  EXPECT_EQ(Partition("us-gov-west-1"), "aws-us-gov");
  EXPECT_EQ(ComponentArn(GoodPlan().place, "c", "1.0.0"),
            "arn:aws:greengrass:eu-central-1:123456789012:components:c:versions:1.0.0");
}

struct Mistake {
  const char* key;
  const char* bound;
  void (*make)(Plan& plan);
};

class MistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsToldWithItsKeyAndItsBound) {
  Plan plan = GoodPlan();
  GetParam().make(plan);
  const auto made = MakeExport(plan);
  ASSERT_FALSE(made) << GetParam().key;
  EXPECT_NE(made.error().what.find(GetParam().key), std::string::npos) << made.error().what;
  EXPECT_NE(made.error().what.find(GetParam().bound), std::string::npos) << made.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    Aws, MistakeTest,
    testing::Values(
        Mistake{"--region", "eu-central-1", [](Plan& p) { p.place.region = "Europe"; }},
        Mistake{"--account", "12 digits", [](Plan& p) { p.place.account = "12345"; }},
        Mistake{"--bucket", "3 to 63", [](Plan& p) { p.place.bucket = "ab"; }},
        Mistake{"--bucket", "small letters", [](Plan& p) { p.place.bucket = "Plant"; }},
        Mistake{"--prefix", "empty level", [](Plan& p) { p.place.prefix = "a//b"; }},
        Mistake{"--prefix", "..", [](Plan& p) { p.place.prefix = "../b"; }},
        Mistake{"--thing-group", "1 to 128",
                [](Plan& p) { p.targets[0].name = std::string(129, 'x'); }},
        Mistake{"--thing", "letters, digits", [](Plan& p) { p.targets[1].name = "gw 1"; }},
        Mistake{"--thing", "missing", [](Plan& p) { p.targets.clear(); }},
        Mistake{"--job-id", "1 to 64", [](Plan& p) { p.job->id = std::string(65, 'x'); }},
        Mistake{"--job-id", "letters, digits", [](Plan& p) { p.job->id = "a;rm"; }},
        Mistake{"--stream-role", "20 to 2048", [](Plan& p) { p.job->role = "mw"; }},
        Mistake{"--stream-role", "arn:aws:iam",
                [](Plan& p) { p.job->role = "a-role-without-an-arn-at-all"; }},
        Mistake{"--metadata-stream", "1 to 64", [](Plan& p) { p.job->metadata.id.clear(); }},
        Mistake{"--metadata-stream: number of files", "1 to 50",
                [](Plan& p) { p.job->metadata.files.resize(51); }},
        Mistake{"--metadata-stream: its description", "1024",
                [](Plan& p) { p.job->metadata.description.assign(1025, 'x'); }},
        Mistake{"p.tar", "25165824",
                [](Plan& p) { p.job->pack.files[0].bytes = uint64_t{25} << 20; }},
        Mistake{"job document", "32768", [](Plan& p) { p.job->target.assign(33000, 'x'); }},
        Mistake{"--per-minute", "1 to 1000", [](Plan& p) { p.pace.base_per_minute = 0; }},
        Mistake{"--per-minute-max", "1 to 1000", [](Plan& p) { p.pace.per_minute_max = 1001; }},
        Mistake{"--per-minute", "above", [](Plan& p) { p.pace.base_per_minute = 101; }},
        Mistake{"--factor", "1.1 to 5", [](Plan& p) { p.pace.factor = 1; }},
        Mistake{"--abort-percent", "100", [](Plan& p) { p.pace.abort_percent = 101; }},
        Mistake{"--timeout-minutes", "10080", [](Plan& p) { p.pace.timeout_minutes = 20000; }},
        Mistake{"--model-version", "1.4.0", [](Plan& p) { p.model.version = "12"; }},
        Mistake{"--model-component", "1 to 128", [](Plan& p) { p.model.name.clear(); }},
        Mistake{"recipe of", "16384",
                [](Plan& p) { p.model.files.assign(200, {.name = "f", .key = "k/f"}); }},
        Mistake{"--agent-version", "1.4.0", [](Plan& p) { p.agent->version = "v1"; }},
        Mistake{"--agent-program", "..", [](Plan& p) { p.agent->program = "../agent"; }},
        Mistake{"--agent-config", "absolute", [](Plan& p) { p.agent->config_file = "a.toml"; }},
        Mistake{"--agent-programs", "absolute", [](Plan& p) { p.agent->programs = "opt"; }},
        Mistake{"--agent-folder", "..", [](Plan& p) { p.agent->folder = "../opt"; }},
        Mistake{"--architecture", "aarch64", [](Plan& p) { p.agent->architecture = "mips"; }},
        Mistake{"--keep", "twice",
                [](Plan& p) { p.keep = {{.component = p.model.name, .version = "1.0.0"}}; }}));

TEST(AwsLimitsTest, AVersionIsThreeNumbersAndMaybeMore) {
  for (const char* good : {"0.0.0", "1.2.3", "999999.0.1", "1.0.0-rc.1", "1.0.0-alpha"})
    EXPECT_TRUE(CheckVersion("v", good)) << good;
  for (const char* bad : {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.x", "1.2.3+a",
                          "v1.2.3", "1.2.3-a..b", "1234567.0.0"})
    EXPECT_FALSE(CheckVersion("v", bad)) << bad;
}

}  // namespace
}  // namespace millwright::aws
