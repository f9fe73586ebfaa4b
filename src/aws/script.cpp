#include "aws/script.h"

#include "aws/documents.h"

namespace millwright::aws {
namespace {

constexpr const char* kHead = R"sh(#!/bin/sh
# Hands this folder over to AWS. Each step may be repeated: what is there already stays, or is
# brought up to date. Needs the AWS command line, version 2, and its credentials.
set -eu
cd "$(dirname "$0")"
export AWS_PAGER=''
)sh";

constexpr const char* kUpload = R"sh(
upload() {  # every file that streams and components name
  $aws s3 cp s3 "s3://$bucket/" --recursive --only-show-errors
}
)sh";

constexpr const char* kStreams = R"sh(
stream() {  # NAME FILE: a new one, or the files of the old one replaced
  if $aws iot describe-stream --stream-id "$1" >/dev/null 2>&1; then
    $aws iot update-stream --cli-input-json "file://$2"
  else
    $aws iot create-stream --cli-input-json "file://$2"
  fi
}
)sh";

constexpr const char* kJob = R"sh(
job() {  # a job cannot be changed, only made once
  if $aws iot describe-job --job-id "$job_id" >/dev/null 2>&1; then
    echo "job $job_id is there already"
  else
    $aws iot create-job --cli-input-json file://iot/job.json
  fi
}
)sh";

constexpr const char* kComponents = R"sh(
component() {  # ARN RECIPE: one version is made once; waits until it can be deployed
  if $aws greengrassv2 describe-component --arn "$1" >/dev/null 2>&1; then
    echo "$1 is there already"
  else
    $aws greengrassv2 create-component-version --inline-recipe "fileb://$2"
  fi
  tries=0
  while true; do
    state=$($aws greengrassv2 describe-component --arn "$1" \
      --query status.componentState --output text)
    case $state in
      DEPLOYABLE) return 0 ;;
      FAILED) echo "$1 failed: see describe-component" >&2; return 1 ;;
    esac
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || { echo "$1 is still $state" >&2; return 1; }
    sleep 2
  done
}
)sh";

std::string Quoted(const std::string& text) { return "'" + text + "'"; }

std::string Components(const Plan& plan) {
  const auto line = [&](const std::string& name, const std::string& version) {
    return "  component " + Quoted(ComponentArn(plan.place, name, version)) + " greengrass/" +
           name + ".json\n";
  };
  std::string text = "\ncomponents() {\n" + line(plan.model.name, plan.model.version);
  if (plan.agent && plan.agent->archive) text += line(plan.agent->name, plan.agent->version);
  return text + "}\n";
}

std::string Deployment(const Plan& plan) {
  std::string text =
      "\ndeployment() {  # takes the place of the target's last one, with all its components\n";
  for (size_t i = 0; i < plan.targets.size(); ++i)
    text +=
        "  $aws greengrassv2 create-deployment --cli-input-json file://" + DeploymentFile(i) + "\n";
  return text + "}\n";
}

std::string Steps(const Plan& plan) {
  std::string steps = "upload";
  if (plan.job) steps += " streams job";
  steps += " components";
  return plan.agent ? steps + " deployment" : steps;
}

// Runs the steps that were named, in the order of the words.
std::string Tail(const std::string& steps) {
  std::string choice = steps;
  for (size_t i = 0; (i = choice.find(' ', i)) != std::string::npos; i += 3)
    choice.replace(i, 1, " | ");
  return "\nsteps='" + steps + "'\nif [ $# = 0 ]; then\n" +
         "  echo \"usage: $0 STEP...   (of: $steps)\" >&2\n  exit 2\nfi\n"
         "for step in \"$@\"; do\n  case $step in\n    " +
         choice +
         ") ;;\n    *) echo \"$0: there is no step $step (of: $steps)\" >&2; exit 2 ;;\n"
         "  esac\ndone\nfor step in \"$@\"; do\n  echo \"== $step\"\n  \"$step\"\ndone\n";
}

}  // namespace

std::string DeploymentFile(size_t target) {
  return "greengrass/deployment-" + std::to_string(target + 1) + ".json";
}

std::string Script(const Plan& plan) {
  std::string text = kHead;
  text +=
      "aws='aws --region " + plan.place.region + "'\nbucket=" + Quoted(plan.place.bucket) + "\n";
  if (plan.job) text += "job_id=" + Quoted(plan.job->id) + "\n";
  text += kUpload;
  if (plan.job) {
    text += kStreams;
    text += "\nstreams() {\n  stream " + Quoted(plan.job->metadata.id) +
            " iot/metadata-stream.json\n  stream " + Quoted(plan.job->pack.id) +
            " iot/pack-stream.json\n}\n";
    text += kJob;
  }
  text += kComponents + Components(plan);
  if (plan.agent) text += Deployment(plan);
  return text + Tail(Steps(plan));
}

}  // namespace millwright::aws
