// What an export carries: a signed release out of a repository, or a bundle's folder.
#pragma once

#include <string>
#include <vector>

#include "aws/plan.h"
#include "core/result.h"
#include "os/files.h"

namespace millwright::cli {

struct AwsUpload {
  std::string key;  // below the prefix
  os::Bytes bytes;
};

struct AwsRequest {
  std::string release, repository;  // or
  std::string bundle;
  std::string agent_archive;
  std::string job_id, role, metadata_stream = "mw-tuf";
  std::string model_component, model_version;
  std::string agent_version;
  std::vector<std::string> things, groups, keep;
  std::string out;
  aws::Place place{};
  aws::Pace pace{};
  aws::AgentComponent agent{};
};

struct AwsExport {
  aws::Plan plan;
  std::vector<AwsUpload> uploads;  // without the agent's archive, which is copied
};

/// An error names the option or the file that is wrong.
[[nodiscard]] Result<AwsExport> PlanAwsExport(const AwsRequest& request, os::Files& files);

}  // namespace millwright::cli
