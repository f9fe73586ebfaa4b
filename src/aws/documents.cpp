#include "aws/documents.h"

#include <nlohmann/json.hpp>

namespace millwright::aws {
namespace {

using nlohmann::ordered_json;

std::string Text(const ordered_json& document) {
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string Arn(const Place& place, std::string_view service, std::string_view resource) {
  return "arn:" + Partition(place.region) + ":" + std::string(service) + ":" + place.region + ":" +
         place.account + ":" + std::string(resource);
}

std::string BucketArn(const Place& place) {
  return "arn:" + Partition(place.region) + ":s3:::" + place.bucket;
}

ordered_json Rollout(const Pace& pace) {
  return {{"maximumPerMinute", pace.per_minute_max},
          {"exponentialRate",
           {{"baseRatePerMinute", pace.base_per_minute},
            {"incrementFactor", pace.factor},
            {"rateIncreaseCriteria", {{"numberOfSucceededThings", pace.after_succeeded}}}}}};
}

ordered_json Abort(const Pace& pace) {
  return {{"criteriaList", ordered_json::array({{{"failureType", "ALL"},
                                                 {"action", "CANCEL"},
                                                 {"thresholdPercentage", pace.abort_percent},
                                                 {"minNumberOfExecutedThings", pace.abort_min}}})}};
}

ordered_json Timeout(const Pace& pace) {
  return {{"inProgressTimeoutInMinutes", pace.timeout_minutes}};
}

ordered_json Allow(ordered_json actions, ordered_json resources) {
  return {{"Effect", "Allow"}, {"Action", std::move(actions)}, {"Resource", std::move(resources)}};
}

}  // namespace

std::string Partition(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  return region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
}

std::string TargetArn(const Place& place, const Target& target) {
  return Arn(place, "iot", (target.group ? "thinggroup/" : "thing/") + target.name);
}

std::string ComponentArn(const Place& place, std::string_view name, std::string_view version) {
  return Arn(place, "greengrass",
             "components:" + std::string(name) + ":versions:" + std::string(version));
}

std::string Key(const Place& place, const S3File& file) { return place.prefix + "/" + file.key; }

std::string JobDocument(const JobPlan& job) {
  return Text({{"operation", "millwright.install"},
               {"format", 1},
               {"target", job.target},
               {"bundle", {{"digest", job.digest}, {"name", job.name}, {"version", job.version}}},
               {"metadata_stream", job.metadata.id},
               {"pack_stream", job.pack.id},
               {"pack_file", 0}});
}

std::string CreateJob(const Plan& plan) {
  ordered_json targets = ordered_json::array();
  for (const Target& target : plan.targets) targets.push_back(TargetArn(plan.place, target));
  return Text({{"jobId", plan.job->id},
               {"targets", targets},
               {"document", JobDocument(*plan.job)},
               {"description", plan.job->name + " " + plan.job->version + ", " + plan.job->target},
               {"targetSelection", "SNAPSHOT"},
               {"jobExecutionsRolloutConfig", Rollout(plan.pace)},
               {"abortConfig", Abort(plan.pace)},
               {"timeoutConfig", Timeout(plan.pace)}});
}

std::string CreateStream(const Place& place, const Stream& stream, std::string_view role) {
  ordered_json files = ordered_json::array();
  for (const S3File& file : stream.files)
    files.push_back({{"fileId", files.size()},
                     {"s3Location", {{"bucket", place.bucket}, {"key", Key(place, file)}}}});
  return Text({{"streamId", stream.id},
               {"description", stream.description},
               {"files", files},
               {"roleArn", role}});
}

std::string CreateDeployment(const Plan& plan, const Target& target) {
  ordered_json components = ordered_json::object();
  components[plan.agent->name] = {{"componentVersion", plan.agent->version}};
  components[plan.model.name] = {{"componentVersion", plan.model.version}};
  for (const Kept& kept : plan.keep)
    components[kept.component] = {{"componentVersion", kept.version}};
  return Text(
      {{"targetArn", TargetArn(plan.place, target)},
       {"deploymentName", "millwright " + plan.model.model + " " + plan.model.model_version},
       {"components", components},
       {"deploymentPolicies",
        {{"failureHandlingPolicy", "ROLLBACK"},
         {"componentUpdatePolicy", {{"timeoutInSeconds", 60}, {"action", "NOTIFY_COMPONENTS"}}},
         {"configurationValidationPolicy", {{"timeoutInSeconds", 30}}}}},
       {"iotJobConfiguration",
        {{"jobExecutionsRolloutConfig", Rollout(plan.pace)},
         {"abortConfig", Abort(plan.pace)},
         {"timeoutConfig", Timeout(plan.pace)}}}});
}

std::string RoleTrust() {
  return Text(
      {{"Version", "2012-10-17"},
       {"Statement", ordered_json::array({{{"Effect", "Allow"},
                                           {"Principal", {{"Service", "iot.amazonaws.com"}}},
                                           {"Action", "sts:AssumeRole"}}})}});
}

std::string RolePolicy(const Place& place) {
  return Text(
      {{"Version", "2012-10-17"},
       {"Statement", ordered_json::array({Allow({"s3:GetObject", "s3:GetObjectVersion"},
                                                BucketArn(place) + "/" + place.prefix + "/*")})}});
}

std::string DevicePolicy(const Place& place) {
  // The name in the certificate, as our authority writes it: no client id and no thing's name that
  // somebody chooses decides whose jobs a gateway sees.
  const std::string device = "${iot:Certificate.Subject.CommonName}";
  const auto things = [&](const char* kind, const char* rest) {
    return Arn(place, "iot", kind + ("/$aws/things/" + device) + rest);
  };
  return Text(
      {{"Version", "2012-10-17"},
       {"Statement",
        ordered_json::array(
            {Allow("iot:Connect", Arn(place, "iot", "client/mw-models-" + device)),
             Allow("iot:Publish", {things("topic", "/jobs/*"), things("topic", "/streams/*")}),
             Allow("iot:Receive", {things("topic", "/jobs/*"), things("topic", "/streams/*")}),
             Allow("iot:Subscribe",
                   {things("topicfilter", "/jobs/*"), things("topicfilter", "/streams/*")})})}});
}

}  // namespace millwright::aws
